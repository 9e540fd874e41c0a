import hashlib
import io
from fractions import Fraction
from pathlib import Path

import pytest

from tests.make import Beeps, clip
from tfq.errors import InputError
from tfq.media.facts import sha256
from tfq.media.frames import timeline
from tfq.media.probe import probe


def test_facts_of_a_clip(tmp_path):
    path = clip(tmp_path / "a.mp4", fps=30, duration_s=1, sound=Beeps(rate=48_000, start_s=0.25))
    facts = probe(path)
    assert (facts.width, facts.height, facts.fps, facts.pixel_aspect) == (128, 96, 30, 1)
    assert (facts.has_audio, facts.audio_hz, facts.audio_channels) == (True, 48_000, 2)
    assert facts.audio_start_s - facts.video_start_s == pytest.approx(0.25, abs=0.03)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")


def test_bytes_are_as_good_as_a_file(plain):
    assert probe(io.BytesIO(plain.read_bytes())) == probe(plain)


def test_a_clip_without_sound(tmp_path):
    facts = probe(clip(tmp_path / "a.mp4", duration_s=0.2))
    assert not facts.has_audio
    assert facts.audio_start_s != facts.audio_start_s


def test_pixels_that_are_not_square(tmp_path):
    assert probe(clip(tmp_path / "a.mp4", duration_s=0.2, aspect=Fraction(2, 1))).pixel_aspect == 2


@pytest.mark.parametrize("name", ["12:30.mp4", "50%.mp4", "two words\n.mp4", "été.mp4"])
def test_any_name_is_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    clip(tmp_path / "a.mp4", duration_s=0.2).rename(tmp_path / name)
    assert probe(Path(name)).width == 128


def _sound_only(path: Path) -> None:
    clip(path, video=False, sound=Beeps())


def _still(path: Path) -> None:
    path.write_bytes(Path(__file__).parents[1].joinpath("data", "portrait.jpg").read_bytes())


NOT_VIDEOS = {
    "empty.mp4": lambda path: path.write_bytes(b""),
    "noise.mp4": lambda path: path.write_bytes(bytes(range(256)) * 400),
    "notes.txt": lambda path: path.write_text("Nothing to see.\n" * 100),
    "playlist.mp4": lambda path: path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n"),
    "sound.mp4": _sound_only,
    "still.jpg": _still,
    "folder": lambda path: path.mkdir(),
    "missing.mp4": lambda path: None,
}


@pytest.mark.parametrize("name", NOT_VIDEOS)
def test_what_is_no_video_is_told_in_one_sentence(tmp_path, name):
    path = tmp_path / name
    NOT_VIDEOS[name](path)
    for look in (probe, timeline):
        with pytest.raises(InputError, match=name) as told:
            look(path)
        assert "\n" not in str(told.value)


def test_the_hash_is_that_of_the_bytes(plain, tmp_path):
    assert sha256(plain) == hashlib.sha256(plain.read_bytes()).hexdigest()
    with pytest.raises(InputError, match="no such file"):
        sha256(tmp_path / "missing.mp4")
