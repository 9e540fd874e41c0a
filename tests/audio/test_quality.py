"""Defects of recordings: each measure against sound made with a known amount of the defect."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.voices import tone, voice
from tfq.audio import quality, spectrum


@pytest.mark.parametrize("snr", [0.0, 10.0, 20.0, 30.0])
def test_wada_finds_the_ratio_it_assumes(snr: float) -> None:
    numbers = np.random.default_rng(0)
    speech = numbers.gamma(0.4, size=200_000) * numbers.choice([-1, 1], 200_000)
    speech *= 10 ** (snr / 20) / np.sqrt((speech**2).mean())
    mixed = (speech + numbers.normal(size=200_000)).astype(np.float32)
    assert quality.wada_snr(mixed / np.abs(mixed).max()) == pytest.approx(snr, abs=1.0)


def test_wada_does_not_hear_gain() -> None:
    sound = voice(2.0, 0.01)
    assert quality.wada_snr(sound * np.float32(0.01)) == pytest.approx(quality.wada_snr(sound), abs=0.01)
    assert np.isnan(quality.wada_snr(np.zeros(1000, np.float32)))


def test_pauses_against_speech() -> None:
    level = np.array([-20.0] * 10 + [-60.0] * 10, np.float32)
    speech = np.arange(20) < 10
    assert quality.pause_ratio_db(level, speech) == pytest.approx(40.0)
    assert np.isnan(quality.pause_ratio_db(level, np.ones(20, bool)))


@pytest.mark.parametrize("limit", [2000.0, 4000.0])
def test_bandwidth_is_where_the_sound_ends(limit: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 48_000)
    bins = np.fft.rfft(noise)
    bins[np.fft.rfftfreq(48_000, 1 / 16_000) > limit] = 0
    found = spectrum.analyse(np.fft.irfft(bins).astype(np.float32))
    assert quality.bandwidth_hz(found) == pytest.approx(limit, abs=200)


def test_hum_is_heard_under_the_voice_and_a_low_voice_is_no_hum() -> None:
    clean = voice(4.0, 0.003)
    hum = tone(50, 4.0, peak=0.01, harmonics=6)
    assert quality.hum_db(clean + hum) > quality.hum_db(clean) + 8
    assert np.isnan(quality.hum_db(clean[:16_000]))


def test_the_zero_line() -> None:
    assert quality.offset_of_zero(tone(100, 1.0) + np.float32(0.02)) == pytest.approx(0.02, abs=1e-4)
    assert np.isnan(quality.offset_of_zero(np.zeros(0, np.float32)))
