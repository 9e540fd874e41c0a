"""What strangers hand over: each file ends with its status and one sentence, or is taken as it is.

Places that cannot be written to are in tests/faults/test_places.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.make import Beeps, clip, truncated
from tests.odd import (
    called,
    coded,
    content,
    flagged,
    no_pictures,
    sounding,
    stamped,
    streams,
    twice,
    with_cover,
    with_subtitles,
)  # fmt: skip
from tfq.cli.app import app
from tfq.cli.inputs import Item
from tfq.cli.work import Task, do
from tfq.config import DecodingLimits, ExtractConfig, Settings
from tfq.store import TfqFile


def no_sound(path: Path) -> None:
    clip(path, duration_s=0.2)


def high_dynamic_range(stream: Any) -> None:
    made = stream.codec_context
    made.color_primaries, made.color_trc, made.colorspace = 9, 16, 9  # BT.2020, PQ


def tone(clock: np.ndarray) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 440 * clock)


WRAP = 2**33  # where the stamps of MPEG start again at 0
SOUND = ("aac", 44_100, "stereo", None, tone)

# Name, what makes it, and what `extract` has to say of it.
FINE = [
    ("vp9.webm", coded("libvpx-vp9"), {"frames": 5}),
    ("vp8.webm", coded("libvpx"), {"frames": 5}),
    ("av1.mp4", coded("libsvtav1"), {"frames": 5}),
    ("ten-bit.mp4", coded("libx265", "yuv420p10le"), {"frames": 5}),
    ("hdr.mp4", coded("libx265", "yuv420p10le", change=high_dynamic_range), {"frames": 5}),
    ("prores.mov", coded("prores_ks", "yuv422p10le"), {"frames": 5}),
    ("mpeg1.mpg", coded("mpeg1video"), {"frames": 5}),
    ("windows.asf", coded("wmv2"), {"frames": 5}),
    ("pictures.avi", coded("mjpeg", "yuvj420p"), {"frames": 5}),
    ("animated.gif", coded("gif", "rgb8"), {"frames": 5}),
    ("animated.apng", coded("apng", "rgb24"), {"frames": 5}),
    ("alpha.avi", coded("rawvideo", "bgra"), {"frames": 5}),
    ("alpha.mov", coded("qtrle", "argb"), {"frames": 5}),
    ("sixteen-bit.mkv", coded("ffv1", "gray16le"), {"frames": 5}),
    ("interlaced.mpg", coded("mpeg2video", flags="+ilme+ildct", top="1"), {"frames": 5}),
    ("one-a-second.mp4", coded("libx264", fps=1, count=2), {"frames": 50}),
    ("one-in-two.mp4", coded("libx264", fps=Fraction(1, 2), count=2), {"frames": 100}),
    ("two-hundred-forty.mp4", coded("libx264", fps=240, count=48), {"frames": 5}),
    ("thousand.mkv", coded("libx264", fps=1000, count=200), {"frames": 5}),
    ("an-hour.mp4", coded("mpeg4", fps=Fraction(1, 4), count=900, size=(16, 16)), {"frames": 90_000}),
    ("one-picture.mp4", coded("libx264", count=1), {"frames": 1}),
    ("one-pixel.avi", coded("rawvideo", "rgb24", size=(1, 1)), {"frames": 5, "width": 1}),
    ("8k.avi", coded("mjpeg", "yuvj420p", count=1, size=(7680, 4320)), {"width": 7680}),
    ("two-lines.avi", coded("rawvideo", "rgb24", size=(4096, 2)), {"height": 2}),
    ("anamorphic.mp4", lambda path: clip(path, size=(64, 96), aspect=Fraction(2), duration_s=0.2), {"width": 128}),
    ("turned.mp4", flagged((0, 1, -1, 0)), {"width": 64, "height": 96, "rotation": -90}),
    ("mirrored.mp4", flagged((-1, 0, 0, 1)), {"width": 96, "height": 64, "rotation": 0}),
    ("shown-as-nothing.mp4", flagged((0, 0, 0, 0)), {"width": 96, "height": 64, "rotation": 0}),
    ("before-zero.ts", stamped([-7200, -3600, 0, 3600, 7200], avoid_negative_ts="disabled"), {"frames": 5}),
    ("no-stamps.h264", coded("libx264"), {"frames": 5}),
    ("back.ts", twice(coded("libx264")), {"frames": 10}),
    ("wrapping.ts", stamped([WRAP - 7200 + 3600 * i for i in range(5)], avoid_negative_ts="disabled"), {"frames": 5}),
    ("hours-ahead.mkv", stamped([0, 3600, 7200, 5000 * 90_000, 5000 * 90_000 + 3600]), {"frames": 5}),
    ("variable-rate.mkv", stamped([0, 3600, 5400, 12_600, 14_400, 27_000]), {"frames": 8}),
    ("cut.ts", lambda path: truncated(clip(path, duration_s=1), 0.5), {}),
    ("no-ending", called(".mp4", no_sound), {"frames": 5}),
    ("really-an-mp4.avi", called(".mp4", no_sound), {"frames": 5}),
    ("really-an-mkv.mp4", called(".mkv", no_sound), {"frames": 5}),
    ("-leads.mp4", no_sound, {"frames": 5}),
    ("a name's \"quotes\"\nand lines.mp4", no_sound, {"frames": 5}),
    (os.fsdecode(b"no\xffutf8.mp4"), no_sound, {"frames": 5}),
    ("cover.mp4", with_cover, {"frames": 5, "width": 64, "video_streams": 1}),
    ("subtitles.mkv", with_subtitles, {"frames": 5}),
    *((f"{rate}-hz.mkv", sounding("pcm_s16le", rate), {"audio_hz": rate, "audio_covers_s": 0.4})
      for rate in (8000, 11_025, 96_000, 192_000)),
    *((f"{layout}.mkv", sounding("pcm_s16le", layout=layout), {"audio_channels": count, "peak": 0.3})
      for layout, count in (("mono", 1), ("2.1", 3), ("4.0", 4), ("5.1", 6), ("6.1", 7), ("7.1", 8))),
    *((f"{codec}.mkv", sounding(codec), {"peak": 0.3})
      for codec in ("pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_f64le", "flac", "libmp3lame", "ac3", "alac")),
    ("opus.webm", streams(1, [("libopus", 48_000, "stereo", None, tone)], video="libvpx"), {"peak": 0.3}),
    ("silent.mp4", sounding(wave=np.zeros_like), {"has_audio": True, "peak": 0.0}),
    ("clipped.mkv", sounding("pcm_f32le", wave=lambda clock: 30 * tone(clock)), {"peak": 1.0}),
    ("direct-current.mkv", sounding("pcm_s16le", wave=lambda clock: np.full_like(clock, 0.9)), {"peak": 0.9}),
    ("no-numbers.mkv", sounding("pcm_f32le", wave=lambda clock: np.where(clock < 0.1, np.nan, 0)), {"finite": True}),
    ("endless-numbers.mkv", sounding("pcm_f32le", wave=lambda clock: np.where(clock < 0.1, np.inf, 0)), {"finite": True}),
]  # fmt: skip

REFUSED = [
    (
        "animated.webp",
        coded("libwebp_anim", "bgra"),
        "a WebP picture; where it is animated, convert it to a video first",
    ),
    ("no-pictures.mp4", no_pictures, "holds no moving picture"),
    ("no-pictures.mkv", no_pictures, "no picture in it can be decoded"),
    ("empty.mp4", content(b""), "an empty file"),
    ("zeros.mp4", content(bytes(5000)), "not a video that can be read, or a damaged one"),
    ("page.mp4", content(b"<html>not found</html>"), "not a video that can be read, or a damaged one"),
    ("archive.mp4", content(b"PK\x03\x04" + bytes(200)), "not a video that can be read, or a damaged one"),
    (
        "cut.mp4",
        lambda path: truncated(clip(path, duration_s=1), 0.5),
        "not a video that can be read, or a damaged one",
    ),
    ("voice.m4a", lambda path: clip(path, video=False, sound=Beeps()), "holds no moving picture"),
    ("still.jpg", coded("mjpeg", "yuvj420p", count=1), "a still picture or a text, not a video"),
    ("list.mp4", content(b"ffconcat version 1.0\nfile 'other.mp4'\n"), "a list of other files, not a video"),
    ("pipe.mp4", os.mkfifo, "a pipe or a device, not a file"),
    ("folder.mp4", Path.mkdir, "a folder; name the files in it"),
    ("loop.mp4", lambda path: path.symlink_to(path), "no such file"),
    ("wrong.h5", lambda path: path.write_bytes(clip(path.with_suffix(".mp4")).read_bytes()), "not an HDF5 file"),
]


def extracted(path: Path, limits: DecodingLimits | None = None, **config: Any) -> tuple[int, str]:
    stored = path.suffix == ".h5"
    out = path if stored else path.with_name("out.h5")
    task = Task("extract", Settings(extract=ExtractConfig(**config)), limits=limits or DecodingLimits())
    done = do(Item(str(path), None if stored else path, out, out), task)
    return done.status, done.message


def said(path: Path) -> dict[str, Any]:
    with TfqFile(path, read_only=True) as file:
        sound = file.array("extract/audio")
        more = {"peak": float(np.abs(sound).max(initial=0)), "finite": bool(np.isfinite(sound).all())}
        return {**file.info("extract"), **more}


@pytest.mark.parametrize(("name", "make", "about"), FINE, ids=[ascii(name) for name, _, _ in FINE])
def test_odd_videos_are_taken_as_they_are(tmp_path: Path, name: str, make: Any, about: Mapping[str, Any]) -> None:
    path = tmp_path / name
    make(path)
    assert extracted(path) == (0, "")
    found = said(tmp_path / "out.h5")
    assert {key: found[key] for key in about} == pytest.approx(about, abs=0.02)


# Pictures and sounds that arithmetic after `extract` might stumble over.
FARTHER = {
    "one-pixel.avi", "two-lines.avi", "8k.avi", "one-picture.mp4", "one-in-two.mp4", "thousand.mkv", "alpha.avi",
    "sixteen-bit.mkv", "shown-as-nothing.mp4", "before-zero.ts", "back.ts", "silent.mp4", "clipped.mkv",
    "direct-current.mkv", "no-numbers.mkv",
}  # fmt: skip


@pytest.mark.weights
@pytest.mark.parametrize(("name", "make"), [case[:2] for case in FINE if case[0] in FARTHER], ids=str)
def test_odd_videos_go_through_to_the_end(tmp_path: Path, name: str, make: Any) -> None:
    path = tmp_path / name
    make(path)
    done = do(Item(str(path), path, path.with_suffix(".h5"), path.with_suffix(".h5")), Task("score", Settings()))
    assert (done.status, done.message) == (4, f"{path}: no face was found")


@pytest.mark.parametrize(("name", "make", "sentence"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path, name: str, make: Any, sentence: str) -> None:
    path = tmp_path / name
    make(path)
    no_sound(tmp_path / "other.mp4")
    status, message = extracted(path)
    assert status == 3
    assert sentence in message
    assert "\n" not in message
    assert not (tmp_path / "out.h5").exists()


LIMITED = [
    ("--max-pixels", 4000, "4096 pixels, over the limit of 4000; see --max-pixels"),
    ("--max-streams", 2, "3 streams, over the limit of 2; see --max-streams"),
    ("--max-duration", 0.1, "0.4 s long, over the limit of 0.1 s; see --max-duration"),
]


@pytest.mark.parametrize(("flag", "limit", "sentence"), LIMITED, ids=[flag for flag, *_ in LIMITED])
def test_what_is_over_a_limit_is_refused_with_the_flag_to_raise_it(
    tmp_path: Path, flag: str, limit: float, sentence: str
) -> None:
    path = tmp_path / "a.mkv"
    streams(1, [SOUND, SOUND])(path)
    ran = CliRunner().invoke(app, ["extract", flag, str(limit), str(path)], prog_name="tfq")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (3, "", f"tfq: {path}: {sentence}\n")


def test_what_needs_too_much_memory_is_refused_with_the_flag_to_raise_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    streams(1, [SOUND, SOUND])(path)
    status, message = extracted(path, DecodingLimits(memory_mb=60))
    assert status == 3
    assert message.endswith("needs more than 60 MB to decode; see --max-memory")


@pytest.mark.parametrize("chosen", [0, 1])
def test_of_several_streams_the_default_is_taken_and_told(tmp_path: Path, chosen: int) -> None:
    quiet = ("aac", 44_100, "mono", None, np.zeros_like)
    sounds = [SOUND, quiet] if chosen == 0 else [quiet, SOUND]
    path = tmp_path / "a.mkv"
    streams(2, sounds, default={"video": chosen, "audio": chosen})(path)
    status, message = extracted(path)
    assert (status, message.partition(": ")[2]) == (
        0, "holds 2 videos and 2 sounds; those that a player starts with are judged",
    )  # fmt: skip
    found = said(tmp_path / "out.h5")
    assert found["width"] == 64 + 32 * chosen
    assert found["peak"] > 0.2
