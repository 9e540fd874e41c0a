"""Parts of a face in a picture: soft masks from landmarks, and how one face lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tfq.types import Floats, Picture, Points

# Face Landmarker points.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
MOUTH = (164, 206, 426, 212, 432, 210, 430, 204, 424, 32, 262, 200, 199, 175, 57, 287)
UPPER = (10, 338, 109, 297, 67, 284, 54, 251, 21, 356, 127, 117, 346, 101, 330, 195)
EYES = (  # the outer ring of each eye's lids
    (226, 113, 225, 224, 223, 222, 221, 189, 244, 233, 232, 231, 230, 229, 228),
    (446, 342, 445, 444, 443, 442, 441, 413, 464, 453, 452, 451, 450, 449, 448),
)
LOWER = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
STILL = (168, 6, 197, 195, 5, 4, 33, 133, 263, 362, 10, 127, 356, 2, 98, 327)  # move with the skull
LIDS = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))  # p1..p6 of the eye aspect ratio
INNER_TOP, INNER_BOTTOM, NASION, NOSE_BASE, CHIN = 13, 14, 168, 2, 152


@dataclass(frozen=True)
class Patch:
    """A soft piece of a picture: rows and columns, and `[h, w, 1]` float32 weights from 0 to 1."""

    rows: slice
    columns: slice
    weight: Floats

    def cut(self, picture: Picture) -> Floats:
        """The piece as float32."""
        return picture[self.rows, self.columns].astype(np.float32)

    def laid(self, picture: Picture, piece: Floats) -> Picture:
        """A copy of the picture with the piece blended in."""
        out = picture.copy()
        mix = self.weight * piece + (1 - self.weight) * self.cut(picture)
        out[self.rows, self.columns] = np.clip(np.rint(mix), 0, 255).astype(np.uint8)
        return out


def size_of(points: Points) -> float:
    """Root of the area inside the face's outline, in pixels: what all lengths are fractions of."""
    return float(np.sqrt(max(1.0, cv2.contourArea(points[list(OVAL)].astype(np.float32)))))


def soft(
    points: Points, outlines: Sequence[Sequence[int]], shape: tuple[int, ...], feather: float, grow: float = 0.0
) -> Patch | None:
    """A mask of the hulls of some points with a soft edge; None where it lies outside the picture.

    Args:
        points: `[478, 2]` px, or more.
        outlines: indices of the points of each hull.
        shape: of the picture.
        feather: half-width of the edge in face sizes; the edge lies half inside the hull and half outside.
        grow: how far the hull is pushed out, in face sizes.
    """
    size = size_of(points)
    reach = (2 * feather + grow) * size + 2
    hulls = [cv2.convexHull(points[list(outline)].astype(np.float32))[:, 0] for outline in outlines]
    every = np.concatenate(hulls)
    left, top = np.floor(every.min(0) - reach).astype(int)
    right, bottom = np.ceil(every.max(0) + reach).astype(int)
    rows, columns = slice(max(0, top), min(shape[0], bottom)), slice(max(0, left), min(shape[1], right))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if height < 4 or width < 4:
        return None
    mask = np.zeros((height, width), np.float32)
    for hull in hulls:
        cv2.fillConvexPoly(mask, np.rint(hull - (columns.start, rows.start)).astype(np.int32), 1.0)
    if grow > 0:
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(grow * size) + 1,) * 2))
    if feather > 0:
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.5, feather * size), borderType=cv2.BORDER_REPLICATE)
    return Patch(rows, columns, mask[..., None])


def fitted(moving: Floats, target: Floats) -> Floats:
    """The affine map that best lays `[P, 2]` points on others, `[2, 3]`: a head that turns foreshortens its face."""
    rows = np.concatenate([moving, np.ones((len(moving), 1))], 1)
    solution: Floats = np.linalg.lstsq(rows, target, rcond=None)[0].T
    return solution


def moved(points: Floats, matrix: Floats) -> Floats:
    """`[..., D]` points through a `[D, D + 1]` matrix."""
    return points @ matrix[:, :-1].T + matrix[:, -1]


def steady(landmarks: Points) -> tuple[Floats, Floats]:
    """Faces freed of the head's place, pose and size, to see how the face itself moves.

    Args:
        landmarks: `[T, 478, 3]` px, NaN: no face.

    Returns:
        `[T, 478, 3]` every face laid on a common one by its still points; and `[T, 3, 4]` the way back. NaN where there
        is no face.
    """
    laid, back = np.full(landmarks.shape, np.nan), np.full((len(landmarks), 3, 4), np.nan)
    known = np.flatnonzero(np.isfinite(landmarks).all((1, 2)))
    if len(known) == 0:
        return laid, back
    template = landmarks[known[0]].astype(np.float64)
    for _ in range(2):
        for i in known:
            laid[i] = moved(landmarks[i], _pose(landmarks[i], template))
        template = laid[known].mean(0)
    for i in known:
        back[i] = _pose(laid[i], landmarks[i])
    return laid, back


def _pose(moving: Floats, target: Floats) -> Floats:
    """Rotation, scale and shift between the still points of two faces, `[3, 4]` (Umeyama 1991)."""
    first, second = moving[list(STILL)].astype(np.float64), target[list(STILL)].astype(np.float64)
    from_middle, to_middle = first - first.mean(0), second - second.mean(0)
    left, stretch, right = np.linalg.svd(to_middle.T @ from_middle)
    mirror = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = (left * mirror) @ right * (stretch @ mirror) / max(float(np.sum(from_middle**2)), 1e-12)
    return np.column_stack([turn, second.mean(0) - turn @ first.mean(0)])
