"""Faces, tracks and scene cuts; which track is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfq.config import DetectConfig
from tfq.errors import UsageError
from tfq.faces.detect import Detections, Detector, blazeface, scrfd
from tfq.faces.scenes import change, histogram
from tfq.faces.track import Track, judged, link, presence, rivals
from tfq.media.guarded import frames
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile
from tfq.types import Floats

VERSION = 2
NEEDS = ("extract",)

TALKING = ("face_landmarker", "tfq-sync", "whisper-base-encoder")  # fetched for clips with several faces alone


def weights(config: DetectConfig) -> tuple[str, ...]:
    if config.detector not in ("scrfd", "blazeface"):
        raise UsageError(f"--detector {config.detector}: choose scrfd or blazeface")
    return (config.detector, *TALKING)


def run(file: TfqFile, config: DetectConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`; replaces `detect`, whose status is `no_face` where none is found."""
    if config.detector == "scrfd":
        detector = scrfd(models.session("scrfd"), config.size, config.small_size, config.threshold)
        seen = _look(file, config, detector, models.threads or 0)
    else:
        with models.face_detector() as network:
            seen = _look(file, config, blazeface(network, config.threshold), models.threads or 0)
    info = file.info("extract")
    tracks = link(seen.found, seen.cuts, info["frames"], config.overlap, config.max_gap)
    rule = _rule(file, tracks, seen.cuts, models)
    chosen = judged(rule["presence"], rule["voice"]) if tracks else None
    if config.track is not None and tracks:
        if not 0 <= config.track < len(tracks):
            raise UsageError(f"--track {config.track}: {file.path} has tracks 0 to {len(tracks) - 1}")
        chosen = config.track
    noted = {name: values.tolist() for name, values in rule.items()}
    _write(file, stamp, tracks, chosen, {"rule": noted, "cuts": seen.cuts})


@dataclass
class _Seen:
    found: dict[int, Detections]
    cuts: list[int]


def _look(file: TfqFile, config: DetectConfig, detector: Detector, threads: int) -> _Seen:
    """Detect on every n-th frame and on the first frame of each scene."""
    seen = _Seen({}, [])
    valid, before, due = file.array("extract/valid"), None, 0
    for frame, picture in frames(open_source(file), file.array("extract/picture"), threads=threads, lent=True):
        if not valid[frame]:
            continue
        colours = histogram(picture)
        if before is not None and change(before, colours) > config.cut:
            seen.cuts.append(frame)
            due = frame
        before = colours
        if frame >= due:
            seen.found[frame] = detector(picture)
            due = frame + config.every
    return seen


def _rule(file: TfqFile, tracks: Sequence[Track], cuts: Sequence[int], models: Models) -> dict[str, Floats]:
    """What speaks for each track; with one there is nothing to choose, so no mouth is looked at."""
    info = file.info("extract")
    present = presence(tracks, info["width"] * info["height"])
    voice = np.zeros(len(tracks))
    near = np.flatnonzero(rivals(present))
    if len(near) > 1 and file.array("extract/audio").any():
        from tfq.stages.talking import voices

        voice[near] = voices(file, [tracks[i] for i in near.tolist()], cuts, models)
    return {"presence": present, "voice": voice}


def _write(file: TfqFile, stamp: Stamp, tracks: Sequence[Track], chosen: int | None, info: dict[str, object]) -> None:
    length = file.info("extract")["frames"]
    present = np.zeros(length, bool) if chosen is None else np.isfinite(tracks[chosen].boxes[:, 0])
    with file.replacing("detect", stamp) as group:
        group.put("boxes", np.array([track.boxes for track in tracks], np.float32).reshape(-1, length, 4))
        group.put("points", np.array([track.points for track in tracks], np.float32).reshape(-1, length, 5, 2))
        group.put("score", np.array([track.scores for track in tracks], np.float32).reshape(-1, length))
        group.put("valid", present & file.array("extract/valid"))
        group.status = "no_face" if chosen is None else "ok"
        group.info = {**info, "tracks": len(tracks), "judged_track": chosen, "coverage": float(present.mean())}
