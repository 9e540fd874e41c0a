"""Prosody: known pitch, known syllables, noise heard as noise, nothing where there is no voice."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.voices import tone, voice
from tfq.audio import prosody
from tfq.types import Span


@pytest.mark.parametrize("hz", [90.0, 150.0, 310.0])
def test_the_pitch_of_a_tone(hz: float) -> None:
    found = prosody.analyse(tone(hz, 1.0, harmonics=8))
    assert np.nanmedian(found.f0) == pytest.approx(hz, rel=0.002)
    assert found.jitter < 0.002
    assert len(found.f0) == 100


def test_noise_lowers_harmonicity_and_raises_jitter() -> None:
    clean, noisy = prosody.analyse(voice(3.0, 0.0005)), prosody.analyse(voice(3.0, 0.05))
    assert np.nanmean(noisy.hnr) < np.nanmean(clean.hnr) - 3
    assert noisy.jitter > clean.jitter


def test_each_burst_is_a_syllable() -> None:
    t = np.arange(48_000) / 16_000
    sound = tone(140, 3.0, harmonics=6) * np.maximum(0.01, np.sin(2 * np.pi * 2 * t) ** 2).astype(np.float32)
    nuclei = prosody.analyse(sound).nuclei
    assert len(nuclei) == pytest.approx(12, abs=1)
    assert np.diff(nuclei) == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(16_000, np.float32), voice(0.1)])
def test_nothing_is_made_up_where_there_is_no_voice(sound: np.ndarray) -> None:
    found = prosody.analyse(sound)
    assert np.isnan(found.f0).all()
    assert np.isnan([found.jitter, found.shimmer]).all()
    assert len(found.nuclei) == 0


def test_long_sound_goes_in_pieces_and_keeps_its_times() -> None:
    sound = np.zeros(70 * 16_000, np.float32)
    sound[65 * 16_000 : 66 * 16_000] = tone(200, 1.0, harmonics=5)
    found = prosody.analyse(sound)
    voiced = np.flatnonzero(np.isfinite(found.f0)) / 100
    assert voiced.min() == pytest.approx(65.0, abs=0.05)
    assert voiced.max() == pytest.approx(66.0, abs=0.05)
    assert all(65 <= time <= 66 for time in found.nuclei)


def test_rhythm_counts_pauses_between_words_only() -> None:
    spans = [Span(1.0, 2.0), Span(2.5, 3.5)]
    rhythm = prosody.rhythm(np.array([0.5, 1.2, 1.7, 2.2, 2.7, 3.2]), spans)
    assert rhythm.speech_rate == pytest.approx(4 / 2.5)
    assert rhythm.articulation_rate == pytest.approx(4 / 2.0)
    assert rhythm.pause_s == pytest.approx(0.5)
    assert rhythm.pause_share == pytest.approx(0.2)
    assert np.isnan(prosody.rhythm(np.zeros(0), []).speech_rate)


def test_pitch_on_the_grid_needs_half_a_frame_of_voice() -> None:
    rows = np.full(12, np.nan, np.float32)
    rows[[0, 1, 2, 3, 4, 8, 9]] = 100.0
    mean, share = prosody.voiced_to_grid(rows, 4)
    assert share[:3].tolist() == [1.0, 0.25, 0.5]
    assert mean[0] == mean[2] == 100.0
    assert np.isnan(mean[[1, 3]]).all()
