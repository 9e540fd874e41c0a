"""Faces, tracks and scene cuts; which track is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.config import DetectConfig
from tfq.errors import UsageError
from tfq.faces.detect import Detections, Detector, blazeface, scrfd
from tfq.faces.scenes import change, histogram, mouth_patch
from tfq.faces.track import Track, judged, link
from tfq.media.frames import frames
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile
from tfq.types import Floats, Sound

VERSION = 1
NEEDS = ("extract",)


def weights(config: DetectConfig) -> tuple[str, ...]:
    if config.detector not in ("scrfd", "blazeface"):
        raise UsageError(f"--detector {config.detector}: choose scrfd or blazeface")
    return (config.detector,)


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
    motion = _motion(file, tracks, models.threads or 0)
    chosen: int | None = None
    rule: dict[str, list[float]] = {}
    if tracks:
        loud = _loudness(file.array("extract/audio"), info["frames"])
        chosen, rule = judged(tracks, info["width"] * info["height"], motion, loud)
        if config.track is not None:
            if not 0 <= config.track < len(tracks):
                raise UsageError(f"--track {config.track}: {file.path} has tracks 0 to {len(tracks) - 1}")
            chosen = config.track
    _write(file, stamp, tracks, motion, chosen, {"rule": rule, "cuts": seen.cuts})


@dataclass
class _Seen:
    found: dict[int, Detections]
    cuts: list[int]


def _look(file: TfqFile, config: DetectConfig, detector: Detector, threads: int) -> _Seen:
    """Detect on every n-th frame and on the first frame of each scene."""
    seen = _Seen({}, [])
    valid, before, due = file.array("extract/valid"), None, 0
    for frame, picture in frames(open_source(file), file.array("extract/picture"), threads=threads):
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


def _motion(file: TfqFile, tracks: Sequence[Track], threads: int) -> Floats:
    """Mouth motion `[R, T]`; with one track there is nothing to choose, so it costs no pass over the pictures."""
    motion = np.full((len(tracks), file.info("extract")["frames"]), np.nan, np.float32)
    if len(tracks) < 2:
        return motion
    before: dict[int, tuple[int, Floats]] = {}
    for frame, picture in frames(open_source(file), file.array("extract/picture"), threads=threads):
        for i, track in enumerate(tracks):
            patch = mouth_patch(picture, track.boxes[frame]) if np.isfinite(track.boxes[frame, 0]) else None
            if patch is None:
                continue
            last, old = before.get(i, (-2, patch))
            if last == frame - 1:
                motion[i, frame] = np.abs(patch - old).mean()
            before[i] = (frame, patch)
    return motion


def _loudness(sound: Sound, length: int) -> Floats:
    if not len(sound):
        return np.zeros(length)
    return np.asarray(
        np.sqrt(np.mean(sound.reshape(length, timebase.SAMPLES_PER_FRAME).astype(np.float64) ** 2, axis=1))
    )


def _write(
    file: TfqFile, stamp: Stamp, tracks: Sequence[Track], motion: Floats, chosen: int | None, info: dict[str, object]
) -> None:
    length = motion.shape[1]
    present = np.zeros(length, bool) if chosen is None else np.isfinite(tracks[chosen].boxes[:, 0])
    with file.replacing("detect", stamp) as group:
        group.put("boxes", np.array([track.boxes for track in tracks], np.float32).reshape(-1, length, 4))
        group.put("points", np.array([track.points for track in tracks], np.float32).reshape(-1, length, 5, 2))
        group.put("score", np.array([track.scores for track in tracks], np.float32).reshape(-1, length))
        group.put("mouth_motion", motion)
        group.put("valid", present & file.array("extract/valid"))
        group.status = "no_face" if chosen is None else "ok"
        group.info = {**info, "tracks": len(tracks), "judged_track": chosen, "coverage": float(present.mean())}
