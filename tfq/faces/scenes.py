"""What is measured of whole frames on the way: scene cuts, and how much a mouth moves."""

from __future__ import annotations

import cv2
import numpy as np

from tfq.types import Boxes, Floats, Picture

SIDE = 32  # of the grey patch in which mouth motion is measured


def histogram(picture: Picture) -> Floats:
    """Shares of colour, `[512]` float32 that sum to 1, of a picture sampled coarsely."""
    step = max(1, min(picture.shape[:2]) // 64)
    pixels = picture[::step, ::step].reshape(-1, 3) >> 5
    codes = (pixels[:, 0].astype(np.int32) << 6) | (pixels[:, 1].astype(np.int32) << 3) | pixels[:, 2]
    return (np.bincount(codes, minlength=512) / len(codes)).astype(np.float32)


def change(one: Floats, other: Floats) -> float:
    """How much of the colour moved between two histograms: 0 none, 1 all."""
    return float(np.abs(one - other).sum() / 2)


def mouth_patch(picture: Picture, box: Boxes) -> Floats | None:
    """The lower half of a face as `[SIDE, SIDE]` float32 grey, 0-1; None where the box lies outside the picture."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    inset = 0.2 * (right - left)
    x0, x1 = int(np.clip(left + inset, 0, width)), int(np.clip(right - inset, 0, width))
    y0, y1 = int(np.clip(top + 0.6 * (bottom - top), 0, height)), int(np.clip(bottom, 0, height))
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    grey = cv2.cvtColor(picture[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
