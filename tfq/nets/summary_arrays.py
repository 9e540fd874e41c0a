"""Statistics of a clip and their ranks, as `tfq.nets.summary` tells, over plain arrays and for one clip."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats, Mask

KNOTS = 17
PARTS = 4  # statistics of a column
BEND, PIECES = 0.5, 3  # ranks beyond which a statistic counts by another slope; numbers that a bent rank is told by
SHARP = 2.0  # the ends are the logarithm of a mean of powers: a tenth of the frames at 3 deviations reads as 1.9


def statistics(rows: Floats, present: Mask) -> Floats:
    """Mean, deviation, soft least and soft greatest value of the columns of `[T, D]`: `[4 D]`."""
    if not present.any():
        return np.zeros(PARTS * rows.shape[1], np.float32)
    known = rows[present]
    ends = [sign * np.log(np.exp(sign * SHARP * known).mean(0)) / SHARP for sign in (-1, 1)]
    return np.concatenate([known.mean(0), np.sqrt(known.var(0) + np.float32(1e-6)), *ends]).astype(np.float32)


def ranks(found: Floats, points: Floats) -> Floats:
    """Where statistics `[S]` lie among `points` `[S, KNOTS]`, from -1 to 1."""
    total = np.full(len(found), -1.0, np.float32)
    for below in (points < found[:, None], points <= found[:, None]):
        upper = below.sum(1).clip(1, KNOTS - 1)[:, None]
        high, low = (np.take_along_axis(points, place, 1)[:, 0] for place in (upper, upper - 1))
        share = ((found - low) / np.maximum(high - low, np.float32(1e-6))).clip(0, 1)
        total += (upper[:, 0] - 1 + share) / np.float32(KNOTS - 1)
    return total


def bent(told: Floats) -> Floats:
    """Ranks `[S]`, and how far they lie above and below the middle half, each from 0 to 1: `[3 S]`.

    A weighted sum of the three is any curve of three straight pieces, so that too little and too much can both be bad.
    """
    ends = [np.maximum(0, sign * told - BEND) / (1 - BEND) for sign in (1, -1)]
    return np.concatenate([told, *ends]).astype(np.float32)
