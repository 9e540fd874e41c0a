"""The face with what is around it, a few times a second: what natural-scene statistics and the background are read from."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats, Picture

SIDE = 192  # pixels
ROOM = 1.7  # side of what is shown in sides of the face's box
EVERY = 5  # grid frames from one to the next


def square(points: Floats) -> tuple[float, float, float]:
    """Left, top and side, in source pixels, of what a portrait shows of `[478, 2 or 3]` landmarks.

    A small face is shown with more around it rather than enlarged, which would read as blur.
    """
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    side = max(float(SIDE), ROOM * float((high - low).max()))
    left, top = (low + high) / 2 - side / 2
    return float(left), float(top), side


def placed(points: Floats) -> tuple[int, int, int]:
    """The same in whole pixels, as it is cut."""
    left, top, side = square(points)
    return round(left), round(top), round(side)


def within(points: Floats) -> Floats:
    """`[478, 2 or 3]` landmarks of the source in pixels of its portrait, `[478, 2]`."""
    x0, y0, size = placed(points)
    # A pixel's centre is half a pixel in, before and after shrinking.
    return np.asarray((points[:, :2] - (x0, y0) + 0.5) * (SIDE / size) - 0.5, np.float32)


def portrait(picture: Picture, points: Floats) -> Picture:
    """Grey, upright, `[SIDE, SIDE]` uint8, at the source's resolution or shrunk by averaging; black: no face.

    Args:
        picture: `[H, W, 3]` RGB.
        points: `[478, 3]` landmarks in its pixels; NaN: no face. Outside of the picture its edge is repeated.
    """
    import cv2

    from tfq.faces.align import grey  # the measurements read the geometry alone, and their table costs no OpenCV

    if np.isnan(points[0, 0]):
        return np.zeros((SIDE, SIDE), np.uint8)
    x0, y0, size = placed(points)
    height, width = picture.shape[:2]
    x1, y1 = x0 + size, y0 + size
    inside = picture[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    if 0 in inside.shape:
        return np.zeros((SIDE, SIDE), np.uint8)
    beyond = (max(0, -y0), max(0, y1 - height), max(0, -x0), max(0, x1 - width))
    shown = cv2.copyMakeBorder(grey(np.ascontiguousarray(inside)), *beyond, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(shown, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
