"""Examples in memory whose labels can be learned from their rows."""

from __future__ import annotations

import numpy as np

from tfq.fusion.batches import Example
from tfq.nets.spec import FusionSpec

TASKS = ("a", "b")


def spec(**changes) -> FusionSpec:
    """The smallest network that knows both streams."""
    given = {"width": 16, "layers": 1, "heads": 2, "dropout": 0.1, **changes}
    return FusionSpec({"face": 3}, {"voice": 3}, {}, TASKS, **given)


def example(source: str, mos: float, seed: int = 0, frames: int = 20, **changes) -> Example:
    """A clip that shows in its first column what it is worth."""
    generator = np.random.default_rng(seed)
    rows = {name: generator.normal(size=(frames, 3)).astype(np.float32) for name in ("face", "voice")}
    for values in rows.values():
        values[:, 0] = mos - 3
    labels = np.full(2, mos, np.float32)
    present = dict.fromkeys(rows, np.ones(frames, bool))
    given = {"labels": labels, "over_time": np.repeat(changes.get("labels", labels)[None], frames, 0), **changes}
    return Example(f"{source}-{mos}", source, source, rows, present, together=True, **given)


def clips(sources: int, first: int = 0) -> list[Example]:
    """Each source at four severities."""
    return [
        example(f"s{i}", mos, 10 * i + j)
        for i in range(first, first + sources)
        for j, mos in enumerate((4.6, 3.6, 2.6, 1.6))
    ]
