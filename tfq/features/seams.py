"""Seams, edge width, ringing and spectrum of portraits, which keep the source's resolution."""

from __future__ import annotations

import functools

import numpy as np

from tfq.faces.portrait import SIDE, within
from tfq.features import face_points as at
from tfq.features import motion, portraits
from tfq.features.measurement import Clip, Column
from tfq.features.regions import EYES, OVAL, box, hull
from tfq.types import Floats, Ints, Mask, Picture

_SMALLEST = 48.0  # pixels of a face's width in the portrait under which its parts cannot be told apart
_FLOOR = 0.5  # grey levels
_LEAST_EDGES = 30  # pixels
_BANDS = 8
_CHEEKS = ((117, 205), (346, 425))  # under the eye, beside the nose: the span in which a patch's upper border would lie

COLUMNS = (
    Column("seam", "grey levels", 0, 6, "lower", "Straight step across both cheeks at one height: a patch's border."),
    Column("edge_width", "px", 2, 7, "lower", "Width of the face's steepest edges at the portrait's resolution."),
    Column("edge_width_step", "px", -1, 1.5, "lower", "The same of the mouth less that of the eyes."),
    Column("slope", "log10/log10", -5, -1, "none", "Slope of the face's power spectrum; steep: blurred, flat: noisy."),
    Column("slope_step", "log10/log10", -1.5, 1.5, "higher", "Fine against coarse detail of the mouth less the eyes'."),
    Column("ringing", "log10", -1, 1.5, "lower", "Ripples a few pixels beside strong edges against plain skin."),
    Column("waxy", "", 0, 1, "lower", "Share of the skin under one grey level of fine texture beside sharp edges."),
)


def measure(clip: Clip) -> dict[str, Floats]:
    """Columns `[T]`; NaN for faces that are too small."""
    rows = []
    for picture, frame in portraits.each(clip):
        points = None if frame is None else within(clip.landmarks[frame])
        small = points is None or np.ptp(points[:, 0]) < _SMALLEST
        rows.append(np.full(len(COLUMNS), np.nan) if points is None or small else _of_one(picture, points))
    held = portraits.held(np.array(rows).reshape(-1, len(COLUMNS)), clip)
    return {column.name: series for column, series in zip(COLUMNS, held.T, strict=True)}


