"""Statistics of natural pictures: what blur, noise, coding and rendering change in how neighbouring pixels differ.

MSCN coefficients are pixels less their local mean over their local deviation. In good pictures they are near a unit
Gaussian, and products of neighbours have a known skewed shape (Mittal, Moorthy and Bovik 2012: BRISQUE; Mittal,
Soundararajan and Bovik 2013: NIQE).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import numpy as np

from tfq.types import Floats

PATCH = 96  # pixels, NIQE
_REACH, _SIGMA = 3, 7 / 6
# Least and greatest of BRISQUE's 36 features in its training set, by which its authors scale them
# (`allrange` of the LIVE release, as the package brisque 0.2.0 carries it).
_LOW = np.array(
    [
        *(0.336999, 0.019667, 0.230000, -0.125959, 0.000167, 0.000616, 0.231000, -0.125873, 0.000165),
        *(0.000600, 0.241000, -0.128814, 0.000179, 0.000386, 0.243000, -0.133080, 0.000182, 0.000421),
        *(0.436998, 0.016929, 0.247000, -0.200231, 0.000104, 0.000834, 0.257000, -0.200017, 0.000112),
        *(0.000876, 0.257000, -0.155072, 0.000112, 0.000356, 0.258000, -0.154374, 0.000117, 0.000351),
    ]
)
_HIGH = np.array(
    [
        *(9.999411, 0.807472, 1.644021, 0.202917, 0.712384, 0.468672, 1.644021, 0.169548, 0.713132),
        *(0.467896, 1.553016, 0.101368, 0.687324, 0.533087, 1.554016, 0.101000, 0.689177, 0.533133),
        *(3.639918, 0.800955, 1.096995, 0.175286, 0.755547, 0.399270, 1.095995, 0.155928, 0.751488),
        *(0.402398, 1.041992, 0.093209, 0.623516, 0.532925, 1.042992, 0.093714, 0.621958, 0.534484),
    ]
)


def coefficients(picture: Floats, extended: bool) -> Floats:
    """MSCN coefficients of `[H, W]` grey levels, float32.

    Beyond the edge its levels go on where `extended` (NIQE), else there is zero (BRISQUE).
    """
    import cv2

    border = cv2.BORDER_REPLICATE if extended else cv2.BORDER_CONSTANT

    kernel = np.exp(-(np.arange(-_REACH, _REACH + 1) ** 2) / (2 * _SIGMA**2))
    kernel /= kernel.sum()
    levels = picture.astype(np.float32)
    mean = cv2.sepFilter2D(levels, -1, kernel, kernel, borderType=border)
    power = cv2.sepFilter2D(levels * levels, -1, kernel, kernel, borderType=border)
    return np.asarray((levels - mean) / (np.sqrt(np.abs(power - mean * mean)) + 1))


def halved(picture: Floats) -> Floats:
    """A picture of even sides at half the size by Keys' cubic (a = -0.5) over eight pixels, which lets nothing alias."""
    return _halving(picture.shape[0]) @ picture.astype(np.float64) @ _halving(picture.shape[1]).T


def fit(values: Floats) -> Floats:
    """Asymmetric generalised Gaussians (Lasmar et al. 2009) by matching moments.

    Args:
        values: `[N, n]`.

    Returns:
        `[N, 4]`: shape, mean, deviation of what is under zero, and of the rest; NaN where all are zero.
    """
    under = np.minimum(values, 0)
    count, size = np.count_nonzero(under, axis=1), values.shape[1]
    below, power = (np.einsum("ij,ij->i", one, one).astype(np.float64) for one in (under, values))
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = np.sqrt(below / np.maximum(count, 1)), np.sqrt((power - below) / np.maximum(size - count, 1))
        ratio = left / right
        moments = ((values.sum(1) - 2 * under.sum(1)) / size) ** 2 / (power / size)
        moments = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, table, width = _shapes()
    after = np.clip(np.searchsorted(table, moments), 1, len(table) - 1)
    at = np.where(moments - table[after - 1] < table[after] - moments, after - 1, after)
    found = np.stack([shapes[at], (right - left) * width[at], left, right], 1)
    found[~np.isfinite(moments)] = np.nan
    return np.asarray(found)


