"""The log-mel spectrum that Whisper was trained on, without its padding to 30 s."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

N_FFT = 400
HOP = 160
MELS = 80
_DYNAMIC_RANGE = 8.0  # powers of ten below the loudest value of the clip


def whisper_mel(sound: Sound) -> NDArray[np.float32]:
    """Log-mel spectrum of a clip (Radford et al. 2022, `audio.py`).

    Args:
        sound: `[N]` float32, 16 kHz mono, full scale 1.0.

    Returns:
        `[80, N // 160]` float32, about -1 to 1.5; column `j` is centred on `j / 100` seconds. What lies more than 80 dB
        below the loudest value of the clip is raised to that, so a column depends a little on the whole clip.
    """
    if len(sound) < HOP:
        return np.zeros((MELS, 0), np.float32)
    padded = np.pad(np.asarray(sound, np.float32), N_FFT // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][: len(sound) // HOP]  # [T, 400]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    power = np.empty((len(windows), N_FFT // 2 + 1), np.float32)
    for start in range(0, len(windows), 1000):  # ten seconds at a time: windows overlap and would fill the memory
        power[start : start + 1000] = np.abs(np.fft.rfft(windows[start : start + 1000] * hann)) ** 2
    mel = np.log10(np.maximum(slaney_filters() @ power.T, 1e-10))
    mel = np.maximum(mel, mel.max() - _DYNAMIC_RANGE)
    scaled: NDArray[np.float32] = ((mel + 4.0) / 4.0).astype(np.float32)
    return scaled


@cache
def slaney_filters() -> Floats:
    """Triangles over the bins of the transform, `[80, 201]` float32, each of unit area (Slaney 1998)."""
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), MELS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    width = np.diff(edges)
    slopes = edges[:, None] - bins  # [82, 201]
    rising, falling = -slopes[:-2] / width[:-1, None], slopes[2:] / width[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: Floats = (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return filters


# Slaney's scale: linear to 1 kHz, which is 15 mel; above it 27 mel to each factor of 6.4.
_LINEAR = 200.0 / 3.0
_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz / _LINEAR
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _LOG_STEP)


def _hertz(mel: NDArray[Any]) -> NDArray[Any]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR, above)
