"""The spectrum: rows where the grid wants them, filters and cepstrum by their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dct

from tests.audio.voices import tone, voice
from tfq.audio import spectrum
from tfq.timebase import SAMPLES_PER_FRAME, rows_to_grid


@given(st.integers(1, 23))
def test_a_click_lies_in_the_frame_that_owns_its_sample(frame: int) -> None:
    sound = np.zeros(25 * SAMPLES_PER_FRAME, np.float32)
    sound[frame * SAMPLES_PER_FRAME + SAMPLES_PER_FRAME // 2] = 1.0
    rows = 10 ** (spectrum.analyse(sound).mel.mean(1, keepdims=True) / 10)
    assert rows_to_grid(rows, spectrum.ROW_RATE, 25).argmax() == frame


def test_rows_around_a_click_are_symmetric() -> None:
    sound = np.zeros(8000, np.float32)
    sound[3999:4001] = 1.0  # the edge between rows 24 and 25
    energy = spectrum.analyse(sound).mel.mean(1)
    np.testing.assert_allclose(energy[23:25], energy[26:24:-1], atol=0.2)  # Hann's own half sample


def test_the_same_sound_later_gives_the_same_rows_later() -> None:
    sound = voice(2.0)
    rows, later = spectrum.analyse(sound), spectrum.analyse(np.concatenate([np.zeros(16_000, np.float32), sound]))
    np.testing.assert_allclose(later.mel[105:], rows.mel[5:], atol=1e-3)
    np.testing.assert_allclose(later.flatness[105:], rows.flatness[5:], atol=1e-3)


@pytest.mark.parametrize("hz", [200.0, 1000.0, 3000.0])
def test_a_tone_is_where_its_frequency_is(hz: float) -> None:
    found = spectrum.analyse(tone(hz, 1.0))
    assert np.median(found.centroid) == pytest.approx(hz, rel=0.02)
    peak = spectrum.mel_filters(80, 512, 0, 8000)[int(np.median(found.mel.argmax(1)))]
    assert abs(found.frequencies[peak.argmax()] - hz) < 0.06 * hz + 31.25


def test_gain_moves_every_band_by_itself() -> None:
    sound = voice(1.0, noise=0.05)
    quiet = spectrum.analyse(sound * np.float32(0.1)).mel
    above = quiet > -105  # the floor does not move
    np.testing.assert_allclose((spectrum.analyse(sound).mel - quiet)[above], 20, atol=0.01)


def test_noise_is_flat_and_a_tone_is_not() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    assert np.median(spectrum.analyse(noise).flatness) > -4
    assert np.median(spectrum.analyse(tone(440, 1.0)).flatness) < -40


def test_digital_silence_has_no_shape() -> None:
    found = spectrum.analyse(np.zeros(3200, np.float32))
    assert np.isnan(found.centroid).all()
    assert np.isnan(found.flatness).all()
    assert (found.mel == -110).all()


def test_cepstrum_is_the_orthonormal_cosine_transform() -> None:
    mel = spectrum.analyse(voice(0.5)).mel
    np.testing.assert_allclose(spectrum.mfcc(mel), dct(mel, norm="ortho", axis=1)[:, :13], atol=1e-3)


def test_delta_of_a_ramp_is_its_slope() -> None:
    ramp = np.arange(20, dtype=np.float32)[:, None] * [3.0, -1.0]
    np.testing.assert_allclose(spectrum.delta(ramp)[2:-2], [[3.0, -1.0]] * 16)
