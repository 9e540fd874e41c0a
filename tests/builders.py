"""Small `.h5` files with known content, for tests of what comes after the features."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from pathlib import Path

import numpy as np

from tfq import timebase
from tfq.store import Stamp, TfqFile


def h5(path: Path, **asked: int | float | str) -> Path:
    """A finished file: its lips follow its sound as far as `quality` says, and its sync curve has its least at `shift`.

    `changes` sets the status of a group, as in `align="no_face"`. One that has been made before is copied.
    """
    path.write_bytes(_made(path.name, tuple(sorted(asked.items()))))
    return path


@functools.cache
def _made(name: str, asked: tuple[tuple[str, int | float | str], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return _make(Path(folder) / name, **dict(asked)).read_bytes()


def _make(
    path: Path,
    *,
    frames: int = 60,
    seed: int = 0,
    quality: float = 1.0,
    shift: int = 0,
    people: int = 1,
    **changes: str,
) -> Path:
    generator = np.random.default_rng(seed)
    digest = hashlib.sha256(f"{path.name}{seed}{quality}{shift}".encode()).hexdigest()
    root = {"source_name": path.with_suffix(".mp4").name, "source_size": 1, "source_sha256": digest, "source_path": ""}
    ok = np.ones(frames, bool)
    voice = generator.normal(size=frames)
    with TfqFile(path, durable=False) as file:
        with file.replacing("extract", Stamp("extract", 1), root) as group:
            group.put("time_s", timebase.frame_times(frames))
            group.put("valid", ok)
            group.put("repeated", ~ok)
            group.put("picture", np.arange(frames))
            group.put("audio", generator.normal(0, 0.1, timebase.samples_of(frames)))
            group.info = {"duration_s": timebase.seconds_of(frames), "fps": 25.0, "width": 64, "height": 64}
        with file.replacing("detect", Stamp("detect", 1)) as group:
            group.put("boxes", np.full((people, frames, 4), [8, 8, 56, 56]))
            group.info = {"tracks": people, "judged_track": 0}
            group.status = changes.get("detect", "ok")
        with file.replacing("align", Stamp("align", 1)) as group:
            group.put("landmarks", generator.uniform(10, 50, (frames, 478, 3)))
            group.put("valid", ok)
            group.info = {"coverage": 1.0}
            group.status = changes.get("align", "ok")
        with file.replacing("audio", Stamp("audio", 1)) as group:
            group.put("speech", ok)
            group.put("level_db", np.full(frames, -20.0))
            group.put("valid", ok)
            group.info = {"speech_ratio": 1.0}
            group.status = changes.get("audio", "ok")
        with file.replacing("sync", Stamp("sync", 1)) as group:
            offsets = np.arange(-15, 16)
            group.put("offsets", offsets)
            group.put("distance", 1 - np.exp(-((offsets - shift) ** 2) / 4) + generator.normal(0, 0.05, (frames, 31)))
            group.put("offset", np.full(frames, float(shift)))
            group.put("confidence", np.full(frames, 0.8))
            group.put("valid", ok)
            group.info = {"offset_ms": shift * 40.0, "confidence": 0.8, "probability": 0.9}
            group.status = changes.get("sync", "ok")
        with file.replacing("features", Stamp("features", 1)) as group:
            lips = quality * voice + (1 - quality) * generator.normal(size=frames)
            for name, rows in (("lips", lips), ("acoustic", voice)):
                group.put(f"{name}/values", np.stack([rows, rows * 0 + quality], 1))
                group.put(f"{name}/clip", np.zeros(0))
                group.put(f"{name}/valid", ok)
                group.describe(name, {"columns": ["a", "b"], "clip_columns": []})
    return path
