from __future__ import annotations

import numpy as np
import pytest

from tfq.media import recode


def speech_like(count: int = 32_000) -> np.ndarray:
    time = np.arange(count) / 16_000
    tone = sum(np.sin(2 * np.pi * 130 * n * time) / n for n in range(1, 20))
    return (0.1 * tone * (1 + np.sin(2 * np.pi * 3 * time)) * np.minimum(1, 10 * time)).astype(np.float32)


# AMR turns the phase of what lies under 300 Hz.
@pytest.mark.parametrize(
    ("codec", "rate", "least"), [("libopus", 16_000, 0.9), ("aac", 48_000, 0.9), ("libopencore_amrnb", 12_200, 0.4)]
)
def test_sound_comes_back_in_its_place(codec, rate, least):
    before = speech_like()
    after = recode.sound(before, codec, rate)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    middle = slice(4_000, 28_000)
    likeness = [np.dot(before[middle], np.roll(after, shift)[middle]) for shift in range(-40, 41)]
    assert abs(int(np.argmax(likeness)) - 40) <= 4  # a quarter of a millisecond
    assert np.corrcoef(before[middle], after[middle])[0, 1] > least


def test_silence_stays_silent():
    assert np.abs(recode.sound(np.zeros(8_000, np.float32), "libopus", 16_000)).max() < 1e-3
