import io

import numpy as np
import pytest

from tests.make import Beeps, beep_times, clip, damaged, onsets
from tfq.media.frames import timeline
from tfq.media.samples import samples

NEAR_S = 0.006  # what coders and a 2 ms envelope leave


def heard(path):
    """The sound, when it beeps on the clock of the file, and the seconds it covers."""
    grid = timeline(path)
    sound, covers_s = samples(path, len(grid), grid.start_s)
    assert sound is not None
    assert sound.dtype == np.float32
    assert len(sound) == len(grid) * 640
    return sound, onsets(sound) + grid.start_s, covers_s


def inside(start_s: float, stop_s: float):
    """Beeps that start within a piece of time; one at its very start cannot be told."""
    times = beep_times(stop_s)
    return times[(times > start_s + 0.05) & (times < stop_s - 0.05)]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_any_rate_and_layout(tmp_path, rate, layout):
    sound, times, covers_s = heard(clip(tmp_path / "a.mp4", sound=Beeps(rate=rate, layout=layout)))
    assert times == pytest.approx(inside(0, 2), abs=NEAR_S)
    assert covers_s == pytest.approx(2, abs=0.05)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)  # two equal channels are as loud as one


@pytest.mark.parametrize(
    ("ending", "codec", "rate"),
    [("mkv", "libopus", 48_000), ("mkv", "pcm_s16le", 44_100), ("mkv", "flac", 44_100), ("ts", "aac", 44_100)],
)
def test_any_codec(tmp_path, ending, codec, rate):
    path = clip(tmp_path / f"a.{ending}", sound=Beeps(rate=rate, codec=codec))
    grid = timeline(path)
    _, times, _ = heard(path)
    # The TS muxer delays both streams by the same time.
    assert times - grid.start_s == pytest.approx(inside(0, 2), abs=NEAR_S)


def test_six_channels(tmp_path):
    _, times, _ = heard(clip(tmp_path / "a.mp4", sound=Beeps(rate=48_000, layout="5.1")))
    assert times == pytest.approx(inside(0, 2), abs=NEAR_S)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize(("picture_s", "sound_s"), [(0.0, 0.3), (0.5, 0.0), (0.3, 0.8), (0.033, 0.0)])
def test_streams_that_start_apart(tmp_path, ending, picture_s, sound_s):
    path = clip(tmp_path / f"a.{ending}", start_s=picture_s, sound=Beeps(start_s=sound_s))
    sound, times, _ = heard(path)
    expected = inside(max(picture_s, sound_s), min(picture_s, sound_s) + 2)
    assert [min(abs(times - beep)) < NEAR_S for beep in expected] == [True] * len(expected)
    silent = max(0, round((sound_s - picture_s - 0.06) * 16_000))
    assert not sound[:silent].any()


def test_sound_that_ends_early_or_late(tmp_path):
    sound, _, covers_s = heard(clip(tmp_path / "a.mp4", sound=Beeps(length_s=1.0)))
    assert covers_s == pytest.approx(1, abs=0.09)
    assert not sound[round(1.1 * 16_000) :].any()
    _, times, covers_s = heard(clip(tmp_path / "b.mp4", sound=Beeps(length_s=3.0)))
    assert covers_s == 2
    assert times == pytest.approx(inside(0, 2), abs=NEAR_S)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_gap_in_the_stamps_is_silence(tmp_path, ending):
    sound, times, covers_s = heard(clip(tmp_path / f"a.{ending}", sound=Beeps(gaps=((0.7, 1.3),))))
    assert times == pytest.approx([0.5, 1.5], abs=NEAR_S)
    assert covers_s == pytest.approx(1.4, abs=0.09)
    assert not sound[round(0.8 * 16_000) : round(1.25 * 16_000)].any()


def test_sound_that_falls_behind_its_stamps_follows_them(tmp_path):
    # Two per cent, or 80 ms after 4 s.
    _, times, _ = heard(clip(tmp_path / "a.mkv", duration_s=4, sound=Beeps(lag=0.02)))
    assert times == pytest.approx(inside(0, 4) * 1.02, abs=0.02)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_full_scale_stays_within_full_scale(tmp_path, layout):
    sound, _, _ = heard(clip(tmp_path / "a.mkv", sound=Beeps(rate=16_000, codec="pcm_f32le", layout=layout, peak=1.0)))
    assert np.abs(sound).max() == pytest.approx(1.0, abs=0.01)


def test_no_stream_is_none_and_silence_is_not(tmp_path):
    path = clip(tmp_path / "a.mp4", duration_s=0.4)
    assert samples(path, 10, 0.0) == (None, 0.0)
    writer_path = clip(tmp_path / "b.mp4", duration_s=0.4, sound=Beeps(start_s=0.1, length_s=0.3))
    sound, _ = samples(writer_path, 10, 0.0)
    assert sound is not None
    assert np.abs(sound[2000:]).max() < 0.01


def test_damaged_sound_keeps_its_place(tmp_path):
    path = damaged(clip(tmp_path / "a.mp4", sound=Beeps()), range(22, 26), stream="audio")
    sound, times, covers_s = heard(path)
    assert np.abs(sound).max() <= 1
    assert times[-1] == pytest.approx(1.5, abs=NEAR_S)
    assert covers_s <= 2


def test_bytes_are_as_good_as_a_file(plain):
    one, _ = samples(plain, 50, 0.0)
    other, _ = samples(io.BytesIO(plain.read_bytes()), 50, 0.0)
    assert np.array_equal(one, other)
