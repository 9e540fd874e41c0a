"""Parts of the aligned crop as masks that hold for the whole clip: the face lies still in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfq.features import face_points as at
from tfq.features.measurement import Clip
from tfq.types import Floats, Mask, Picture

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
EYES = (*at.LIDS_LEFT, *at.LIDS_RIGHT, *at.BROW_LEFT, *at.BROW_RIGHT)


@dataclass(frozen=True)
class Regions:
    """Masks `[S, S]`; `eye` is the distance of the eyes in pixels of the crop, `middle` `[478, 2]` the median face."""

    face: Mask
    eyes: Mask
    mouth: Mask
    upper: Mask
    edge: Mask
    around: Mask
    eye: float
    middle: Floats


def crops(clip: Clip) -> Iterator[Picture]:
    """One crop after the other."""
    for piece in clip.crops():
        yield from piece


def regions(clip: Clip) -> Regions:
    """By the median over the clip of the points in the crop."""
    turn, shift = clip.transform[:, :, :2], clip.transform[:, None, :, 2]
    middle = np.nanmedian(np.einsum("tij,tkj->tki", turn, clip.landmarks[..., :2]) + shift, 0)
    side = next(iter(clip.crops())).shape[1]
    eye = float(np.linalg.norm(middle[list(at.EYE_LEFT)].mean(0) - middle[list(at.EYE_RIGHT)].mean(0)))
    oval = middle[list(OVAL)]
    face, mouth = hull(oval, side), box(middle[list(at.OUTER_LIPS)], side, 0.15 * eye)
    eyes = box(middle[list(EYES)], side, 0.05 * eye)
    above = np.arange(side)[:, None] < middle[list(at.OUTER_LIPS), 1].min() - 0.1 * eye
    wider, inner = (hull(grown(oval, factor), side) for factor in (1.15, 0.9))
    return Regions(face, eyes, mouth & face, face & above, wider & ~inner, ~wider & above, eye, middle)


def grown(points: Floats, factor: float) -> Floats:
    """An outline scaled about its middle."""
    centre = points.mean(0)
    return np.asarray(centre + factor * (points - centre))


def hull(points: Floats, side: int) -> Mask:
    """The convex hull of `[N, 2]` points filled in, `[side, side]`."""
    import cv2

    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), (1,))
    return np.asarray(mask > 0)


def box(points: Floats, side: int, margin: float) -> Mask:
    """The box around `[N, 2]` points, at least 4 pixels wide and high, `[side, side]`."""
    low = np.clip(np.floor(points.min(0) - margin), 0, side - 4).astype(int)
    high = np.clip(np.ceil(points.max(0) + margin), low + 4, side).astype(int)
    mask = np.zeros((side, side), bool)
    mask[low[1] : high[1], low[0] : high[0]] = True
    return mask
