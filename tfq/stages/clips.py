"""A training part that is read while it is trained on, with artefacts made on the fly."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.artefacts.labels import shifted as labels_of_shift
from tfq.features import MEASUREMENTS
from tfq.fusion.batches import Entry, Example, Piece, cut
from tfq.stages.examples import Scale, example
from tfq.stages.inputs import Readable

LEAST_SHIFT, MOST_SHIFT = 2, 12  # frames


class Stored:
    """Clips of an index, read from their files piece by piece: nothing is kept, so that workers can share it.

    A piece with a seed, of a clip that nothing was done to, has its sound moved by 80 to 480 ms either way, and labels
    to match.
    """

    def __init__(self, root: Path, rows: Sequence[Mapping[str, Any]], scale: Scale, tasks: tuple[str, ...]) -> None:
        self.root, self.rows, self.scale, self.tasks = root, rows, scale, tasks
        self.entries = [
            Entry(
                row["family"],
                row["frames"],
                any(name in tasks for name in row.get("labels") or {}),
                tuple(place["group"] for place in row.get("rank", ())),
            )
            for row in rows
        ]

    def __getitem__(self, piece: Piece, /) -> Example:
        row = self.rows[piece.clip]
        shift = 0 if piece.seed is None or "degraded" in row else _drawn(piece.seed)
        if not shift:
            return cut(example(self.root, row, self.scale, self.tasks), piece.start, piece.stop)
        moved = {"labels": labels_of_shift(timebase.seconds_of(-shift), row.get("labels") or {}), "over_time": []}
        made = example(self.root, {**row, **moved}, self.scale, self.tasks, lambda file: Shifted(file, shift))
        return cut(dataclasses.replace(made, together=False, ranks=None), piece.start, piece.stop)


class Shifted:
    """A file as it would be with its sound so many frames earlier; negative: later.

    Rows of the sound move along the grid and what was measured across sound and picture is absent, save the sync
    curves, of which only the offsets move.
    """

    def __init__(self, file: Readable, frames: int) -> None:
        self._file, self._frames = file, frames
        self._offsets = file.array("sync/offsets") if file.has("sync/offsets") else np.zeros(0)

    def has(self, path: str) -> bool:
        return self._file.has(path)

    def names(self, path: str) -> tuple[str, ...]:
        names = self._file.names(path)
        return tuple(name for name in names if len(_needs(name)) < 2) if path == "features" else names

    def array(self, path: str) -> Any:
        values = self._file.array(path)
        _, name, part = path.split("/") if path.count("/") == 2 else ("", "", "")
        if path == "sync/distance":
            return _moved(values.T, -round(self._frames / _step(self._offsets)), np.nan).T
        if _needs(name) == ("sound",) and part in ("values", "valid"):
            return _moved(values, self._frames, False if part == "valid" else np.nan)
        return values


def _moved(values: Any, frames: int, fill: Any) -> Any:
    """Row `i` becomes what row `i + frames` was."""
    out = np.full_like(values, fill)
    count = len(values)
    kept = slice(max(0, -frames), min(count, count - frames))
    if kept.start < kept.stop:
        out[kept] = values[kept.start + frames : kept.stop + frames]
    return out


def _needs(name: str) -> tuple[str, ...]:
    return MEASUREMENTS[name].needs if name in MEASUREMENTS else ()


def _step(offsets: Any) -> float:
    return float(offsets[1] - offsets[0]) if len(offsets) > 1 else 1.0


def _drawn(seed: int) -> int:
    generator = np.random.default_rng(seed)
    return int(generator.integers(LEAST_SHIFT, MOST_SHIFT + 1) * generator.choice((-1, 1)))
