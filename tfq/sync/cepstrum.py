"""MFCC as `python_speech_features` 0.6 computes them with its defaults: what SyncNet was trained on."""

from __future__ import annotations

import numpy as np

from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

COUNT = 13
_WINDOW, _HOP, _FFT, _BANDS, _LIFTER = 400, 160, 512, 26, 22
_EMPHASIS = 0.97
_FULL_SCALE = 32768  # theirs reads 16-bit files as integers


def mfcc(sound: Sound) -> Floats:
    """13 coefficients every 10 ms, the first one the log energy, `[R, 13]`; the sound is `[N]`, full scale 1.0."""
    samples = np.rint(np.asarray(sound, np.float64) * _FULL_SCALE)
    samples = np.append(samples[:1], samples[1:] - _EMPHASIS * samples[:-1])
    rows = 1 if len(samples) <= _WINDOW else 1 + int(np.ceil((len(samples) - _WINDOW) / _HOP))
    padded = np.pad(samples, (0, (rows - 1) * _HOP + _WINDOW - len(samples)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows, _FFT)) ** 2 / _FFT
    energy = _above_zero(power.sum(axis=1))
    bands = np.log(_above_zero(power @ _triangles().T))
    angles = np.pi / _BANDS * (np.arange(_BANDS) + 0.5)[:, None] * np.arange(COUNT)
    basis = np.cos(angles) * np.sqrt(np.where(np.arange(COUNT) == 0, 1, 2) / _BANDS)
    lift = 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(COUNT) / _LIFTER)
    rows_out = bands @ basis * lift
    rows_out[:, 0] = np.log(energy)
    return np.asarray(rows_out, np.float32)


def _above_zero(values: Floats) -> Floats:
    return np.where(values == 0, np.finfo(float).eps, values)


def _triangles() -> Floats:
    """`[26, 257]`, corners on whole bins, even on the mel scale of 2595 log10(1 + f / 700)."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    corner = np.floor((_FFT + 1) * hertz / SAMPLE_RATE)
    bins = np.arange(_FFT // 2 + 1)
    filters = np.zeros((_BANDS, len(bins)))
    for band, (left, middle, right) in enumerate(zip(corner, corner[1:], corner[2:], strict=False)):
        rising, falling = (bins >= left) & (bins < middle), (bins >= middle) & (bins < right)
        filters[band, rising] = (bins[rising] - left) / (middle - left)
        filters[band, falling] = (right - bins[falling]) / (right - middle)
    return filters
