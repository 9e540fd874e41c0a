"""Laying faces on a template: one similarity a frame, and the crop it gives."""

from __future__ import annotations

import cv2
import numpy as np

from tfq.types import Floats, Picture, Points

# Where the five points lie on the template of side 1: the mean of frontal faces (the ArcFace template, Deng et al. 2019,
# divided by its side of 112).
TEMPLATE = np.array(
    [[0.341917, 0.461574], [0.656534, 0.459834], [0.500225, 0.640505], [0.370976, 0.824692], [0.631517, 0.823250]],
    np.float64,
)
_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH = (33, 133), (362, 263), (1, 4), (61,), (291,)


def five_points(landmarks: Floats) -> Points:
    """Eyes, nose tip and mouth corners, image-left first, of `[T, 478, 2 or 3]` points: `[T, 5, 2]` float32."""
    groups = (_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH)
    return np.stack([landmarks[:, list(group), :2].mean(1) for group in groups], axis=1).astype(np.float32)


def fit_similarity(points: Points, size: int, margin: float) -> Floats:
    """Fit the rotation, scale and shift that best lay faces on the template.

    A similarity is z -> a z + b over the complex numbers, so the fit is one projection and cannot mirror a face
    (Umeyama 1991 needs a sign correction for that).

    Args:
        points: `[T, 5, 2]` float32, x and y in source pixels: eyes, nose tip, mouth corners, image-left first.
        size: side of the crop, in pixels.
        margin: space kept around the template, as a fraction of `size`.

    Returns:
        `[T, 2, 3]` float32, source pixels to crop pixels; all NaN where the five points coincide or one is NaN.
    """
    source = points[..., 0].astype(np.float64) + 1j * points[..., 1]
    target = ((TEMPLATE - 0.5) * (1 - margin) + 0.5) @ np.array([1, 1j]) * size
    middle, aim = source.mean(axis=1, keepdims=True), target.mean()
    spread = source - middle
    energy = (np.abs(spread) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = (np.conj(spread) * (target - aim)).sum(axis=1) / energy
    turn[~(energy > 1e-9)] = complex(np.nan, np.nan)
    shift = aim - turn * middle[:, 0]
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    return np.moveaxis(np.array(rows), 2, 0).astype(np.float32)


def warp(picture: Picture, transform: Floats, size: int) -> Picture:
    """The crop of one face, `[size, size, 3]` uint8; black outside the picture, and all black for NaN, no face.

    A face much larger than the crop is shrunk by averaging first, since a warp alone reads four pixels and lets the rest
    alias, which would read as noise and flicker of the skin.
    """
    if np.isnan(transform).any():
        return np.zeros((size, size, 3), np.uint8)
    matrix = transform.astype(np.float64)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    factor = int(1 / scale) if scale > 0 else 1
    if factor >= 2:
        corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
        back = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        x0, y0 = np.maximum(0, np.floor(back.min(0))).astype(int)
        x1, y1 = np.ceil(back.max(0)).astype(int) + factor
        piece = picture[y0:y1, x0:x1]
        height, width = piece.shape[0] // factor * factor, piece.shape[1] // factor * factor
        if min(height, width) > 0:
            piece = piece[:height, :width]
            picture = np.asarray(
                cv2.resize(piece, (width // factor, height // factor), interpolation=cv2.INTER_AREA), np.uint8
            )
            # A pixel's centre is half a pixel in, before and after shrinking.
            inner = matrix[:, :2] * factor
            matrix = np.column_stack([inner, matrix[:, 2] + matrix[:, :2] @ (np.array([x0, y0]) + (factor - 1) / 2)])
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR))


def grey(picture: Picture) -> Picture:
    """Luma of an RGB picture, `[H, W]` uint8."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def eye_distance(landmarks: Floats) -> Floats:
    """Distance between the outer corners of the eyes, `[T]` in pixels: the unit of all geometry."""
    return np.asarray(np.linalg.norm(landmarks[:, 263, :2] - landmarks[:, 33, :2], axis=1))
