"""Synthetic voices for the tests of what listens to them."""

from __future__ import annotations

import numpy as np

from tfq.timebase import SAMPLE_RATE
from tfq.types import Sound


def voice(seconds: float, noise: float = 0.001) -> Sound:
    """A buzzing voice: four syllables a second, a gliding pitch, two moving formants, over white noise.

    No random generator, so that the samples are the same with every version of numpy.
    """
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    f0 = 120 + 25 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    first, second = 500 + 250 * np.sin(2 * np.pi * 1.9 * t), 1500 + 500 * np.sin(2 * np.pi * 1.3 * t + 1)
    sound = np.zeros(len(t))
    for k in range(1, 31):
        near = np.exp(-(((k * f0 - first) / 150) ** 2)) + 0.5 * np.exp(-(((k * f0 - second) / 200) ** 2)) + 0.02
        sound += near * np.sin(k * phase)
    sound *= np.maximum(0, np.sin(2 * np.pi * 2 * t)) * (np.sin(2 * np.pi * 0.31 * t) > -0.7)
    state = (np.arange(len(t), dtype=np.uint64) * np.uint64(2654435761)) % np.uint64(2**32)
    hiss = ((state ^ (state >> np.uint64(15))) * np.uint64(2246822519) % np.uint64(2**32)) / 2**31 - 1
    return (0.5 * sound / np.abs(sound).max() + noise * hiss).astype(np.float32)


def tone(hz: float, seconds: float, peak: float = 0.5, harmonics: int = 1) -> Sound:
    """A steady tone with equally strong harmonics."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = sum(np.sin(2 * np.pi * hz * k * t) for k in range(1, harmonics + 1))
    return (peak * sound / np.abs(sound).max()).astype(np.float32)
