import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.sync.distance import distances, offsets, overall, pooled

REACH = 15


def units(count, seed):
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(early=st.integers(-12, 12), seed=st.integers(0, 9))
def test_sound_that_is_early_is_found_at_a_positive_offset(early, seed):
    sound = units(80, seed)
    picture = np.roll(sound, early, axis=0)  # the sound of picture t is at t - early
    mean = overall(distances(picture, sound, REACH), np.ones(80, bool))
    assert offsets(REACH)[np.nanargmin(mean)] == early


def test_pairs_outside_the_clip_are_absent_not_zero():
    table = distances(units(20, 0), units(20, 1), REACH)
    assert np.isnan(table[0, REACH + 1 :]).all()  # nothing sounds before the start
    assert np.isnan(table[-1, :REACH]).all()  # nor after the end
    assert np.isfinite(table[:, REACH]).all()


def test_a_frame_without_a_face_has_no_distance():
    picture = units(40, 0)
    picture[7] = np.nan
    table = distances(picture, units(40, 1), REACH)
    assert np.isnan(table[7]).all()
    assert np.isfinite(table[20]).all()


@given(length=st.integers(1, 60))
def test_pooling_is_the_mean_over_the_window(length):
    table = np.random.default_rng(3).random((50, 31)).astype(np.float32)
    usable = np.random.default_rng(4).random(50) < 0.7
    mean, frames = pooled(table, usable, length)
    middle = 25
    first = middle - (length - 1) // 2
    inside = slice(max(first, 0), min(first + length, 50))
    assert frames[middle] == usable[inside].sum()
    if frames[middle]:
        assert mean[middle] == pytest.approx(table[inside][usable[inside]].mean(axis=0), abs=1e-5)


def test_an_offset_measured_on_few_frames_only_is_absent():
    table = distances(units(20, 0), units(20, 1), REACH)
    mean = overall(table, np.ones(20, bool))
    assert np.isnan(mean[0])  # 5 of 20 frames have a partner at the far end
    assert np.isnan(mean[-1])
    assert np.isfinite(mean[REACH - 10 : REACH + 11]).all()
