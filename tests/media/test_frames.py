import io
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make import BLACK, clip, damaged, number, picture, shown, truncated
from tests.odd import flagged
from tfq import timebase
from tfq.errors import InputError
from tfq.media import writer
from tfq.media.clock import STRAY, rising
from tfq.media.frames import frames, timeline


def numbers(source, grid=None, **options) -> list[int]:
    """The number that each grid frame shows."""
    grid = timeline(source) if grid is None else grid
    return [number(pixels) for _, pixels in frames(source, grid.picture, **options)]


def test_25_fps_maps_one_to_one(plain):
    grid = timeline(plain)
    assert numbers(plain, grid) == list(range(50))
    assert not grid.repeated.any()
    assert not grid.damaged.any()
    assert (grid.start_s, grid.rotation, grid.errors) == (0, 0, 0)


@pytest.mark.parametrize("fps", [10, 15, 24, Fraction(24_000, 1001), 30, Fraction(30_000, 1001), 50, 60, 120])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_other_rates_show_the_picture_of_the_moment(tmp_path, fps, ending):
    path = clip(tmp_path / f"a.{ending}", fps=fps)
    grid = timeline(path)
    seen = np.array(numbers(path, grid))
    count = round(2 * Fraction(fps))
    assert len(grid) == round(float(count / Fraction(fps)) * timebase.FPS)
    assert seen.max() < count
    error_s = seen / float(fps) - timebase.frame_times(len(grid))
    # Never later than half a picture, or the sound would lag behind what is seen of it; in the mean not off by more.
    assert error_s.max() <= 0.5 * min(1 / float(fps), 0.04) + 0.001
    assert error_s.min() >= -1 / float(fps)
    assert np.all(np.diff(seen) >= 0)
    assert set(seen) == set(range(count)) if fps <= 25 else not grid.repeated.any()
    assert np.allclose(grid.source_time_s, seen / float(fps), atol=0.0011)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "webm"])
def test_25_fps_maps_one_to_one_in_any_container(tmp_path, ending):
    path = clip(tmp_path / f"a.{ending}", codec="libvpx" if ending == "webm" else "libx264")
    grid = timeline(path)
    assert numbers(path, grid) == list(range(50))
    assert not grid.damaged.any()


def test_a_variable_rate_is_followed(tmp_path):
    times = [0, 0.04, 0.08, 0.3, 0.31, 0.32, 0.6, 0.7, 0.9]
    path = clip(tmp_path / "a.mp4", times=times)
    grid = timeline(path)
    seen = numbers(path, grid)
    for frame in range(len(seen)):
        now = max(i for i, time in enumerate(times) if time <= timebase.seconds_of(frame) + 0.02)
        assert seen[frame] == now, frame
    assert shown(np.flatnonzero(grid.repeated)[:4]) == [3, 4, 5, 6]
    assert not grid.damaged.any()


def test_a_late_start_is_the_start_of_the_grid(tmp_path):
    path = clip(tmp_path / "a.mp4", start_s=0.5)
    grid = timeline(path)
    assert grid.start_s == pytest.approx(0.5)
    assert numbers(path, grid) == list(range(50))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_stand_upright(tmp_path, rotation):
    path = clip(tmp_path / "a.mp4", rotation=rotation, duration_s=0.4)
    grid = timeline(path)
    assert (grid.width, grid.height) == (128, 96)
    assert next(frames(path, grid.picture))[1].shape == (96, 128, 3)
    assert numbers(path, grid) == list(range(10))


@pytest.mark.parametrize("matrix", [(-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0), (0, 0, 0, 0)])
def test_mirrored_pictures_are_shown_as_players_show_them(tmp_path, matrix):
    flagged(matrix, size=(128, 96))(tmp_path / "a.mp4")
    grid = timeline(tmp_path / "a.mp4")
    _, pixels = next(frames(tmp_path / "a.mp4", grid.picture))
    assert pixels.shape[:2] == (grid.height, grid.width)
    stored = picture(0, (128, 96)).astype(int)
    a, b, c, d = matrix if any(matrix) else (1, 0, 0, 1)
    for x, y in ((16, 16), (112, 16), (16, 80), (112, 80)):
        width, height = (96, 128) if b else (128, 96)
        right, down = a * x + c * y, b * x + d * y
        shown = pixels[down if down > 0 else height + down, right if right > 0 else width + right]
        assert np.abs(shown - stored[y, x]).max() < 20


@pytest.mark.parametrize("rotation", [0, 90])
def test_pixels_come_out_square(tmp_path, rotation):
    # The stretch is along the rows that are stored, whichever way they are turned.
    path = clip(tmp_path / "a.mp4", size=(64, 96), aspect=Fraction(2, 1), duration_s=0.2, rotation=rotation)
    grid = timeline(path)
    pixels = next(frames(path, grid.picture))[1]
    assert (grid.height, grid.width) == pixels.shape[:2] == ((96, 128) if rotation == 0 else (192, 64))


def test_colours_are_rgb(tmp_path):
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    writer.write(tmp_path / "red.mp4", [red] * 3, None)
    grid = timeline(tmp_path / "red.mp4")
    _, pixels = next(frames(tmp_path / "red.mp4", grid.picture))
    assert np.abs(pixels.mean(axis=(0, 1)) - [200, 0, 0]).max() < 8