def scene_features(picture: Floats) -> Floats:
    """BRISQUE's 36 features of `[H, W]` grey levels: two scales of MSCN shape and variance, and shape, mean, left and right
    variance of the products of neighbours to the right, below, and on both diagonals.
    """
    import cv2

    small = cv2.resize(picture.astype(np.float32), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)
    rows = []
    pair: tuple[Floats, ...] = (picture, np.asarray(small, np.float32))
    for levels in pair:
        m = coefficients(levels, False)
        products = (m[:, :-1] * m[:, 1:], m[:-1] * m[1:], m[:-1, :-1] * m[1:, 1:], m[1:, :-1] * m[:-1, 1:])
        (shape, _, left, right), *pairs = (fit(values.reshape(1, -1))[0] for values in (m, *products))
        rows += [[shape, (left**2 + right**2) / 2], *(pair ** (1, 1, 2, 2) for pair in pairs)]
    return np.concatenate(rows)


def brisque(features: Floats, model: Mapping[str, Floats]) -> float:
    """BRISQUE of `scene_features` `[36]`: 0 (good) to 100 and beyond; `model` is a support vector regression."""
    scaled = 2 * (features - _LOW) / (_HIGH - _LOW) - 1
    near = np.exp(-model["gamma"] * ((model["vectors"] - scaled) ** 2).sum(1))
    return float(near @ model["weights"] - model["rho"][0])


def patch_features(picture: Floats) -> Floats:
    """NIQE's 36 features of each whole patch of 96 pixels in `[H, W]` grey levels, `[P, 36]`, row by row."""
    rows, columns = picture.shape[0] // PATCH, picture.shape[1] // PATCH
    whole = picture[: rows * PATCH, : columns * PATCH]
    return np.concatenate([_patches(whole, PATCH), _patches(halved(whole), PATCH // 2)], 1)


def niqe(features: Floats, model: Mapping[str, Floats]) -> float:
    """NIQE: distance of patches `[P, 36]` from those of good pictures, about 3 (natural) to 15 and beyond.

    One patch alone has no covariance: it is measured by that of good pictures.
    """
    known = features[np.isfinite(features).all(1)]
    if not len(known):
        return float("nan")
    own = np.cov(known.T) if len(known) > 1 else model["covariance"]
    away = known.mean(0) - model["mean"]
    return float(np.sqrt(away @ np.linalg.pinv((model["covariance"] + own) / 2) @ away))


def _patches(picture: Floats, side: int) -> Floats:
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    tiles = coefficients(picture, True).reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)
    below = np.roll(tiles, 1, 1)
    shifted = (np.roll(tiles, 1, 2), below, np.roll(below, 1, 2), np.roll(below, -1, 2))
    sets = np.stack([tiles, *(tiles * other for other in shifted)], 1)  # [P, 5, side, side]
    found = fit(sets.reshape(-1, side * side)).reshape(-1, 5, 4)
    # The authors' parameter is the scale of the distribution, not its deviation.
    scale = found[..., 2:] * _scales(found[..., 0])[..., None]
    first = np.stack([found[:, 0, 0], scale[:, 0].mean(1)], 1)
    pairs = np.concatenate([found[:, 1:, :2], scale[:, 1:]], 2).reshape(len(found), -1)
    return np.concatenate([first, pairs], 1)


@cache
def _shapes() -> tuple[Floats, Floats, Floats]:
    """Shapes from 0.2 to 10, their ratio of moments, which rises, and what turns a difference of deviations into a mean."""
    shapes = np.arange(0.2, 10, 0.001)
    one, two, three = (np.array([math.lgamma(k / shape) for shape in shapes]) for k in (1, 2, 3))
    return shapes, np.exp(2 * two - one - three), np.exp((one - three) / 2 + two - one)


def _scales(shape: Floats) -> Floats:
    """Scale of a generalised Gaussian of deviation 1."""
    one, three = (np.array([_lgamma(k / float(a)) for a in shape.ravel()]).reshape(shape.shape) for k in (1, 3))
    return np.asarray(np.exp((one - three) / 2))


def _lgamma(x: float) -> float:
    return math.lgamma(x) if math.isfinite(x) else math.nan


@cache
def _halving(side: int) -> Floats:
    """`[side / 2, side]` weights; at the edge what lies beyond is left out."""
    middle = 2 * np.arange(side // 2)[:, None] + 1.0
    x = np.abs(np.arange(side) + 0.5 - middle) / 2
    weights = np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0))
    return np.asarray(weights / weights.sum(1, keepdims=True))