def _of_one(picture: Picture, points: Floats) -> Floats:
    import cv2

    levels = picture.astype(np.float32)
    eye = float(np.linalg.norm(points[list(at.EYE_LEFT)].mean(0) - points[list(at.EYE_RIGHT)].mean(0)))
    face = hull(points[list(OVAL)], SIDE)
    mouth = box(points[list(at.OUTER_LIPS)], SIDE, 0.15 * eye)
    eyes = box(points[list(EYES)], SIDE, 0.05 * eye)
    gradient = np.hypot(cv2.Sobel(levels, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(levels, cv2.CV_32F, 0, 1) / 8)
    widths = _widths(levels, gradient)
    width = {name: _edge_width(widths, gradient, mask) for name, mask in (("face", face), ("m", mouth), ("e", eyes))}
    fine = levels - cv2.GaussianBlur(levels, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(levels, (0, 0), 1.5) - cv2.GaussianBlur(levels, (0, 0), 4.0)
    ratio = [_log_ratio(fine[mask], coarse[mask]) for mask in (mouth, eyes)]
    ringing, waxy = _beside_edges(fine, gradient, face)
    step = width["m"] - width["e"]
    return np.array(
        [seam(levels, points), width["face"], step, _slope(levels, points), ratio[0] - ratio[1], ringing, waxy]
    )


def seam(levels: Floats, points: Floats) -> float:
    """The largest sudden step of one sign that both cheeks make at one height, less what shading makes around it."""
    steps = []
    for upper, lower in _CHEEKS:
        top, bottom = sorted((points[upper, 1], points[lower, 1]))
        x = float(points[[upper, lower], 0].mean())
        reach = 0.12 * float(np.ptp(points[:, 0]))
        left, right = np.clip([round(x - reach), round(x + reach)], 0, SIDE)
        first, last = np.clip([round(float(top)), round(float(bottom)) + 1], 1, SIDE - 1)
        if right - left < 4 or last - first < 4:
            return float("nan")
        profile = levels[first - 1 : last + 1, left:right].mean(1)
        steps.append(np.diff(profile))
    length = min(len(one) for one in steps)
    sharp = [_sudden(one[:length]) for one in steps]
    best = 0.0
    for lag in (-2, -1, 0, 1, 2):  # a tilted head's cheeks do not lie at one height
        ours, theirs = sharp[0][max(0, lag) : length + min(0, lag)], sharp[1][max(0, -lag) : length - max(0, lag)]
        same = np.where(np.sign(ours) == np.sign(theirs), np.minimum(np.abs(ours), np.abs(theirs)), 0.0)
        best = max(best, float(same.max(initial=0.0)))
    return best


def _sudden(steps: Floats) -> Floats:
    """Steps `[N]` less the mean of those two and three pixels away: shading goes, a border stays."""
    wide = np.pad(steps, 3, mode="edge")
    return np.asarray(steps - (wide[:-6] + wide[1:-5] + wide[5:-1] + wide[6:]) / 4)


def _widths(levels: Floats, gradient: Floats) -> Floats:
    """Height of the step around each pixel over its steepness: the width of the edge through it, in pixels."""
    import cv2

    square = np.ones((9, 9), np.uint8)
    height = cv2.dilate(levels, square) - cv2.erode(levels, square)
    return np.asarray(height / np.maximum(gradient, 0.05))


def _edge_width(widths: Floats, gradient: Floats, mask: Mask) -> float:
    inside = gradient[mask]
    if len(inside) < _LEAST_EDGES:
        return float("nan")
    strong = inside >= max(motion.quantile(inside, 0.95), 1.0)
    return float(np.median(widths[mask][strong])) if strong.sum() >= 5 else float("nan")


def _slope(levels: Floats, points: Floats) -> float:
    """Slope of log power over log frequency from 1/16 to 0.4 cycles a pixel in the largest square inside the face's box."""
    low, high = points.min(0), points.max(0)
    half = int(min(high - low) / 2)
    x, y = np.rint((low + high) / 2).astype(int)
    half = min(half, x, y, SIDE - x, SIDE - y)
    if half < 20:
        return float("nan")
    piece = levels[y - half : y + half, x - half : x + half]
    window, bands, fit = _spectrum(half)
    power = np.abs(np.fft.rfft2((piece - piece.mean()) * window)) ** 2
    means = np.bincount(bands, power.ravel(), _BANDS + 2)[1:-1] / np.bincount(bands, minlength=_BANDS + 2)[1:-1]
    return float(fit @ np.log10(means + 1e-3))


@functools.cache
def _spectrum(half: int) -> tuple[Floats, Ints, Floats]:
    """Of a square of `2 * half` pixels: its window, the band of each frequency, and what makes log powers a slope."""
    window = np.hanning(2 * half)
    frequency = np.hypot(np.fft.fftfreq(2 * half)[:, None], np.fft.rfftfreq(2 * half))
    edges = np.geomspace(1 / 16, 0.4, _BANDS + 1)
    middle = np.log10(np.sqrt(edges[1:] * edges[:-1]))
    fit = np.linalg.pinv(np.column_stack([middle, np.ones(_BANDS)]))[0]
    return window[:, None] * window, np.digitize(frequency, edges).ravel(), fit


def _log_ratio(fine: Floats, coarse: Floats) -> float:
    return float(np.log10((np.abs(fine).mean() + 0.1) / (np.abs(coarse).mean() + 0.1)))


def _beside_edges(fine: Floats, gradient: Floats, face: Mask) -> tuple[float, float]:
    """`ringing` and `waxy`: fine texture 3 to 6 pixels beside strong edges against skin far from any."""
    import cv2

    strong = ((gradient > max(motion.quantile(gradient[face], 0.95), 4.0)) & face).astype(np.uint8)
    near, far = (cv2.dilate(strong, np.ones((size, size), np.uint8)) > 0 for size in (5, 13))
    beside, plain = face & far & ~near, face & ~far
    texture = np.abs(fine)
    if min(beside.sum(), plain.sum()) < 100:
        return float("nan"), float("nan")
    ringing = float(np.log10((texture[beside].mean() + 0.1) / (np.median(texture[plain]) + 0.1)))
    return ringing, float((cv2.blur(texture, (5, 5))[plain] < _FLOOR).mean())