def test_black_pictures_are_dark_and_flat(tmp_path):
    path = clip(tmp_path / "a.mp4", black=range(3, 6), duration_s=0.4)
    grid = timeline(path)
    dark = (grid.dark < 8) & (grid.flat < 6)
    assert shown(np.flatnonzero(dark)) == [3, 4, 5]
    assert numbers(path, grid)[3:6] == [BLACK] * 3


@settings(max_examples=15)
@given(start=st.integers(0, 55), stop=st.none() | st.integers(0, 60), step=st.integers(1, 20))
def test_any_part_is_that_part_of_the_whole(plain, start, stop, step):
    grid = timeline(plain)
    part = list(frames(plain, grid.picture, start, stop, step))
    assert [index for index, _ in part] == list(range(50))[start:stop:step]
    assert [number(pixels) for _, pixels in part] == list(range(50))[start:stop:step]


def test_every_reading_is_the_same(plain):
    first = timeline(plain, threads=1)
    for again in (timeline(plain, threads=2), timeline(io.BytesIO(plain.read_bytes()))):
        assert np.array_equal(first.picture, again.picture)
        assert np.array_equal(first.dark, again.dark)
    assert numbers(io.BytesIO(plain.read_bytes()), first) == list(range(50))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize("packets", [[12, 25, 26], [10, 20], [45, 46, 47, 48, 49]])
def test_damage_is_marked_where_it_shows_and_shifts_nothing(tmp_path, packets, ending, threads):
    path = damaged(clip(tmp_path / f"a.{ending}"), packets)
    grid = timeline(path, threads=threads)
    seen = np.array(numbers(path, grid, threads=1))
    assert len(seen) == len(grid) == 50
    wrong = seen != np.arange(50)
    assert wrong.any()
    assert grid.errors >= 1
    assert not (wrong & ~grid.damaged).any()
    # It ends with the next key picture: one in ten.
    assert not grid.damaged[[i for i in range(50) if i // 10 not in {p // 10 for p in packets}]].any()


def test_a_file_cut_short_is_read_as_far_as_it_goes(tmp_path):
    for ending in ("mkv", "ts"):
        path = truncated(clip(tmp_path / f"a.{ending}"), 0.7)
        grid = timeline(path)
        assert 10 < len(grid) < 50
        seen = numbers(path, grid)
        assert seen[:10] == list(range(10))


def test_nothing_to_decode_is_an_input_error(tmp_path):
    path = clip(tmp_path / "a.mkv")
    path = damaged(path, range(50), share=1.0)
    with pytest.raises(InputError, match="no picture in it can be decoded"):
        timeline(path)


def test_a_clip_over_the_limit_is_refused(plain):
    with pytest.raises(InputError, match="over the limit of 1 s"):
        timeline(plain, max_duration_s=1.0)


def test_memory_does_not_grow_with_the_clip(tmp_path):
    size = (640, 480)
    path = clip(tmp_path / "a.mp4", duration_s=4, size=size)
    grid = timeline(path)
    tracemalloc.start()
    for _ in frames(path, grid.picture):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 640 * 480 * 3


STEADY = np.arange(200) * 0.04


@given(st.lists(st.floats(0.001, 5.0), min_size=1, max_size=200), st.floats(-10, 1000))
def test_stamps_that_rise_stay(steps, first):
    stamps = first + np.cumsum(steps)
    times, _ = rising(stamps, 0.04)
    assert np.array_equal(times, stamps)


@given(st.lists(st.none() | st.integers(-(10**10), 10**10) | st.integers(0, 100), min_size=1, max_size=60))
def test_whatever_the_stamps_are_the_times_rise(ticks):
    times, usual = rising(np.array([np.nan if tick is None else tick / 1000 for tick in ticks]), 0.04)
    assert usual > 0
    assert np.isfinite(times).all()
    assert np.all(np.diff(times) > 0)


@given(
    place=st.integers(2 * STRAY, 180), count=st.integers(1, STRAY), by=st.floats(-5, 5).filter(lambda x: abs(x) > 0.5)
)
def test_stray_stamps_shift_nothing_else(place, count, by):
    stamps = STEADY.copy()
    stamps[place : place + count] += by
    times, _ = rising(stamps, 0.04)
    others = np.r_[0:place, place + count : 200]
    if by > 0 and place + count + by / 0.04 > 199:
        return  # nothing after them says that they are wrong
    assert np.allclose(times[others], STEADY[others], atol=1e-6)


@given(st.integers(20, 180), st.floats(1, 1e5) | st.floats(-1e5, -8))
def test_a_clock_that_is_set_anew_goes_on(place, by):
    stamps = STEADY + 10
    stamps[place:] += by
    times, _ = rising(stamps, 0.04)
    if 0 < by < 3600:  # a pause
        assert np.allclose(times, stamps)
    else:
        assert np.allclose(times, STEADY + 10)


@given(st.sets(st.integers(0, 199), max_size=199))
def test_missing_stamps_are_filled(missing):
    stamps = STEADY + 3
    stamps[list(missing)] = np.nan
    times, _ = rising(stamps, 0.04)
    if len(missing) < 199:
        assert np.allclose(times, STEADY + 3, atol=1e-6) or _no_two_neighbours(missing)


def _no_two_neighbours(missing) -> bool:
    """Then the usual step is not told by the stamps, and ends are filled by that of the file."""
    return not any({i, i + 1}.isdisjoint(missing) for i in range(199))
