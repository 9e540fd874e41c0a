"""What is wrong with a recording: noise, bandwidth, hum, offset of the zero line."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tfq.audio.loudness import FLOOR_DB, is_silent
from tfq.audio.spectrum import Spectrum
from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Mask, Sound

_SHAPE = 0.4  # of the Gamma distribution that amplitudes of clean speech follow (Kim and Stern 2008)
_GRID_DB = np.arange(-20.0, 101.0, 2.0)


def wada_snr(sound: Sound) -> float:
    """Signal-to-noise ratio in dB from the distribution of amplitudes; NaN for silence. Limited to -20 and 100.

    WADA (Kim and Stern 2008): clean speech is taken to be Gamma-distributed with shape 0.4, noise to be Gaussian; then
    log E|x| - E log|x| depends on their ratio alone.
    """
    if is_silent(sound):
        return float("nan")
    size = np.abs(sound[sound != 0]).astype(np.float64)
    spread = float(np.log(size.mean()) - np.log(size).mean())
    return float(np.interp(spread, _wada_curve(), _GRID_DB))


@lru_cache(maxsize=1)
def _wada_curve() -> Floats:
    """E|x| against E log|x| at each of `_GRID_DB`, over a grid of equally likely pairs of speech and noise."""
    from scipy.special import gammaincinv, ndtri

    even = (np.arange(400) + 0.5) / 400
    speech = gammaincinv(_SHAPE, even)
    speech /= np.sqrt((speech**2).mean())
    noise = ndtri(even)
    curve = []
    for ratio in 10 ** (_GRID_DB / 20):
        size = np.abs(speech[:, None] * ratio + noise)
        curve.append(np.log(size.mean()) - np.log(size).mean())
    return np.maximum.accumulate(curve)


def noise_floor_db(level_db: Floats) -> float:
    """The quiet end of a clip in dBFS: the 5 % quantile of its frames' levels; NaN where there are none."""
    known = level_db[np.isfinite(level_db)]
    return float(np.quantile(known, 0.05)) if len(known) else float("nan")


def pause_ratio_db(level_db: Floats, speech: Mask) -> float:
    """Level of speech over level of its pauses in dB: both as power means over frames `[T]`.

    NaN where either lasts under five frames (0.2 s). Digital silence in pauses counts as `loudness.FLOOR_DB`.
    """
    known = np.isfinite(level_db)
    talking, pausing = level_db[known & speech], level_db[known & ~speech]
    if min(len(talking), len(pausing)) < 5:
        return float("nan")
    return _power_mean_db(talking) - _power_mean_db(pausing)


def bandwidth_hz(spectrum: Spectrum, depth_db: float = 55.0) -> float:
    """Highest frequency whose mean power while speaking is within `depth_db` of the strongest; NaN for silence.

    Smoothed over 160 Hz, so that one line of interference does not pass for bandwidth.
    """
    kernel = np.ones(5) / 5
    power = np.convolve(spectrum.power, kernel, mode="same")
    if power.max() < 10 ** (FLOOR_DB / 10):
        return float("nan")
    loud = np.flatnonzero(power > power.max() * 10 ** (-depth_db / 10))
    return float(spectrum.frequencies[loud[-1]])


def hum_db(sound: Sound) -> float:
    """How far mains hum stands above its surroundings in dB: the mean over six harmonics of 50 or 60 Hz, the greater.

    Power spectra of one second are joined by their median, so that only what sounds all the time counts. NaN under two
    seconds of sound, or in digital silence.
    """
    seconds = len(sound) // SAMPLE_RATE
    if seconds < 2 or is_silent(sound):
        return float("nan")
    window = np.hanning(SAMPLE_RATE)
    rows = sound[: seconds * SAMPLE_RATE].reshape(seconds, SAMPLE_RATE)[:120]  # bins of exactly 1 Hz
    power = np.median([np.abs(np.fft.rfft(row * window)[:400]) ** 2 for row in rows], axis=0) + 1e-12
    return max(_comb_db(power, base) for base in (50, 60))


def offset_of_zero(sound: Sound) -> float:
    """Mean of the samples (DC) in full scales; NaN where there are none."""
    return float(sound.mean(dtype=np.float64)) if len(sound) else float("nan")


def _comb_db(power: Floats, base: int) -> float:
    heights = []
    for line in range(base, 6 * base + 1, base):
        around = np.concatenate([power[line - 12 : line - 3], power[line + 4 : line + 13]])
        heights.append(10 * np.log10(power[line - 1 : line + 2].max() / np.median(around)))
    return float(np.mean(heights))


def _power_mean_db(level_db: Floats) -> float:
    return float(10 * np.log10(np.mean(10 ** (level_db.astype(np.float64) / 10))))
