"""Portraits as the measurements read them: one for every fifth frame of the grid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfq.faces.portrait import EVERY
from tfq.features.measurement import Clip
from tfq.types import Floats, Picture


def each(clip: Clip) -> Iterator[tuple[Picture, int | None]]:
    """Portraits in order of time, each with its frame; `None` where it shows no face."""
    frame = 0
    for piece in clip.portraits():
        for picture in piece:
            known = frame < clip.length and clip.face[frame] and np.isfinite(clip.landmarks[frame, 0, 0])
            yield picture, frame if known else None
            frame += EVERY


def held(rows: Floats, clip: Clip) -> Floats:
    """Rows of portraits `[Q, D]` on the grid, `[T, D]`: each until the next; NaN in frames without a face."""
    over_time = np.repeat(rows, EVERY, axis=0)[: clip.length].astype(np.float64)
    missing = np.full((clip.length - len(over_time), rows.shape[1]), np.nan)
    over_time = np.concatenate([over_time, missing])
    over_time[~clip.face] = np.nan
    return over_time
