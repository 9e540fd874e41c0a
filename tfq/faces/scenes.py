"""What is measured of whole frames on the way: scene cuts."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats, Picture


def histogram(picture: Picture) -> Floats:
    """Shares of colour, `[512]` float32 that sum to 1, of a picture sampled coarsely."""
    step = max(1, min(picture.shape[:2]) // 64)
    pixels = picture[::step, ::step].reshape(-1, 3) >> 5
    codes = (pixels[:, 0].astype(np.int32) << 6) | (pixels[:, 1].astype(np.int32) << 3) | pixels[:, 2]
    return (np.bincount(codes, minlength=512) / len(codes)).astype(np.float32)


def change(one: Floats, other: Floats) -> float:
    """How much of the colour moved between two histograms: 0 none, 1 all."""
    return float(np.abs(one - other).sum() / 2)
