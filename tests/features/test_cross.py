"""Sound against picture: known lags found, mouth and voice compared in the right frames."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.voices import tone
from tests.features.clips import clip, talking
from tfq.features import MEASUREMENTS, cross, face_points, lips
from tfq.timebase import SAMPLES_PER_FRAME

ROW = MEASUREMENTS["cross"]


def whole(found: object) -> dict[str, float]:
    return {column.name: float(v) for column, v in zip(ROW.clip_columns, found.clip, strict=True)}  # type: ignore[attr-defined]


@given(st.integers(-15, 15))
def test_the_lag_is_positive_where_the_sound_is_early(lag: int) -> None:
    picture = np.random.default_rng(0).normal(size=200)
    sound = np.roll(picture, -lag)
    curve = cross.correlation_curve(sound, picture, 15)
    assert curve.argmax() - 15 == lag
    assert curve.max() == pytest.approx(1.0, abs=0.15)


def test_a_mouth_that_follows_the_voice_correlates_and_a_late_voice_is_told() -> None:
    opening = lips.opening_of(face_points.in_head_axes(talking(200)))
    gain = np.interp(np.arange(200 * SAMPLES_PER_FRAME) / SAMPLES_PER_FRAME - 0.5, np.arange(200), opening)
    voiced = tone(150, 8.0, harmonics=10) * ((gain - gain.min()) / np.ptp(gain) + 0.003).astype(np.float32)
    heard = np.ones(200, bool)
    together = whole(ROW(clip(200, sound=voiced, speech=heard)))
    late = whole(ROW(clip(200, sound=np.roll(voiced, 3 * SAMPLES_PER_FRAME), speech=heard, offset=-3.0)))
    assert together["correlation"] > 0.8
    assert together["best_lag"] == 0
    assert late["best_lag"] == -3
    assert late["correlation_in_sync"] == pytest.approx(together["correlation"], abs=0.05)
    assert late["correlation"] < together["correlation"] - 0.2


def test_a_moving_mouth_in_silence_and_a_still_one_in_speech() -> None:
    given = clip(100)
    still = np.repeat(given.landmarks[:1], 100, 0)
    talks_in_silence = np.where(given.speech[:, None, None], still, given.landmarks)
    good = np.where(given.speech[:, None, None], given.landmarks, still)
    found = {
        name: whole(ROW(dataclasses.replace(given, landmarks=one)))
        for name, one in (("bad", talks_in_silence), ("good", good))
    }
    assert found["bad"]["silence_to_speech"] > 1 > found["good"]["silence_to_speech"]
    assert found["bad"]["still_in_speech"] > found["good"]["still_in_speech"]
    assert found["bad"]["moving_in_silence"] > found["good"]["moving_in_silence"]


def test_without_pauses_the_reason_says_so() -> None:
    found = ROW(clip(100, speech=np.ones(100, bool)))
    assert found.absent["silence_to_speech"] == "no_pauses"
    assert found.absent["correlation_in_sync"] == "no_offset"


def test_local_correlation_is_the_plain_formula_in_the_middle() -> None:
    numbers = np.random.default_rng(0)
    one, other = numbers.normal(size=(2, 120))
    other += one
    found = cross.local_correlation(one, other, 50)
    assert found[60] == pytest.approx(np.corrcoef(one[35:85], other[35:85])[0, 1], abs=0.02)
    assert np.isfinite(found).all()
    assert np.isnan(cross.local_correlation(one[:8], other[:8], 50)).all()
