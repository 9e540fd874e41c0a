"""ITU-R BS.1770's K weighting and gated loudness of one channel, without the half second that scipy.signal takes to import.

Filters as in pyloudnorm: Robert Bristow-Johnson's shelf and high pass at the frequencies that give the standard's curve.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

BLOCK_S = 0.4  # the gating block
_STEP_S = 0.1
_ABSOLUTE, _RELATIVE = -70.0, -10.0  # gates in LUFS, and under the mean of what passes the first
_TAIL = 2**13  # samples after which the high pass at 38 Hz has forgotten all: its poles have a radius of 0.985
_PIECE = 2**17  # samples filtered at a time


def gated(sound: Sound) -> float:
    """Integrated loudness of `[N]` samples in LUFS; NaN where no block passes the gates."""
    total = np.concatenate([[0.0], np.cumsum(weighted(sound) ** 2)])
    count = round((len(sound) / SAMPLE_RATE - BLOCK_S) / _STEP_S) + 1
    first = (np.arange(count) * _STEP_S * SAMPLE_RATE).round().astype(int)
    last = np.minimum(first + round(BLOCK_S * SAMPLE_RATE), len(sound))
    power = np.maximum(total[last] - total[np.minimum(first, len(sound))], 0) / (BLOCK_S * SAMPLE_RATE)
    heard = power[_lufs(power) >= _ABSOLUTE]
    heard = heard[_lufs(heard) > _lufs(heard.mean()) + _RELATIVE] if len(heard) else heard
    return float(_lufs(heard.mean())) if len(heard) else float("nan")


def _lufs(power: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(power))


def weighted(sound: Sound) -> Floats:
    """The sound through both filters, `[N]` float64; each piece is filtered behind what its filters remember."""
    out = np.empty(len(sound))
    for start in range(0, len(sound), _PIECE):
        before = max(0, start - _TAIL)
        piece = sound[before : start + _PIECE].astype(np.float64)
        size = _PIECE + 2 * _TAIL  # zeros behind the piece, in which what comes out after it dies away
        found = np.fft.irfft(np.fft.rfft(piece, size) * _response(size), size)
        out[start : start + _PIECE] = found[start - before : len(piece)]
    return out


@cache
def _response(size: int) -> Floats:
    """Of both filters at the frequencies of a transform of `size` samples, complex."""
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    return np.asarray(_shelf(z, 1500.0, 2**-0.5, 4.0) * _high_pass(z, 38.0, 0.5))


def _shelf(z: Floats, at_hz: float, quality: float, gain_db: float) -> Floats:
    a, w = 10 ** (gain_db / 40), 2 * np.pi * at_hz / SAMPLE_RATE
    c, s = np.cos(w), np.sqrt(a) * np.sin(w) / quality
    above = a * ((a + 1) + (a - 1) * c + s - 2 * ((a - 1) + (a + 1) * c) * z + ((a + 1) + (a - 1) * c - s) * z**2)
    below = (a + 1) - (a - 1) * c + s + 2 * ((a - 1) - (a + 1) * c) * z + ((a + 1) - (a - 1) * c - s) * z**2
    return np.asarray(above / below)


def _high_pass(z: Floats, at_hz: float, quality: float) -> Floats:
    w = 2 * np.pi * at_hz / SAMPLE_RATE
    c, alpha = np.cos(w), np.sin(w) / (2 * quality)
    return np.asarray((1 + c) / 2 * (1 - z) ** 2 / (1 + alpha - 2 * c * z + (1 - alpha) * z**2))
