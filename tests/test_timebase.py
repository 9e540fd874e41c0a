import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq import timebase

COUNTS = st.integers(0, 200)
RATES = st.sampled_from([25.0, 30.0, 50.0, 100.0]) | st.floats(25, 400)


@given(st.integers(0, 10**6), st.floats(0, 0.999))
def test_a_frame_is_shown_from_its_start_to_the_next(frame, part):
    assert timebase.frame_at(timebase.seconds_of(frame)) == frame
    assert timebase.frame_at(timebase.seconds_of(frame + part)) == frame


@given(st.integers(0, 10**4))
def test_units_agree(frames):
    assert timebase.milliseconds_of(frames) == pytest.approx(1000 * timebase.seconds_of(frames))
    assert timebase.samples_of(frames) == pytest.approx(timebase.seconds_of(frames) * timebase.SAMPLE_RATE)
    times = timebase.frame_times(frames)
    assert len(times) == frames
    assert [timebase.frame_at(time) for time in times[-3:]] == list(range(frames))[-3:]


def test_samples_divide_into_frames():
    assert timebase.SAMPLES_PER_FRAME * timebase.FPS == timebase.SAMPLE_RATE


@given(RATES, st.integers(1, 60))
def test_a_constant_stays_itself(rate, count):
    rows = np.full((int(np.ceil(count * rate / 25)) + 1, 2), 3.5, np.float32)
    grid = timebase.rows_to_grid(rows, rate, count)
    assert grid.shape == (count, 2)
    assert grid.dtype == np.float32
    assert np.allclose(grid, 3.5)


@given(RATES, st.integers(1, 60))
def test_a_ramp_stays_where_it_is_in_time(rate, count):
    rows = (np.arange(int(np.ceil(count * rate / 25)) + 1) + 0.5) / rate  # the middle of each row, in seconds
    grid = timebase.rows_to_grid(rows[:, None], rate, count)[:, 0]
    assert np.allclose(grid, timebase.frame_times(count) + 0.5 / timebase.FPS, atol=0.5 / rate)


@given(RATES, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_nothing_is_lost_and_nothing_counted_twice(rate, count, seed):
    whole = count * rate / 25
    rows = np.random.default_rng(seed).normal(size=(int(np.ceil(whole)), 1))
    weights = np.clip(whole - np.arange(len(rows)), 0, 1)
    grid = timebase.rows_to_grid(rows, rate, count)
    assert grid.sum() * rate / 25 == pytest.approx(float(weights @ rows[:, 0]), abs=1e-6)


def test_50_hz_rows_are_averaged_in_pairs():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    assert np.allclose(timebase.rows_to_grid(rows, 50, 20), rows.reshape(20, 2, 3).mean(axis=1))


@given(st.integers(0, 39), st.sampled_from([25, 50, 100]))
def test_an_absent_row_makes_exactly_its_frame_absent(row, rate):
    rows = np.ones((40, 2))
    rows[row, 1] = np.nan
    grid = timebase.rows_to_grid(rows, rate, 40 * 25 // rate)
    assert np.isfinite(grid[:, 0]).all()
    assert np.flatnonzero(np.isnan(grid[:, 1])).tolist() == [row * 25 // rate]


@given(COUNTS, COUNTS)
def test_frames_beyond_the_rows_are_absent(rows, count):
    grid = timebase.rows_to_grid(np.ones((rows, 1)), 50, count)[:, 0]
    assert len(grid) == count
    covered = min(count, (rows + 1) // 2)  # half a frame is enough
    assert np.isfinite(grid[:covered]).all()
    assert np.isnan(grid[covered:]).all()


def test_rows_of_any_rank_keep_it():
    assert timebase.rows_to_grid(np.ones((50, 4, 3), np.float32), 50, 25).shape == (25, 4, 3)
    assert timebase.rows_to_grid(np.ones(50, np.float32), 50, 25).shape == (25,)
    assert timebase.rows_to_grid(np.ones((0, 7), np.float32), 50, 0).shape == (0, 7)
