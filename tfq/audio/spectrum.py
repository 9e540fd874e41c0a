"""Short-time spectrum: log-mel, MFCC, and the shape of the spectrum, 100 rows a second.

Row `j` is a 25 ms Hann window whose middle is the middle of `[j, j + 1) / 100` seconds, so that four rows make exactly
one grid frame (`timebase.rows_to_grid`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

ROW_RATE = 100
BANDS = 80
_HOP = SAMPLE_RATE // ROW_RATE
_WINDOW = 400
_FFT = 512
_ROWS_AT_ONCE = 3000
_FLOOR = 1e-11  # power that any other is raised to before its log: -110 dB, where noise of -78 dBFS lies
_FULL_SCALE = np.hanning(_WINDOW + 1)[:-1].sum() / 2  # magnitude at the peak of a full-scale sine


@dataclass(frozen=True)
class Spectrum:
    """Rows of one clip, `R` = ceil(N / 160).

    Attributes:
        mel: `[R, 80]` float32, log-mel in dB; a full-scale sine stays under 0.
        centroid: `[R]` Hz; NaN in digital silence, as the next two.
        rolloff: `[R]` Hz under which 85 % of the power lies.
        flatness: `[R]` dB, geometric over arithmetic mean of the power from 100 Hz on; 0: white, low: tonal.
        frequencies: `[F]` Hz of the bins.
        power: `[F]` mean power of each bin over the loudest third of the rows, where the voice is.
    """

    mel: Floats
    centroid: Floats
    rolloff: Floats
    flatness: Floats
    frequencies: Floats
    power: Floats


def analyse(sound: Sound) -> Spectrum:
    """Everything that one pass over the short-time spectrum gives. The sound must hold at least one sample."""
    frequencies = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
    filters = mel_filters(BANDS, _FFT, 0.0, SAMPLE_RATE / 2)
    parts: list[tuple[Floats, ...]] = []
    loud = np.quantile([level for power in _blocks(sound, _HOP * 10) for level in power.sum(1)], 2 / 3)
    total, rows = np.zeros(len(frequencies)), 0
    for power in _blocks(sound, _HOP):
        parts.append((_db(power @ filters.T), *_shape(power, frequencies)))
        voiced = power.sum(1) >= loud
        total, rows = total + power[voiced].sum(0), rows + int(voiced.sum())
    mel, centroid, rolloff, flatness = (
        np.concatenate(column).astype(np.float32) for column in zip(*parts, strict=True)
    )
    return Spectrum(mel, centroid, rolloff, flatness, frequencies, total / max(rows, 1))


def mfcc(mel: Floats, count: int = 13) -> Floats:
    """Mel-frequency cepstrum of `[R, B]` log-mel rows in dB: orthonormal DCT-II, `[R, count]` float32."""
    bands = mel.shape[1]
    angles = np.pi / bands * (np.arange(bands) + 0.5)[:, None] * np.arange(count)
    basis = np.cos(angles) * np.sqrt(2 / bands)
    basis[:, 0] /= np.sqrt(2)
    return np.asarray(mel @ basis, np.float32)


def delta(rows: Floats, reach: int = 2) -> Floats:
    """Slope per row by regression over `2 reach + 1` rows (Furui 1986), ends held; same shape."""
    padded = np.pad(rows, [(reach, reach)] + [(0, 0)] * (rows.ndim - 1), mode="edge")
    steps = range(-reach, reach + 1)
    slope = sum(step * padded[reach + step : reach + step + len(rows)] for step in steps)
    return np.asarray(slope / sum(step**2 for step in steps), dtype=rows.dtype)


@lru_cache(maxsize=4)
def mel_filters(bands: int, size: int, low_hz: float, high_hz: float) -> Floats:
    """Triangular filters of unit area on Slaney's mel scale, `[bands, size // 2 + 1]` (Slaney 1998)."""
    edges = _mel_to_hz(np.linspace(_hz_to_mel(low_hz), _hz_to_mel(high_hz), bands + 2))
    bins = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    filters: Floats = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return filters


def _hz_to_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


def _mel_to_hz(mel: Floats) -> Floats:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def _blocks(sound: Sound, hop: int) -> Iterator[Floats]:
    """Power spectra in blocks of rows, `[r, F]`, scaled so that a full-scale sine peaks at 1."""
    window = np.hanning(_WINDOW + 1)[:-1] / _FULL_SCALE
    before = (_WINDOW - _HOP) // 2
    padded = np.pad(sound, (before, _WINDOW), mode="symmetric")
    every = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    for start in range(0, len(sound), hop * _ROWS_AT_ONCE):
        rows = every[start : min(start + hop * _ROWS_AT_ONCE, len(sound)) : hop]
        yield np.abs(np.fft.rfft(rows * window, _FFT)) ** 2


def _shape(power: Floats, frequencies: Floats) -> tuple[Floats, Floats, Floats]:
    total = power.sum(1)
    silent = total < _FLOOR
    safe = np.where(silent, 1.0, total)
    centroid = power @ frequencies / safe
    below = np.cumsum(power, 1) < 0.85 * total[:, None]
    rolloff = frequencies[np.minimum(below.sum(1), len(frequencies) - 1)]
    audible = power[:, frequencies >= 100] + 1e-14
    flatness = 10 * (np.log10(audible).mean(1) - np.log10(audible.mean(1)))
    centroid, rolloff, flatness = (np.where(silent, np.nan, column) for column in (centroid, rolloff, flatness))
    return centroid, rolloff, flatness


def _db(power: Floats) -> Floats:
    return 10 * np.log10(np.maximum(power, _FLOOR))
