import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter1d

from tfq.fusion.rows import LIMIT, Statistics, _centred_mean, combine, normalise, sync_rows

OFFSETS = np.arange(-15, 16)


def clip(seed: int, frames: int = 40) -> dict[str, np.ndarray]:
    values = np.random.default_rng(seed).normal(3.0, 2.0, (frames, 4))
    values[seed % frames, seed % 4] = np.nan
    return {"lips": values}


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6), st.data())
def test_statistics_do_not_depend_on_how_clips_are_shared_out(seeds, data):
    cut = data.draw(st.integers(1, len(seeds) - 1))
    whole, left, right = Statistics(), Statistics(), Statistics()
    for i, seed in enumerate(seeds):
        whole.add(clip(seed))
        (left if i < cut else right).add(clip(seed))
    left.merge(right)
    rows = np.concatenate([clip(seed)["lips"] for seed in seeds])
    for mean, deviation in (whole.scale("lips"), left.scale("lips")):
        np.testing.assert_allclose(mean, np.nanmean(rows, 0), rtol=1e-9)
        np.testing.assert_allclose(deviation, np.nanstd(rows, 0), rtol=1e-9)


def test_a_constant_column_is_zero_after_normalisation():
    statistics = Statistics()
    statistics.add({"x": np.full((9, 1), 7.0)})
    rows, present = normalise(np.full((9, 1), 7.0), *statistics.scale("x"))
    assert (rows == 0).all()
    assert present.all()


def test_absent_rows_are_marked_and_finite_and_wild_ones_are_cut():
    rows, present = normalise(np.array([[np.nan, np.nan], [1e9, np.nan], [0.0, 0.0]]), np.zeros(2), np.ones(2))
    assert np.isfinite(rows).all()
    assert present.tolist() == [False, True, True]
    assert rows[1, 0] == LIMIT


def test_clip_values_stand_beside_every_row_and_invalid_rows_are_absent():
    rows = combine(np.ones((3, 2)), np.array([True, False, True]), np.array([5.0]))
    assert rows.shape == (3, 3)
    assert np.isnan(rows[1, :2]).all()
    assert (rows[:, 2] == 5).all()


@pytest.mark.parametrize("shift", [-7, 0, 4])
def test_sync_rows_tell_the_offset_of_the_moment_and_of_the_clip(shift):
    distance = np.abs(OFFSETS - shift) / 15 + np.zeros((60, 1))
    rows = sync_rows(distance, np.ones(60, bool), OFFSETS)
    whole, moment = rows[:, -4:], rows[:, -8:-4]
    assert (whole[:, 0] == shift).all()
    assert (moment[20:40, 0] == shift).all()
    assert (whole[:, 1] == abs(shift)).all()


def test_sync_rows_of_a_clip_without_speech_are_absent():
    rows = sync_rows(np.full((30, 31), np.nan), np.zeros(30, bool), OFFSETS)
    assert rows.shape == (30, 70)
    assert np.isnan(rows).all()


@pytest.mark.parametrize(("length", "window"), [(300, 25), (300, 24), (7, 25), (1, 3)])
def test_a_moments_mean_is_scipys(length: int, window: int) -> None:
    series = np.random.default_rng(0).random((length, 31))
    theirs = uniform_filter1d(series, window, axis=0, mode="constant")
    np.testing.assert_allclose(_centred_mean(series, window), theirs, atol=1e-12)
