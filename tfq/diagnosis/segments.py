"""From scores over time to weak segments: where a clip is bad, and how bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.types import Floats, Mask

MERGE_S = 0.3  # weak pieces closer than this read as one


@dataclass(frozen=True)
class Segment:
    """A weak piece of one dimension: frames `[start, stop)`, the mean score inside, and the worst frame."""

    dimension: str
    start: int
    stop: int
    mos: float
    worst: int

    @property
    def start_s(self) -> float:
        return timebase.seconds_of(self.start)

    @property
    def end_s(self) -> float:
        return timebase.seconds_of(self.stop)


def find(over_time: Floats, valid: Mask, dimension: str, below: float, shortest_s: float) -> list[Segment]:
    """Pieces of one dimension under a score.

    Args:
        over_time: `[T]` MOS of each frame; NaN: not judged.
        valid: `[T]` frames that were judged.
        dimension: its name, carried along.
        below: a frame under this is weak.
        shortest_s: shorter pieces are left out, since a viewer does not see them.
    """
    weak = valid & np.isfinite(over_time) & (over_time < below)
    found = []
    for start, stop in _merged(runs(weak), round(MERGE_S * timebase.FPS)):
        if timebase.seconds_of(stop - start) >= shortest_s:
            piece = np.where(valid[start:stop], over_time[start:stop], np.nan)
            found.append(Segment(dimension, start, stop, float(np.nanmean(piece)), start + int(np.nanargmin(piece))))
    return found


def runs(mask: Mask) -> list[tuple[int, int]]:
    """Start and end (excluded) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _merged(pieces: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in pieces:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged
