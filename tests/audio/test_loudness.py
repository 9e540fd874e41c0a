"""Loudness: the standard's own numbers, silence without a number, gain that changes nothing it should not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.voices import tone, voice
from tfq.audio import loudness


def test_a_full_scale_sine_of_997_hz_is_at_minus_three_lufs() -> None:
    # ITU-R BS.1770-4, annex 1: one channel at 0 dBFS reads -3.01 LKFS; meters may be off by 0.1 (EBU Tech 3341).
    assert loudness.integrated(tone(997, 5.0, peak=1.0)) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(32_000, np.float32), voice(0.3)])
def test_what_is_silent_or_short_has_no_loudness(sound: np.ndarray) -> None:
    assert np.isnan(loudness.integrated(sound))


@given(st.floats(-60, 0))
def test_normalising_brings_any_level_to_the_peak(gain_db: float) -> None:
    sound = voice(0.5) * np.float32(10 ** (gain_db / 20))
    assert loudness.peak_db(loudness.normalise(sound, -1.0)) == pytest.approx(-1.0, abs=1e-3)


def test_silence_stays_silent() -> None:
    silence = np.zeros(1000, np.float32)
    assert (loudness.normalise(silence, -1.0) == 0).all()
    assert np.isnan(loudness.peak_db(silence))


def test_level_covers_what_the_sound_covers() -> None:
    level = loudness.level_db(tone(500, 1.0)[: 10 * 640 + 400], 20)
    assert level[:11] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.2)
    assert np.isnan(level[11:]).all()


@given(st.floats(0.05, 1.0))
def test_clipping_is_seen_whatever_was_done_to_the_gain_later(gain: float) -> None:
    clean = voice(1.0, noise=0.01)
    overloaded = np.clip(clean * 4, -0.8, 0.8) * np.float32(gain)
    assert loudness.clipped(clean).sum() == 0
    assert loudness.clipped(overloaded).mean() > 0.01
    assert loudness.tail_db(overloaded) < loudness.tail_db(clean) - 2


def test_clipped_samples_are_those_at_the_limit() -> None:
    sound = np.array([0, 0.5, 0.9, 0.9, 0.9, 0.1, -0.9, 0.9, -0.9, -0.9, 0], np.float32)
    assert np.flatnonzero(loudness.clipped(sound)).tolist() == [2, 3, 4]
