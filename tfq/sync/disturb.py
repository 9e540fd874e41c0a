"""Other rooms, microphones and voices in the background, for the sound of training clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfq.timebase import SAMPLE_RATE
from tfq.types import Floats, Sound

_VOICES = 4


def disturb(sound: Sound, others: Sequence[Sound], random: np.random.Generator) -> Sound:
    """One disturbed copy: reverberation, a microphone's curve, babble or noise, and another level.

    Args:
        sound: `[N]`.
        others: sounds that babble is made of.
        random: decides everything; the same state gives the same copy.
    """
    changed = _room(sound, random) if random.random() < 0.6 else sound
    changed = _microphone(changed, random)
    kind = random.integers(3)
    if kind < 2:
        noise = _babble(others, len(sound), random) if kind == 0 else _noise(len(sound), random)
        changed = changed + noise * changed.std() * 10 ** (-random.uniform(4, 25) / 20)
    level = 10 ** (random.uniform(-12, 3) / 20)
    return np.asarray(np.clip(changed * level, -1, 1), np.float32)


def _room(sound: Floats, random: np.random.Generator) -> Floats:
    """Reverberation of 0.08 to 0.5 s as decaying noise after the direct sound."""
    from scipy.signal import fftconvolve

    length = random.uniform(0.08, 0.5)
    times = np.arange(int(length * SAMPLE_RATE)) / SAMPLE_RATE
    tail = random.normal(size=len(times)) * np.exp(-6.9 * times / length) * random.uniform(0.03, 0.25)
    tail[0] = 1.0
    return np.asarray(fftconvolve(sound, tail)[: len(sound)])


def _microphone(sound: Floats, random: np.random.Generator) -> Floats:
    """A smooth gain over frequency of up to 8 dB either way."""
    spectrum = np.fft.rfft(sound)
    gain = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 6) ** 1.5, random.uniform(-8, 8, 6))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(sound))


def _babble(others: Sequence[Sound], count: int, random: np.random.Generator) -> Floats:
    chosen = [others[int(random.integers(len(others)))] for _ in range(_VOICES)]
    mixed = np.sum(
        [np.resize(np.roll(one, random.integers(len(one))), count) / (one.std() + 1e-4) for one in chosen], axis=0
    )
    return np.asarray(mixed / (mixed.std() + 1e-9))


def _noise(count: int, random: np.random.Generator) -> Floats:
    """Between white and pink, of unit deviation."""
    spectrum = np.fft.rfft(random.normal(size=count))
    slope = np.maximum(np.arange(len(spectrum)), 20.0) ** random.uniform(0, 0.8)
    noise = np.fft.irfft(spectrum / slope, count)
    return np.asarray(noise / (noise.std() + 1e-9))
