"""The crop of the mouth that the sync network sees."""

from __future__ import annotations

import numpy as np

from tfq.faces.align import grey, warp
from tfq.types import Floats, Picture

SIDE = 64  # pixels
WIDTH = 1.6  # side in distances between the outer corners of the eyes
_CORNERS, _EYES = (61, 291), (33, 263)


def mouth_similarity(landmarks: Floats, side: int = SIDE, width: float = WIDTH) -> Floats:
    """Similarity from source pixels to a crop with the corners of the mouth around its middle and the eye line level.

    The size is taken from the distance of the eyes in space, which a turned head does not shorten.

    Args:
        landmarks: `[T, 478, 3]` in source pixels; NaN: no face.
        side: pixels.
        width: side in eye distances.

    Returns:
        `[T, 2, 3]` float32; NaN: no face.
    """
    eyes = landmarks[:, _EYES[1]] - landmarks[:, _EYES[0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = side / (width * np.linalg.norm(eyes, axis=1))
    angle = np.arctan2(eyes[:, 1], eyes[:, 0])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], axis=1)  # [T, 2, 2]
    middle = landmarks[:, _CORNERS, :2].mean(axis=1)
    shift = side / 2 - np.einsum("tij,tj->ti", turn, middle)
    return np.concatenate([turn, shift[:, :, None]], axis=2).astype(np.float32)


def mouth_crop(picture: Picture, points: Floats) -> Picture:
    """The mouth of one face, `points` `[478, 3]`, in grey, `[SIDE, SIDE]` uint8; black where they are NaN."""
    return grey(warp(picture, mouth_similarity(points[None])[0], SIDE))
