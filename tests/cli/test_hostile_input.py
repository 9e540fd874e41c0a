"""What strangers hand over: each file ends with its status and one sentence, or is taken as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.make import Beeps, clip, picture, truncated
from tfq.cli.inputs import Item
from tfq.cli.work import Task, do
from tfq.config import Settings


def coded(codec: str, form: str, fps: int | Fraction = 25, count: int = 5, size: tuple[int, int] = (64, 64)):
    def make(path: Path) -> None:
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=fps)
            stream.width, stream.height, stream.pix_fmt = *size, form
            for index in range(count):
                frame = av.VideoFrame.from_ndarray(picture(index, size), format="rgb24").reformat(format=form)
                frame.pts = index
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    return make


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data)


def no_sound(path: Path) -> None:
    clip(path, duration_s=0.2)


FINE = [
    ("vp9.webm", coded("libvpx-vp9", "yuv420p")),
    ("ten-bit.mp4", coded("libx265", "yuv420p10le")),
    ("prores.mov", coded("prores_ks", "yuv422p10le")),
    ("mpeg1.mpg", coded("mpeg1video", "yuv420p")),
    ("pictures.avi", coded("mjpeg", "yuvj420p")),
    ("animated.gif", coded("gif", "rgb8")),
    ("animated.apng", coded("apng", "rgb24")),
    ("alpha.avi", coded("rawvideo", "bgra")),
    ("sixteen-bit.mkv", coded("ffv1", "gray16le")),
    ("one-a-second.mp4", coded("libx264", "yuv420p", 1, 2)),
    ("one-in-two.mp4", coded("libx264", "yuv420p", Fraction(1, 2), 2)),
    ("thousand.mkv", coded("libx264", "yuv420p", 1000, 100)),
    ("one-picture.mp4", coded("libx264", "yuv420p", count=1)),
    ("one-pixel.avi", coded("rawvideo", "rgb24", size=(1, 1))),
    ("8k.avi", coded("mjpeg", "yuvj420p", count=1, size=(7680, 4320))),
    ("two-lines.avi", coded("rawvideo", "rgb24", size=(4096, 2))),
    ("cut.ts", lambda path: truncated(clip(path, duration_s=1), 0.5)),
    ("no-ending", lambda path: path.write_bytes(clip(path.with_suffix(".mp4"), duration_s=0.2).read_bytes())),
    ("-leads.mp4", no_sound),
    ('a name\'s "quotes"\nand lines.mp4', no_sound),
    (os.fsdecode(b"no\xffutf8.mp4"), no_sound),
]

REFUSED = [
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


def extracted(path: Path) -> tuple[int, str]:
    stored = path.suffix == ".h5"
    out = path if stored else path.with_name("out.h5")
    done = do(Item(str(path), None if stored else path, out, out), Task("extract", Settings()))
    return done.status, done.message


@pytest.mark.parametrize(("name", "make"), FINE, ids=[ascii(name) for name, _ in FINE])
def test_odd_videos_are_taken_as_they_are(tmp_path, name, make):
    path = tmp_path / name
    make(path)
    assert extracted(path) == (0, "")


@pytest.mark.parametrize(("name", "make", "sentence"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path, name, make, sentence):
    path = tmp_path / name
    make(path)
    no_sound(tmp_path / "other.mp4")
    status, message = extracted(path)
    assert status == 3
    assert sentence in message
    assert "\n" not in message
    assert not (tmp_path / "out.h5").exists()
