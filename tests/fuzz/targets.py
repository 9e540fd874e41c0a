"""What a stranger can hand to tfq: how a good one is made, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    """What is read is what was written; only texts that no hash guards, as the source's name, may differ."""
    with TfqFile(path, read_only=True) as file, TfqFile(path.with_name("good.h5"), read_only=True, looked=True) as good:
        for name in file.names():
            assert (file.stamp(name), file.info(name)) == (good.stamp(name), good.info(name))
            file.status(name)
        for name in ("extract/audio", "align/landmarks", "sync/distance", "features/lips/values"):
            if file.has(name):
                assert np.array_equal(file.array(name), good.array(name), equal_nan=True)


def table(path: Path) -> None:
    from tfq.stages.index import index

    index([path.with_name("good.h5")], path.with_name("out.jsonl"), IndexConfig(), path)


def dataset(path: Path) -> None:
    from tfq.stages.index import load

    load(path)


def ratings(path: Path) -> None:
    from tfq.stages.index import Said, index

    index([path.with_name("good.h5")], path.with_name("out.jsonl"), IndexConfig(), said=Said(ratings=path))


def checkpoint(path: Path) -> None:
    from tfq.models import checkpoint

    same(checkpoint, path, "good.safetensors")


def sync_network(path: Path) -> None:
    from tfq.models import sync

    same(sync, path, "sync.safetensors")


def same(module: Any, path: Path, good: str) -> None:
    read, known = module.load(path).network.arrays, module.load(path.with_name(good)).network.arrays
    assert all(np.array_equal(read[name], known[name]) for name in known)


def pickled(path: Path) -> None:
    from tfq.models.wav2lip import _unpickled

    _unpickled(path)


def config(path: Path) -> None:
    import typer
    from typer.main import get_command

    from tfq.cli import settings
    from tfq.cli.app import app

    root = get_command(app)
    settings.read(path, root, typer.Context(root))


def baseline(path: Path) -> None:
    from tfq.cli.limits import read_baseline

    read_baseline(path)


def seeds(folder: Path) -> dict[str, tuple[Path, Callable[[Path], None]]]:
    """A good file of each kind, and what reads it."""
    import torch

    from tfq.models import checkpoint as networks
    from tfq.models import own, sync
    from tfq.stages.index import index

    made = {
        "mp4": (clip(folder / "good.mp4", duration_s=0.4, sound=Beeps()), video),
        "avi": (clip(folder / "good.avi", duration_s=0.4, codec="mjpeg", sound=Beeps(codec="pcm_s16le")), video),
        "webm": (
            clip(folder / "good.webm", duration_s=0.4, codec="libvpx", sound=Beeps(48_000, codec="libopus")),
            video,
        ),
        "mkv": (clip(folder / "good.mkv", duration_s=0.4, codec="mpeg4", sound=Beeps()), video),
        "ts": (clip(folder / "good.ts", duration_s=0.4, sound=Beeps()), video),
        "h5": (h5(folder / "good.h5", frames=60), stored),
    }
    (folder / "good.csv").write_text("file,speaker,split,lip_sync,overall\ngood.mp4,a,train,3.5,4\n")
    index([folder / "good.h5"], folder / "good.jsonl", IndexConfig(), folder / "good.csv")
    networks.save(folder / "good.safetensors", networks.load(own.path("tfq-embedded")))
    sync.save(folder / "sync.safetensors", sync.load(own.path("tfq-sync")))
    torch.save({"state_dict": {"a.weight": torch.ones(8, 8), "b": torch.zeros(3)}}, folder / "good.pth")
    (folder / "rated.csv").write_text("rater,file,dimension,score\nann,good.mp4,overall,4\nbo,good.mp4,overall,3\n")
    (folder / "good.toml").write_text('lang = "en"\n[score]\nfail-under = {lip_sync = 3.5}\nmax-drop = 0.2\n')
    (folder / "results.json").write_text(
        '{"file": "a.mp4", "scores": {"lip_sync": {"mos": 4.2, "low": 3.9, "high": 4.5}, "overall": null}}\n' * 3
    )
    return {
        **made,
        "csv": (folder / "good.csv", table),
        "jsonl": (folder / "good.jsonl", dataset),
        "ratings": (folder / "rated.csv", ratings),
        "toml": (folder / "good.toml", config),
        "json": (folder / "results.json", baseline),
        "safetensors": (folder / "good.safetensors", checkpoint),
        "sync": (folder / "sync.safetensors", sync_network),
        "pth": (folder / "good.pth", pickled),
    }
