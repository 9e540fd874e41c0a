"""What a stranger can hand to tfq: how a good one is made, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.builders import h5
from tests.make import Beeps, clip
from tfq.config import DecodingLimits, IndexConfig
from tfq.media import guarded
from tfq.store import TfqFile


def video(path: Path) -> None:
    guarded.limit(DecodingLimits(silence_s=20, memory_mb=4096))
    grid = guarded.timeline(path, 60.0, threads=1)
    sound, _ = guarded.samples(path, len(grid), grid.start_s)
    assert len(grid) >= 1
    assert np.all(np.diff(grid.source_time_s) >= 0)
    assert sound is None or (len(sound) == 640 * len(grid) and np.isfinite(sound).all())


def stored(path: Path) -> None:
    with TfqFile(path, read_only=True) as file:
        for name in file.names():
            file.stamp(name), file.info(name), file.status(name)
        for name in ("extract/audio", "align/landmarks", "sync/distance", "features/lips/values"):
            if file.has(name):
                file.array(name)


def table(path: Path) -> None:
    from tfq.stages.index import index

    index([path.with_name("good.h5")], path.with_name("out.jsonl"), IndexConfig(), path)


def dataset(path: Path) -> None:
    from tfq.stages.index import load

    load(path)


def checkpoint(path: Path) -> None:
    from tfq.models.checkpoint import load

    load(path)


def seeds(folder: Path) -> dict[str, tuple[Path, Callable[[Path], None]]]:
    """A good file of each kind, and what reads it."""
    from tfq.models import own
    from tfq.stages.index import index

    made = {
        "mp4": (clip(folder / "good.mp4", duration_s=0.4, sound=Beeps()), video),
        "mkv": (clip(folder / "good.mkv", duration_s=0.4, codec="mpeg4", sound=Beeps()), video),
        "ts": (clip(folder / "good.ts", duration_s=0.4, sound=Beeps()), video),
        "h5": (h5(folder / "good.h5", frames=60), stored),
    }
    (folder / "good.csv").write_text("file,speaker,split,lip_sync,overall\ngood.mp4,a,train,3.5,4\n")
    index([folder / "good.h5"], folder / "good.jsonl", IndexConfig(), folder / "good.csv")
    (folder / "good.safetensors").write_bytes(own.path("tfq-embedded").read_bytes())
    return {
        **made,
        "csv": (folder / "good.csv", table),
        "jsonl": (folder / "good.jsonl", dataset),
        "safetensors": (folder / "good.safetensors", checkpoint),
    }
