"""The mouth as numbers that do not depend on whose it is, where it is, or how the head is turned."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats

# Face Landmarker points, each row from the image's left to its right, so that a mirrored face reverses every row.
_ROWS = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),  # outer edge of the upper lip
    (146, 91, 181, 84, 17, 314, 405, 321, 375),  # outer edge of the lower lip
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),  # inner edge of the upper lip
    (95, 88, 178, 87, 14, 317, 402, 318, 324),  # inner edge of the lower lip
    (148, 152, 377),  # chin
)
POINTS = tuple(point for row in _ROWS for point in row)
_LEFT_EYE, _RIGHT_EYE, _BRIDGE, _TIP, _BASE = 33, 263, 168, 1, 2  # outer corners of the eyes; along the nose
_FIRST, _LAST = 23, 50  # jawForward to mouthUpperUpRight among the blendshapes
_SIDES = {24: 26, 28: 29, 30: 31, 33: 39, 34: 35, 36: 37, 44: 45, 46: 47, 48: 49}  # left: right
COLUMNS = 3 * len(POINTS) + _LAST - _FIRST


def mouth_shape(landmarks: Floats, blendshapes: Floats) -> Floats:
    """Shape of the mouth in each frame, against its mean over the clip.

    Points are taken from the tip of the nose, turned into the head's own axes (eye line, bridge of the nose), and
    divided by the distance between the eyes across and by the length of the nose down, so that stretched copies of a
    clip agree.

    Args:
        landmarks: `[T, 478, 3]` points of the Face Landmarker in source pixels; NaN: no face.
        blendshapes: `[T, 52]`, 0-1; NaN: no face.

    Returns:
        `[T, COLUMNS]` float32: x, y, z of `POINTS`, then the blendshapes of jaw and mouth; NaN: no face.
    """
    points = landmarks.astype(np.float64)
    across = points[:, _RIGHT_EYE] - points[:, _LEFT_EYE]
    down = points[:, _BASE] - points[:, _BRIDGE]
    x = across / np.linalg.norm(across, axis=1, keepdims=True)
    down = down - (down * x).sum(1, keepdims=True) * x
    y = down / np.linalg.norm(down, axis=1, keepdims=True)
    axes = np.stack([x, y, np.cross(x, y)], axis=2)  # [T, 3, 3]
    eyes, nose = np.linalg.norm(across, axis=1), np.linalg.norm(down, axis=1)
    size = np.stack([eyes, nose, eyes], axis=1)[:, None]
    mouth = (points[:, POINTS] - points[:, [_TIP]]) @ axes / size  # [T, K, 3]
    shape = np.concatenate([mouth.reshape(len(mouth), -1), blendshapes[:, _FIRST:_LAST]], axis=1)
    seen = np.isfinite(shape).all(axis=1)
    shape[~seen] = np.nan
    return (shape - shape[seen].mean(axis=0) if seen.any() else shape).astype(np.float32)


def mirror_order() -> tuple[list[int], Floats]:
    """Columns of `mouth_shape` in the order, and `[COLUMNS]` signs, that the mirrored clip would have."""
    order: list[int] = []
    start = 0
    for row in _ROWS:
        order += [3 * point + axis for point in reversed(range(start, start + len(row))) for axis in range(3)]
        start += len(row)
    swaps = _SIDES | {right: left for left, right in _SIDES.items()}
    order += [3 * len(POINTS) + swaps.get(shape, shape) - _FIRST for shape in range(_FIRST, _LAST)]
    signs = np.ones(COLUMNS, np.float32)
    signs[: 3 * len(POINTS) : 3] = -1
    return order, signs
