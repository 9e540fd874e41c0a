from importlib.resources import files
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from tests.make import Beeps, beep_times, clip, number, onsets, picture
from tfq.errors import InputError
from tfq.media import writer
from tfq.media.frames import frames, timeline
from tfq.media.probe import probe
from tfq.media.samples import samples


def packets(path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(getattr(container.streams, kind)[0]) if packet.size]


def tone(seconds: float) -> np.ndarray:
    clock = np.arange(round(seconds * 16_000)) / 16_000
    return (0.5 * np.sin(2 * np.pi * 500 * clock) * (clock % 0.5 < 0.1)).astype(np.float32)


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "a.mp4"
    writer.write(path, (picture(i) for i in range(50)), tone(2))
    grid = timeline(path)
    assert [number(pixels) for _, pixels in frames(path, grid.picture)] == list(range(50))
    sound, covers_s = samples(path, 50, grid.start_s)
    assert onsets(sound) == pytest.approx(beep_times(2)[1:], abs=0.006)
    assert covers_s == 2


def test_players_can_play_it(tmp_path):
    path = tmp_path / "a.mp4"
    writer.write(path, (picture(i, (129, 97)) for i in range(5)), tone(0.2))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.pix_fmt, stream.width, stream.height) == ("yuv420p", 128, 96)
        assert container.streams.audio[0].codec_context.name == "aac"
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_file_without_sound(tmp_path):
    writer.write(tmp_path / "a.mp4", [picture(0)] * 3, None, fps=30)
    facts = probe(tmp_path / "a.mp4")
    assert (facts.has_audio, facts.fps) == (False, 30)


@pytest.mark.parametrize("start_s", [0.0, 0.033, 0.5])
def test_other_sound_leaves_the_pictures_bit_for_bit(tmp_path, start_s):
    source = clip(tmp_path / "a.mp4", start_s=start_s, sound=Beeps(rate=48_000))
    grid = timeline(source)
    writer.with_sound(source, tmp_path / "b.mp4", tone(2), grid.start_s)
    assert packets(tmp_path / "b.mp4", "video") == packets(source, "video")
    other = timeline(tmp_path / "b.mp4")
    assert np.array_equal(other.picture, grid.picture)
    sound, _ = samples(tmp_path / "b.mp4", len(other), other.start_s)
    assert onsets(sound) == pytest.approx(beep_times(2)[1:], abs=0.006)


@pytest.mark.parametrize("start_s", [0.0, 0.033, 0.5])
def test_other_pictures_leave_the_sound_bit_for_bit(tmp_path, start_s):
    source = clip(tmp_path / "a.mp4", start_s=start_s, sound=Beeps())
    grid = timeline(source)
    pixels = [pixels for _, pixels in frames(source, grid.picture)]
    writer.with_pictures(source, tmp_path / "b.mp4", pixels[::-1], grid.start_s)
    assert packets(tmp_path / "b.mp4", "audio") == packets(source, "audio")
    other = timeline(tmp_path / "b.mp4")
    assert [number(p) for _, p in frames(tmp_path / "b.mp4", other.picture)] == list(range(49, -1, -1))
    before, _ = samples(source, 50, grid.start_s)
    after, _ = samples(tmp_path / "b.mp4", 50, other.start_s)
    assert onsets(after) == pytest.approx(onsets(before), abs=0.004)


def test_pictures_of_a_clip_without_sound(tmp_path):
    source = clip(tmp_path / "a.mp4", duration_s=0.4)
    writer.with_pictures(source, tmp_path / "b.mp4", [picture(7)] * 10, 0.0)
    assert not probe(tmp_path / "b.mp4").has_audio


def test_what_fails_leaves_nothing_behind(tmp_path):
    def broken():
        yield picture(0)
        raise RuntimeError("the maker of pictures failed")

    with pytest.raises(RuntimeError):
        writer.write(tmp_path / "a.mp4", broken(), None)
    assert not list(tmp_path.glob("*.mp4"))
    with pytest.raises(InputError, match="cannot be written"):
        writer.write(tmp_path / "nowhere" / "a.mp4", [picture(0)], None)


def test_the_same_pictures_give_the_same_file(tmp_path):
    demo = Path(str(files("tfq") / "demo" / "demo.mp4"))
    shown = [picture for _, picture in islice(frames(demo, timeline(demo).picture), 50)]
    made = []
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        writer.write(tmp_path / name, shown, None)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1] == made[2]
