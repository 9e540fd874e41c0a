import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.sync import offset
from tfq.sync.distance import offsets

CALIBRATION = offset.Calibration((3.0, 0.3), (20.0, 0.5, 0.0, -5.0), (6.0, 6.0))


def bowl(centre, frames=60, depth=0.5):
    """Distances with their least value at `centre` in every frame."""
    row = 1 - depth * np.exp(-((offsets(15) - centre) ** 2) / 8)
    return np.tile(row, (frames, 1)).astype(np.float32)


@given(centre=st.floats(-13, 13))
def test_the_offset_is_right_to_a_tenth_of_a_frame(centre):
    answer = offset.of_clip(bowl(centre), np.ones(60, bool), CALIBRATION, 10)
    assert answer.status == "ok"
    assert answer.frames == pytest.approx(centre, abs=0.1)


@pytest.mark.parametrize("centre", [-16, -15, 15, 16])
def test_a_least_value_at_the_edge_is_named_and_not_a_number(centre):
    answer = offset.of_clip(bowl(centre), np.ones(60, bool), CALIBRATION, 10)
    assert answer.status == "at_search_edge"
    assert np.isnan(answer.frames)


def test_the_edge_of_what_was_measured_counts_as_an_edge():
    table = bowl(8)
    table[:, 15 + 9 :] = np.nan
    assert np.isnan(offset.of_clip(table, np.ones(60, bool), CALIBRATION, 10).frames)


def test_moments_tell_how_far_off_they_are_and_how_much_they_differ():
    usable = np.ones(60, bool)
    assert offset.moments(bowl(-6), usable) == (6, 0)
    assert offset.moments(bowl(20), usable) == (15, 0)  # beyond the search: at least so far
    size, spread = offset.moments(np.concatenate([bowl(-4, 200), bowl(4, 200)]), np.ones(400, bool))
    assert size == pytest.approx(4, abs=0.1)
    assert spread == pytest.approx(4, abs=0.2)
    assert np.isnan(offset.moments(bowl(0), np.zeros(60, bool))).all()


def test_few_frames_are_too_short_for_a_number():
    usable = np.zeros(60, bool)
    usable[:9] = True
    answer = offset.of_clip(bowl(0), usable, CALIBRATION, 10)
    assert answer.status == "too_short"
    assert np.isnan([answer.frames, answer.confidence, answer.probability]).all()


def test_probability_falls_with_the_offset_and_with_the_depth():
    usable = np.ones(60, bool)
    in_sync, shifted, flat = (
        offset.of_clip(table, usable, CALIBRATION, 10).probability for table in (bowl(0), bowl(4), bowl(0, depth=0.02))
    )
    assert in_sync > 0.9
    assert shifted < 0.05
    assert flat < 0.2


def test_the_curve_follows_a_jump():
    table = np.concatenate([bowl(0), bowl(5)])
    frames, confidence = offset.over_time(table, np.ones(120, bool), 25)
    assert frames[:40] == pytest.approx(np.zeros(40), abs=0.1)
    assert frames[80:] == pytest.approx(np.full(40, 5), abs=0.1)
    assert (confidence > 0).all()


def test_silence_leaves_gaps_in_the_curve():
    usable = np.ones(120, bool)
    usable[40:80] = False
    frames, confidence = offset.over_time(bowl(2, 120), usable, 25)
    assert np.isnan(frames[55:65]).all()
    assert np.isnan(confidence[55:65]).all()
    assert np.isfinite(frames[:30]).all()


def test_the_posterior_sums_to_one():
    chance = offset.posterior(bowl(3)[:4], np.array([1, 5, 25, 75]), (2.0, 0.5))
    assert chance.sum(axis=1) == pytest.approx(np.ones(4))
    assert (np.diff(chance.max(axis=1)) > 0).all()  # more frames, more certain
