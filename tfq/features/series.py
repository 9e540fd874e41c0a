"""Series on the grid in short windows: means, beats, bands of rhythm, and how two of them go together at a lag."""

from __future__ import annotations

import warnings

import numpy as np

from tfq.audio import prosody
from tfq.features.cross import local_correlation
from tfq.features.measurement import Clip
from tfq.timebase import FPS
from tfq.types import Floats, Mask

BAND_HZ = (2.0, 7.0)  # where syllables, jaws and envelopes beat (Chandrasekaran et al. 2009)
_REACH = 9  # frames to either side that a wavelet looks at
_SIGMA = 3.2  # frames of its Gaussian: half of its gain is left at 2.5 and at 6.5 Hz
_ENOUGH = 0.5  # share of a window that must be known
VOICED = 0.25  # the same of what is known in voiced frames alone, which are half of speech


def window_sum(series: Floats, window: int) -> Floats:
    """Sums over a centred window, `[T]`, also where the window is longer than the series."""
    return np.convolve(series, np.ones(window), mode="full")[window // 2 :][: len(series)]


def window_mean(series: Floats, window: int, enough: float = _ENOUGH) -> Floats:
    """Mean of what is known in a centred window of `[T]`; NaN where less than that share of a whole one is known."""
    known = np.isfinite(series)
    count = window_sum(known.astype(np.float64), window)
    total = window_sum(np.where(known, series, 0.0).astype(np.float64), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= enough * min(window, len(series)), total / count, np.nan)


def window_share(mask: Mask, window: int) -> Floats:
    """Share of a centred window of `[T]` in which something is so; what lies outside the clip does not count."""
    inside = window_sum(np.ones(len(mask)), window)
    return np.asarray(window_sum(mask.astype(np.float64), window) / np.maximum(inside, 1))


def standard(series: Floats) -> Floats:
    """In deviations from its mean; NaN throughout where nothing varies."""
    known = series[np.isfinite(series)]
    deviation = float(known.std()) if len(known) > 1 else 0.0
    return (series - known.mean()) / deviation if deviation > 1e-9 else np.full(len(series), np.nan)


def voiced(clip: Clip) -> Mask:
    """`[T]` frames that are voiced throughout: where a vowel can be measured."""
    _, share = prosody.voiced_to_grid(clip.voice.f0, clip.length)
    return np.asarray(np.nan_to_num(share) > 0.99)


def pulses(times_s: Floats, count: int, sigma: float = 1.5) -> Floats:
    """Moments as bumps on the grid, `[count]`: Gaussians of `sigma` frames whose areas are one frame each."""
    grid = np.zeros(count)
    reach = int(np.ceil(4 * sigma))
    for at in times_s * FPS - 0.5:
        near = np.arange(max(0, round(at) - reach), min(count, round(at) + reach + 1))
        grid[near] += np.exp(-(((near - at) / sigma) ** 2) / 2)
    return np.asarray(grid / (sigma * np.sqrt(2 * np.pi)))


def rhythm_band(series: Floats) -> Floats:
    """What of `[T]` beats at 2 to 7 Hz, as complex numbers whose angle is the phase; NaN in gaps and near them.

    A Gabor wavelet without a mean: it looks at 0.36 s to either side, so that a row depends on its surroundings alone.
    """
    steps = np.arange(-_REACH, _REACH + 1)
    gauss = np.exp(-((steps / _SIGMA) ** 2) / 2)
    wave = gauss * np.exp(2j * np.pi * sum(BAND_HZ) / 2 / FPS * steps)
    wave = wave - gauss * wave.sum() / gauss.sum()
    wave = wave / np.abs(wave).sum() * 2
    known = np.isfinite(series)
    if not known.any():
        return np.full(len(series), np.nan + 0j)
    filled = np.interp(np.arange(len(series)), np.flatnonzero(known), series[known])
    padded = np.pad(filled, _REACH, mode="edge")
    found = np.convolve(padded, wave, mode="valid")
    lost = np.convolve(np.pad(~known, _REACH).astype(np.float64), np.ones(2 * _REACH + 1), mode="valid")
    return np.where(known & (lost <= _REACH), found, np.nan)


def coherence(one: Floats, other: Floats, window: int) -> Floats:
    """How steadily two `[T]` complex bands keep their ratio around each frame: `[T]` complex, size 0-1; NaN: unknown.

    Its angle is by how much the phase of `one` is ahead of that of `other`.
    """
    known = np.isfinite(one) & np.isfinite(other)
    x, y = (np.where(known, band, 0.0) for band in (one, other))
    both = x * np.conj(y)
    cross = window_sum(both.real, window) + 1j * window_sum(both.imag, window)
    size = np.sqrt(window_sum(np.abs(x) ** 2, window) * window_sum(np.abs(y) ** 2, window))
    count = window_sum(known.astype(np.float64), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((count >= _ENOUGH * window) & (size > 1e-9), cross / size, np.nan)


def whole_coherence(one: Floats, other: Floats) -> complex:
    """The same over all that is known; NaN under two seconds."""
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 2 * FPS:
        return complex(np.nan, np.nan)
    x, y = one[known], other[known]
    size = float(np.sqrt((np.abs(x) ** 2).sum() * (np.abs(y) ** 2).sum()))
    return complex((x * np.conj(y)).sum() / size) if size > 1e-9 else complex(np.nan, np.nan)


def best_lag(sound: Floats, picture: Floats, window: int, reach: int) -> tuple[Floats, Floats]:
    """Highest correlation in a window around each frame over lags up to `reach` frames, and its lag, `[T]` each.

    The lag is positive where the sound is early, as in `cross.correlation_curve`.
    """
    curves = [local_correlation(_moved(sound, lag), picture, window) for lag in range(-reach, reach + 1)]
    table = np.stack(curves)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing known around a frame: NaN, which is what it is
        peak = np.nanmax(table, 0)
    lag = np.where(np.isfinite(table), table, -np.inf).argmax(0) - float(reach)
    return peak, np.where(np.isfinite(peak), lag, np.nan)


def _moved(series: Floats, lag: int) -> Floats:
    """Row `i` becomes what row `i - lag` was."""
    out = np.full(len(series), np.nan)
    if abs(lag) < len(series):
        out[max(0, lag) : len(series) + min(0, lag)] = series[max(0, -lag) : len(series) - max(0, lag)]
    return out
