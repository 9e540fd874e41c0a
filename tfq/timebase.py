"""Frame <-> seconds <-> audio sample <-> feature row; nowhere else.

Everything tfq stores over time lies on one grid: frame `i` is the picture shown at `i / FPS` seconds after the picture
starts, and owns the samples `[i * SAMPLES_PER_FRAME, (i + 1) * SAMPLES_PER_FRAME)` of the 16 kHz sound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FPS = 25
SAMPLE_RATE = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS


def frame_times(count: int) -> NDArray[np.float64]:
    """Times of the first `count` grid frames, `[T]` float64, in seconds from the start of the picture."""
    return np.arange(count, dtype=np.float64) / FPS


def frame_at(seconds: float) -> int:
    """The grid frame shown at a time: the last one that starts at or before it."""
    return int(np.floor(seconds * FPS + 1e-9))


def seconds_of(frames: float) -> float:
    """Length of a number of frames, or start of a frame, in seconds."""
    return frames / FPS


def milliseconds_of(frames: float) -> float:
    """Length of a number of frames in milliseconds: the unit people read offsets in."""
    return frames * 1000.0 / FPS


def frames_of(milliseconds: float) -> float:
    """Length of a time in frames, in part too."""
    return milliseconds * FPS / 1000.0


def samples_of(frames: int) -> int:
    """Number of 16 kHz samples under a number of grid frames."""
    return frames * SAMPLES_PER_FRAME


def rows_to_grid(rows: NDArray[np.floating[Any]], row_rate: float, count: int) -> NDArray[np.floating[Any]]:
    """Average feature rows of another rate onto the grid.

    Row `j` stands for the time `[j, j + 1) / row_rate`. A grid frame is the mean of the rows weighted by how long each
    overlaps the frame, so that 50 Hz rows are averaged in exact pairs and no row is counted twice.

    Args:
        rows: `[R, ...]` floating point; NaN rows make the frames they touch NaN.
        row_rate: rows per second, at least `FPS`.
        count: number of grid frames wanted.

    Returns:
        `[count, ...]` of the same dtype; NaN where fewer than half of a frame is covered by rows.
    """
    flat = rows.reshape(len(rows), int(np.prod(rows.shape[1:]))).astype(np.float64)
    inside = np.clip(np.arange(count + 1) * row_rate / FPS, 0, len(flat))  # frame edges, in rows
    missing = _integrate(np.isnan(flat), inside)
    with np.errstate(invalid="ignore", divide="ignore"):
        grid = _integrate(np.nan_to_num(flat, posinf=np.inf, neginf=-np.inf), inside) / np.diff(inside)[:, None]
    grid[missing > 1e-9] = np.nan
    grid[np.diff(inside) < 0.5 * row_rate / FPS - 1e-9] = np.nan
    return grid.reshape(count, *rows.shape[1:]).astype(rows.dtype)


def _integrate(rows: NDArray[Any], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of `[R, D]` rows between neighbouring `[E]` edges given in rows, `[E - 1, D]`; parts of rows count in part."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    whole = np.minimum(edges.astype(int), len(rows))
    following = np.minimum(whole + 1, len(rows))
    at_edges = sums[whole] + (edges - whole)[:, None] * (sums[following] - sums[whole])
    return np.diff(at_edges, axis=0)
