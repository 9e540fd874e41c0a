"""Formants (Praat's) and how clearly the voice's period stands out of its cepstrum, 50 rows a second.

Row `j` stands for the time `[j, j + 1) / 50` s and is measured around its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.audio.loudness import is_silent
from tfq.audio.prosody import pieces
from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

ROW_RATE = 50
FORMANTS = 3
_HOP = SAMPLE_RATE // ROW_RATE
_CEILING_HZ = 5500.0  # Praat's default, for five formants
_SHORTEST = SAMPLE_RATE // 10
_WINDOW = 1024  # samples: 64 ms, four periods of the lowest voice
_PRE_EMPHASIS_HZ = 50.0
_LOW_HZ, _HIGH_HZ = 60.0, 330.0  # where Praat looks for the peak of the cepstrum
_LINE_FROM_S = 0.001  # quefrency from which the cepstrum is taken to fall on a line
_AT_ONCE = 2000


@dataclass(frozen=True)
class Phonation:
    """`R` = ceil(N / 320) rows: `formants` `[R, 3]` Hz, NaN: none found; `cpp` `[R]` dB, NaN: silence."""

    formants: Floats
    cpp: Floats


def analyse(sound: Sound) -> Phonation:
    """Both of one clip."""
    rows = -(-len(sound) // _HOP)
    if len(sound) < _SHORTEST or is_silent(sound):
        return Phonation(np.full((rows, FORMANTS), np.nan, np.float32), np.full(rows, np.nan, np.float32))
    formants = np.concatenate([_formants(piece) for _, piece in pieces(sound)])
    return Phonation(formants.astype(np.float32), peak_prominence(sound).astype(np.float32))


def _formants(sound: Sound) -> Floats:
    """Praat's first three formants (Burg's method, five under 5.5 kHz, 25 ms), `[r, 3]` Hz."""
    times = (np.arange(-(-len(sound) // _HOP)) + 0.5) / ROW_RATE
    out = np.full((len(times), FORMANTS), np.nan)
    if len(sound) < _SHORTEST or is_silent(sound):
        return out
    import parselmouth

    praat = parselmouth.Sound(sound.astype(np.float64), SAMPLE_RATE)
    found = praat.to_formant_burg(time_step=1 / ROW_RATE, maximum_formant=_CEILING_HZ)
    for number in range(FORMANTS):
        out[:, number] = [found.get_value_at_time(number + 1, time) for time in times]
    return out


def peak_prominence(sound: Sound) -> Floats:
    """Cepstral peak prominence, `[R]` dB: the peak of the cepstrum over the line through it (Hillenbrand et al. 1994).

    A clear voice has one over 15 dB; a breathy, rough, noisy or vocoded one less, and so has unvoiced sound. NaN where
    the window holds digital silence.
    """
    emphasis = np.exp(-2 * np.pi * _PRE_EMPHASIS_HZ / SAMPLE_RATE)
    emphasised = np.append(sound[:1], sound[1:] - np.float32(emphasis) * sound[:-1]).astype(np.float32)
    padded = np.pad(emphasised, (_WINDOW // 2 - _HOP // 2, _WINDOW))
    every = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: -(-len(sound) // _HOP)]
    window = np.hanning(_WINDOW).astype(np.float32)
    return np.concatenate([_prominence(every[at : at + _AT_ONCE] * window) for at in range(0, len(every), _AT_ONCE)])


def _prominence(windows: Floats) -> Floats:
    power = np.abs(np.fft.rfft(windows, 2 * _WINDOW)) ** 2
    silent = power.max(1) < 1e-10
    level = 10 * np.log10(power + 1e-12)
    cepstrum = 20 * np.log10(np.abs(np.fft.irfft(level - level.mean(1, keepdims=True))[:, :_WINDOW]) + 1e-9)
    quefrency = np.arange(_WINDOW) / SAMPLE_RATE
    fitted = (quefrency >= _LINE_FROM_S) & (quefrency <= 1 / _LOW_HZ)
    x = quefrency[fitted] - quefrency[fitted].mean()
    rows = cepstrum[:, fitted]
    slope = rows @ x / (x**2).sum()
    above = rows - rows.mean(1, keepdims=True) - slope[:, None] * x
    inside = quefrency[fitted] >= 1 / _HIGH_HZ
    best = cepstrum[:, fitted][:, inside].argmax(1)
    peak = above[:, inside][np.arange(len(above)), best]
    return np.where(silent, np.nan, peak)
