"""Derivatives and smoothness of time series on the grid; a gap breaks a series, it is never bridged."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tfq.timebase import FPS
from tfq.types import Floats, Mask

WINDOW = 7  # frames of the Savitzky-Golay fit: 0.28 s, about a syllable
_DEGREE = 3
_PIECE = 50  # frames over which smoothness is measured, so that it does not depend on the clip's length


def derivative(series: Floats, order: int) -> Floats:
    """Savitzky-Golay derivative (cubic over 7 frames) in units per second^order.

    Args:
        series: `[T]` or `[T, D]`; a row with NaN is a gap.
        order: 0 (smoothing only), 1 or 2.

    Returns:
        The same shape; NaN in gaps and in pieces of fewer than 7 frames.
    """
    rows = series.reshape(len(series), -1).astype(np.float64)
    out = np.full_like(rows, np.nan)
    for start, stop in runs(np.asarray(np.isfinite(rows).all(1))):
        if stop - start >= WINDOW:
            out[start:stop] = _fit(rows[start:stop], order)
    return (out * float(FPS) ** order).reshape(series.shape)


def runs(mask: Mask) -> list[tuple[int, int]]:
    """Start and end (excluded) of each piece where a `[T]` mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def speed(points: Floats) -> Floats:
    """Length of the velocity of `[T, D]` coordinates, `[T]` units per second."""
    return np.asarray(np.linalg.norm(derivative(points, 1), axis=1))


def speed_of_points(points: Floats) -> Floats:
    """Root mean square speed of `[T, P, 2]` points, `[T]` units per second."""
    moved = derivative(points.reshape(len(points), -1), 1).reshape(points.shape)
    return np.asarray(np.sqrt((moved**2).sum(2).mean(1)))


def spectral_arc_length(series: Floats, cutoff_hz: float = 10.0, threshold: float = 0.05) -> float:
    """SPARC, the smoothness of a speed profile (Balasubramanian et al. 2015): 0 downwards, smoother is higher.

    The median over pieces of two seconds; NaN where there is no whole piece, or nothing moves in any.
    """
    lengths = []
    for start, stop in runs(np.isfinite(series)):
        starts = range(start, stop - _PIECE + 1, _PIECE // 2)
        lengths += [_arc_length(series[at : at + _PIECE], cutoff_hz, threshold) for at in starts]
    known = [length for length in lengths if np.isfinite(length)]
    return float(np.median(known)) if known else float("nan")


def rms(series: Floats) -> float:
    """Root mean square over what is known; NaN where nothing is."""
    known = series[np.isfinite(series)]
    return float(np.sqrt(np.mean(known.astype(np.float64) ** 2))) if len(known) else float("nan")


def mean(series: Floats) -> float:
    """Mean over what is known; NaN where nothing is."""
    known = series[np.isfinite(series)]
    return float(known.mean(dtype=np.float64)) if len(known) else float("nan")


def deviation(series: Floats) -> float:
    """Standard deviation over what is known; NaN where nothing is."""
    known = series[np.isfinite(series)]
    return float(known.std(dtype=np.float64)) if len(known) else float("nan")


def spread(series: Floats, low: float = 0.05, high: float = 0.95) -> float:
    """Distance of two quantiles over what is known; NaN where nothing is."""
    known = series[np.isfinite(series)]
    return float(np.diff(np.quantile(known, [low, high]))[0]) if len(known) else float("nan")


def quantile(values: Floats, share: float) -> float:
    """The quantile of `[N]` values between its two neighbours, as NumPy's own, which costs ten times as much on few."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, (below, above))
    return float(ordered[below] + (place - below) * (float(ordered[above]) - float(ordered[below])))


def _fit(rows: Floats, order: int) -> Floats:
    reach = WINDOW // 2
    powers = np.arange(-reach, reach + 1)[:, None] ** np.arange(_DEGREE + 1)
    fit = np.linalg.pinv(powers)  # window to polynomial, [degree + 1, window]
    middle = sliding_window_view(rows, WINDOW, axis=0) @ (fit[order] * max(1, order))
    return np.concatenate([_edge(rows[:WINDOW], fit, order, 0), middle, _edge(rows[-WINDOW:], fit, order, reach + 1)])


def _edge(rows: Floats, fit: Floats, order: int, first: int) -> Floats:
    """The polynomial of a first or last window at its outer three frames."""
    reach = WINDOW // 2
    at = np.arange(first, first + reach, dtype=np.float64) - reach
    powers = []
    for power in range(_DEGREE + 1):
        falling = np.prod(np.arange(power - order + 1, power + 1)) if power >= order else 0
        powers.append(falling * at ** max(power - order, 0))
    return np.stack(powers, 1) @ fit @ rows


def _arc_length(piece: Floats, cutoff_hz: float, threshold: float) -> float:
    size = 4 * 2 ** int(np.ceil(np.log2(len(piece))))
    magnitude = np.abs(np.fft.rfft(piece, size))
    if magnitude.max() < 1e-9:
        return float("nan")
    frequency = np.fft.rfftfreq(size, 1 / FPS)
    inside = frequency <= cutoff_hz
    magnitude, frequency = magnitude[inside] / magnitude.max(), frequency[inside]
    last = np.flatnonzero(magnitude >= threshold)[-1]
    if last == 0:
        return float("nan")
    magnitude, frequency = magnitude[: last + 1], frequency[: last + 1] / frequency[last]
    return -float(np.sqrt(np.diff(frequency) ** 2 + np.diff(magnitude) ** 2).sum())
