"""Measured curves and numbers of a file by the names that diagnosis, reports and JSON use."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfq.features import MEASUREMENTS, Column
from tfq.store import TfqFile
from tfq.types import Floats

# Curve of the diagnosis: feature group and column.
_COLUMNS = {
    "mouth_speed": ("lips", "speed"),
    "mouth_opening": ("lips", "opening"),
    "head_speed": ("head", "speed"),
    "gaze_speed": ("liveliness", "iris_speed"),
    "blink_left": ("eyes", "blink_left"),
    "blink_right": ("eyes", "blink_right"),
    "upper_motion": ("expression", "upper_motion"),
    "jerkiness": ("expression", "jerkiness"),
    "asymmetry": ("expression", "asymmetry"),
    "head_acceleration": ("head", "acceleration"),
    "dnsmos_sig": ("dnsmos", "sig"),
    "dnsmos_bak": ("dnsmos", "bak"),
    "dnsmos_ovrl": ("dnsmos", "ovrl"),
    "distillmos": ("distillmos", "mos"),
    "hnr": ("acoustic", "hnr"),
    "band_edge": ("voice", "edge_hz"),
    "modulation": ("voice", "modulation"),
    "clipped": ("acoustic", "clipped"),
    "rolloff": ("acoustic", "rolloff"),
    "mouth_in_silence": ("cross", "mouth_in_silence"),
    "closed_in_voice": ("cross", "closed_in_voice"),
    "local_correlation": ("cross", "local_correlation"),
    "coherence": ("rhythm", "coherence"),
    "arousal_agreement": ("emotion", "agreement"),
    "mouth_to_face_sharpness": ("picture", "mouth_to_face_sharpness"),
    "face_sharpness": ("picture", "face_sharpness"),
    "noise": ("picture", "noise"),
    "flicker": ("picture", "flicker"),
    "instability": ("picture", "instability"),
    "colour_shift": ("picture", "colour_shift"),
    "burnt_out": ("picture", "burnt_out"),
    "mouth_still": ("picture", "mouth_still"),
    "unexplained_change": ("stability", "face_residual"),
    "wobble": ("stability", "wobble"),
    "teeth_detail": ("patch", "teeth_detail"),
    "waxy": ("patch", "waxy"),
    "niqe": ("naturalness", "niqe"),
    "brisque": ("naturalness", "brisque"),
    "fresh_rate": ("damage", "fresh_rate"),
    "squares": ("texture", "squares"),
    "flat": ("texture", "flat"),
    "mouth_detail": ("texture", "mouth_detail_1"),
    "detail": ("texture", "detail_1"),
}

# Indicator in the JSON: feature group and clip column.
_INDICATORS = {
    "hnr_db": ("acoustic", "hnr_db"),
    "snr_db": ("acoustic", "snr_db"),
    "loudness_lufs": ("acoustic", "loudness_lufs"),
    "bandwidth_hz": ("acoustic", "bandwidth_hz"),
    "clipped_share": ("acoustic", "clipped_share"),
    "speech_rate": ("acoustic", "speech_rate"),
    "f0_mean_hz": ("acoustic", "f0_mean"),
    "dnsmos_sig": ("dnsmos", "sig"),
    "dnsmos_bak": ("dnsmos", "bak"),
    "dnsmos_ovrl": ("dnsmos", "ovrl"),
    "dnsmos_p808": ("dnsmos", "p808"),
    "au_smoothness": ("expression", "smoothness"),
    "face_asymmetry": ("expression", "asymmetry_mean"),
    "frozen_face_share": ("expression", "frozen_share"),
    "blinks_per_minute": ("eyes", "blinks_per_minute"),
    "head_speed": ("head", "speed_mean"),
    "mouth_opening_range": ("lips", "opening_range"),
    "mouth_voice_correlation": ("cross", "correlation"),
    "mouth_moving_in_silence": ("cross", "moving_in_silence"),
    "face_sharpness": ("picture", "face_sharpness_mean"),
    "mouth_to_face_sharpness": ("picture", "mouth_to_face_sharpness_mean"),
    "instability": ("picture", "instability_mean"),
    "flicker": ("picture", "flicker_mean"),
    "blocking": ("texture", "squares_mean"),
    "repeated_share": ("picture", "repeated_share"),
    "eye_distance_px": ("head", "eye_distance_px"),
}

_MOUTH = (61, 291, 0, 17, 152)  # corners, lips, chin


def read(file: TfqFile) -> dict[str, Floats]:
    """Curves by name, `[T]` each with NaN where absent; those that the file lacks are left out."""
    curves: dict[str, Floats] = {}
    for name, (group, column) in _COLUMNS.items():
        columns = _columns(file, group, "columns")
        if column in columns:
            valid = file.array(f"features/{group}/valid")
            curves[name] = np.where(valid, file.array(f"features/{group}/values")[:, columns.index(column)], np.nan)
    if file.status("sync") in ("ok", "at_search_edge"):
        curves["offset"] = file.array("sync/offset")
        curves["confidence"] = file.array("sync/confidence")
    curves["speech"] = file.array("audio/speech").astype(np.float32)
    curves["repeated"] = file.array("extract/repeated").astype(np.float32)
    return curves


def indicators(file: TfqFile) -> dict[str, float | None]:
    """Clip-level numbers by name; None where they could not be measured."""
    found: dict[str, float | None] = {}
    for name, (group, column) in _INDICATORS.items():
        columns = _columns(file, group, "clip_columns")
        value = (
            float(file.array(f"features/{group}/clip")[columns.index(column)]) if column in columns else float("nan")
        )
        found[name] = round(value, 5) if np.isfinite(value) else None
    return found


def indicator_columns() -> dict[str, Column]:
    """What each indicator is: the row of the table of features that it comes from."""
    return {
        name: next(one for one in MEASUREMENTS[group].clip_columns if one.name == column)
        for name, (group, column) in _INDICATORS.items()
    }


def box(file: TfqFile, frame: int, dimension: str) -> list[int] | None:
    """Where to look in a frame: the mouth for lip sync, else the face; left, top, right, bottom in source pixels."""
    points = file.rows("align/landmarks", frame, frame + 1)[0, :, :2]
    if not np.isfinite(points[0, 0]):
        return None
    chosen = points[list(_MOUTH)] if dimension == "lip_sync" else points
    return [round(float(value)) for value in (*chosen.min(0), *chosen.max(0))]


def _columns(file: TfqFile, group: str, kind: str) -> list[Any]:
    if not file.has(f"features/{group}"):
        return []
    return list(file.info(f"features/{group}").get(kind, []))
