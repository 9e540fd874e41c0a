from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.audio.whisper_mel import slaney_filters, whisper_mel


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(16_000 * seconds)) / 16_000)).astype(np.float32)


@given(samples=st.integers(0, 20_000))
def test_there_is_a_column_for_every_whole_hop(samples: int) -> None:
    mel = whisper_mel(np.zeros(samples, np.float32))
    assert mel.shape == (80, samples // 160)
    assert mel.dtype == np.float32
    assert np.isfinite(mel).all()


@pytest.mark.parametrize("hertz", [200, 440, 1000, 3000, 7000])
def test_a_tone_is_loudest_in_the_band_around_it(hertz: float) -> None:
    band = whisper_mel(tone(hertz))[:, 50].argmax()
    reach = np.flatnonzero(slaney_filters()[band]) * 40.0  # Hz
    assert reach.min() - 40 <= hertz <= reach.max() + 40


def test_an_event_is_where_it_happens() -> None:
    sound = np.zeros(32_000, np.float32)
    sound[16_000:] = tone(500)
    loud = whisper_mel(sound).max(axis=0)
    assert np.diff(loud).argmax() in (98, 99)


def test_quiet_parts_are_lifted_to_80_db_below_the_loudest() -> None:
    mel = whisper_mel(np.concatenate([tone(500), np.zeros(16_000, np.float32)]))
    assert mel.max() - mel.min() == pytest.approx(2.0)


def test_every_band_has_unit_area() -> None:
    areas = slaney_filters().sum(axis=1) * 40.0
    np.testing.assert_allclose(areas[20:], 1.0, atol=0.1)
