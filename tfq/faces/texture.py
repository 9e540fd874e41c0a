"""The grain of the face at the source's own resolution: detail by size, squares, noise.

The aligned crops are small: what an encoder, a smoother or a renderer takes away from a large face is gone from them.
"""

from __future__ import annotations

import cv2
import numpy as np

from tfq.faces.align import grey
from tfq.types import Floats, Picture

COLUMNS = (
    "detail_1",
    "detail_2",
    "detail_4",
    "detail_8",
    "mouth_detail_1",
    "mouth_detail_2",
    "noise",
    "flat",
    "squares",
)

LARGEST = 320  # pixels of the square that is looked at: the middle of a larger face
LEAST = 24
_PERIODS = range(4, 25)  # sides of squares that are looked for, in pixels
_LEAST_ROWS = 4  # borders of squares there must be room for
_TILE = 8
_FLAT = 0.8  # grey levels of deviation under which a tile of skin has no texture
_LIPS = (61, 291, 0, 17)
_FLOOR = 0.05  # grey levels: under it rounding is all there is
# Immerkaer 1996: the difference of two Laplacians, which smooth shading and straight edges leave at zero.
_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


class Grain:
    """`texture` along a clip, measured anew every few frames with a face and held in between."""

    EVERY = 3

    def __init__(self) -> None:
        self._age, self._held = self.EVERY, np.full(len(COLUMNS), np.nan, np.float32)

    def __call__(self, picture: Picture, points: Floats) -> Floats:
        """`[len(COLUMNS)]` of the next frame; NaN: no face."""
        self._age += 1
        if np.isnan(points[0, 0]):
            return np.full(len(COLUMNS), np.nan, np.float32)
        if self._age >= self.EVERY:
            self._age, self._held = 0, texture(picture, points)
        return self._held


def texture(picture: Picture, points: Floats) -> Floats:
    """Measures of one face.

    Args:
        picture: `[H, W, 3]` RGB.
        points: `[478, 3]` landmarks in its pixels; NaN: no face.

    Returns:
        `[len(COLUMNS)]` float32, NaN where there is no face or it is under 24 pixels wide:

        - `detail_N`: log10 of the deviation, in grey levels, of what is N to 2 N pixels large (bands of a Laplacian pyramid,
          Burt and Adelson 1983); `mouth_detail_N`: the same around the mouth, less that of the face;
        - `noise`: log10 of the deviation of noise in grey levels (Immerkaer 1996);
        - `flat`: share of 8 x 8 tiles without texture;
        - `squares`: how much larger steps are at the borders of a regular grid than elsewhere, as a logarithm (after Wang,
          Sheikh and Bovik 2002, for squares of 4 to 24 pixels).
    """
    nothing = np.full(len(COLUMNS), np.nan, np.float32)
    if np.isnan(points[0, 0]):
        return nothing
    face = _square(picture, points[:, :2].min(0), points[:, :2].max(0))
    if min(face.shape) < LEAST:
        return nothing
    bands = _bands(face)
    lips = points[list(_LIPS), :2]
    reach = 0.35 * float(np.ptp(lips[:, 0]))
    mouth = _bands(_square(picture, lips.min(0) - reach, lips.max(0) + reach), 2)
    noise = np.abs(cv2.filter2D(face, -1, _NOISE)[1:-1, 1:-1]).mean() * np.sqrt(np.pi / 2) / 6
    return np.array([*bands, *(mouth - bands[:2]), _log(noise), _flat(face), _squares(face)], np.float32)


def _square(picture: Picture, low: Floats, high: Floats) -> Floats:
    """The middle of a box in grey, no pixel of it scaled."""
    height, width = picture.shape[:2]
    middle, half = (low + high) / 2, np.minimum((high - low) / 2, LARGEST / 2)
    x0, y0 = np.clip(np.rint(middle - half), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.rint(middle + half), 0, (width, height)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return np.zeros((0, 0), np.float32)
    return grey(np.ascontiguousarray(picture[y0:y1, x0:x1])).astype(np.float32)


def _bands(face: Floats, count: int = 4) -> Floats:
    """Log deviation of `count` octaves, finest first; NaN where the picture is too small for one."""
    found = np.full(count, np.nan)
    for level in range(count):
        if min(face.shape) < 8:
            break
        smaller = cv2.pyrDown(face)
        found[level] = _log(float((face - cv2.pyrUp(smaller, dstsize=face.shape[::-1])).std()))
        face = np.asarray(smaller, np.float32)
    return found


def _flat(face: Floats) -> float:
    rows, columns = face.shape[0] // _TILE, face.shape[1] // _TILE
    tiles = face[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE)
    return float((tiles.std(axis=(1, 3)) < _FLAT).mean())


def _squares(face: Floats) -> float:
    """The most regular of the grids looked for; about 0 where there is none."""
    profiles = [np.abs(np.diff(face, axis=axis)).mean(axis=1 - axis) for axis in (0, 1)]
    best = 0.0
    for period in _PERIODS:
        if min(len(profile) for profile in profiles) < _LEAST_ROWS * period:
            break
        best = max(best, float(np.mean([_comb(profile, period) for profile in profiles])))
    return best


def _comb(profile: Floats, period: int) -> float:
    """Log ratio of the steps on the best of a period's grids to those half-way between its lines.

    The median over the lines, since an eyebrow or a lip is one large step and a grid is many.
    """
    whole = profile[: len(profile) // period * period].reshape(-1, period)
    lines = _median(whole.T)
    at = int(np.argmax(lines))
    between = _median(np.concatenate([lines[:at], lines[at + 1 :]]))
    return float(np.log((lines[at] + _FLOOR) / (between + _FLOOR)))


def _median(values: Floats) -> Floats:
    """Along the last axis, as `np.median`, which for a few dozen numbers takes ten times as long to begin."""
    ordered, middle = np.sort(values, axis=-1), values.shape[-1] // 2
    upper = ordered[..., middle]
    return np.asarray(upper if values.shape[-1] % 2 else (ordered[..., middle - 1] + upper) * values.dtype.type(0.5))


def _log(deviation: float) -> float:
    return float(np.log10(max(deviation, _FLOOR)))
