from __future__ import annotations

import numpy as np
import pytest

from tfq.media import recode

RANDOM = np.random.default_rng(0)


def moving(count: int, height: int = 64, width: int = 80) -> np.ndarray:
    """Smooth texture that moves to the right."""
    wide = np.cumsum(np.cumsum(RANDOM.normal(size=(height, width + 4 * count, 3)), 0), 1)
    wide = (wide - wide.min()) / (wide.max() - wide.min()) * 255
    return np.stack([wide[:, 4 * i : 4 * i + width] for i in range(count)]).astype(np.uint8)


def speech_like(count: int = 32_000) -> np.ndarray:
    time = np.arange(count) / 16_000
    tone = sum(np.sin(2 * np.pi * 130 * n * time) / n for n in range(1, 20))
    return (0.1 * tone * (1 + np.sin(2 * np.pi * 3 * time)) * np.minimum(1, 10 * time)).astype(np.float32)


@pytest.mark.parametrize("shape", [(64, 80), (63, 81)])
def test_as_many_pictures_of_the_same_size_come_back(shape):
    before = moving(12, *shape)
    after = np.stack(list(recode.pictures(iter(before), 20)))
    assert after.shape == before.shape
    assert np.abs(after.astype(float) - before).mean() < 6


def test_a_coarser_quantiser_loses_more():
    before = moving(12)
    after = [np.stack(list(recode.pictures(iter(before), quantiser))).astype(float) for quantiser in (20, 35, 50)]
    losses = [np.abs(pictures - before).mean() for pictures in after]
    assert losses[0] < losses[1] < losses[2]


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
