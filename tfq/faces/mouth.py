"""The crop of the mouth that the sync network sees, and whether there is a mouth to be seen."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tfq.faces.align import grey, warp
from tfq.types import Floats, Picture

HIDDEN = "mouth_hidden"  # status of what needs a mouth, where there is a face without one

SIDE = 64  # pixels
WIDTH = 1.6  # side in distances between the outer corners of the eyes
_CORNERS, _EYES = (61, 291), (33, 263)

_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_INSIDE = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
_LIDS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
_NEAR, _FAR = 2, 7  # pixels of the crop between which the skin around lips and eyes is taken
_LEAST_PIXELS = 5
# Medians of clips, in CIELAB units: lips of 360 recordings, generated and degraded clips had 7.1 or more, and 0.49 or more of
# what the eyes had; on the same faces under a painted mask most had 3 to 5, and 0.08 to 0.35.
_COVERED, _COVERED_SHARE = 6.0, 0.4


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


def contrasts(crop: Picture, points: Floats) -> tuple[float, float]:
    """How much the mouth and the eyes of a face stand out: from the skin around them, and in themselves.

    Landmarks are found on a face that wears a mask as well, where a mouth should be; the picture there shows none.

    Args:
        crop: `[S, S, 3]` uint8 RGB, the face.
        points: `[478, 2]` landmarks in pixels of the crop.

    Returns:
        For lips and eyes, distance of mean colours and deviation within, together, in CIELAB; NaN where they are too small.
    """
    colours = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32) * (100 / 255, 1, 1)
    lips, inside, eyes = (_filled(points, crop.shape[0], *parts) for parts in ((_LIPS,), (_INSIDE,), _LIDS))
    return _stands_out(colours, lips, lips & ~inside), _stands_out(colours, eyes, eyes)


def covered(lips: float, eyes: float) -> bool:
    """Whether a mouth whose contrast is `lips` is none, on a face with such `eyes`; medians of a clip."""
    return bool(lips < min(_COVERED, _COVERED_SHARE * eyes))


def _filled(points: Floats, side: int, *outlines: Sequence[int]) -> Picture:
    out = np.zeros((side, side), np.uint8)
    for outline in outlines:
        cv2.fillPoly(out, [np.round(points[list(outline)] * 8).astype(np.int32)], 1, shift=3)
    return out.astype(bool)


def _stands_out(colours: Floats, whole: Picture, rim: Picture) -> float:
    near, far = (cv2.dilate(whole.astype(np.uint8), np.ones((2 * by + 1,) * 2, np.uint8)) for by in (_NEAR, _FAR))
    around = (far == 1) & (near == 0)
    if min(rim.sum(), around.sum()) < _LEAST_PIXELS:
        return float("nan")
    apart = colours[rim].mean(0) - colours[around].mean(0)
    return float(np.linalg.norm([*apart, *colours[whole].std(0)]))
