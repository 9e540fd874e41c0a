from __future__ import annotations

import os
import signal
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.make import clip
from tfq.config import DecodingLimits
from tfq.errors import InputError
from tfq.media import frames, guarded, probe, samples


@pytest.fixture(autouse=True)
def _usual_limits():
    yield
    guarded.limit(DecodingLimits())


@pytest.mark.parametrize("embedded", [False, True])
def test_a_child_finds_what_this_process_would(plain, embedded):
    source = plain.open("rb") if embedded else plain
    assert guarded.probe(source) == probe.probe(plain)
    here, there = frames.timeline(plain), guarded.timeline(source)
    assert all(np.array_equal(value, vars(there)[name]) for name, value in vars(here).items())
    assert np.array_equal(
        samples.samples(plain, len(here), here.start_s)[0], guarded.samples(source, len(here), here.start_s)[0]
    )
    assert np.array_equal(samples.whole(plain), guarded.whole(source))
    pairs = zip(frames.frames(plain, here.picture), guarded.frames(source, here.picture), strict=True)
    assert all(i == j and np.array_equal(a, b) for (i, a), (j, b) in pairs)
    if embedded:
        source.close()


def test_errors_come_back_in_the_words_of_this_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("no.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"^no\.mp4: not a video"):
        guarded.probe(Path("no.mp4"))


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_fails_one_video_only(plain, how):
    guarded.probe(plain)
    process = guarded._idle[-1]._process
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, how)
    os.kill(process.pid, signal.SIGCONT)
    with pytest.raises(InputError, match=how.name):
        guarded.timeline(plain)
    assert len(guarded.timeline(plain)) == 50


def test_a_child_that_stands_still_is_ended(tmp_path, plain):
    os.mkfifo(tmp_path / "never.mp4")  # opening it waits for a writer that never comes
    guarded.limit(DecodingLimits(silence_s=1))
    with pytest.raises(InputError, match="stood still for 1 s"):
        guarded.probe(tmp_path / "never.mp4")
    assert len(guarded.timeline(plain)) == 50


def test_what_is_not_read_to_its_end_leaves_no_child(plain):
    guarded.probe(plain)
    process = guarded._idle[-1]._process
    pictures = guarded.frames(plain, np.arange(50))
    next(pictures)
    pictures.close()
    assert process.poll() is not None
    assert all(child._process.poll() is None for child in guarded._idle)


@pytest.mark.parametrize(
    ("limits", "told"),
    [({"pixels": 5000}, "over the limit of 5000; see --max-pixels"), ({"streams": 1}, "see --max-streams")],
)
def test_videos_over_a_limit_are_refused(plain, limits, told):
    guarded.limit(DecodingLimits(**limits))
    with pytest.raises(InputError, match=told):
        guarded.timeline(plain)


def test_a_video_that_needs_too_much_memory_is_refused(tmp_path):
    path = clip(tmp_path / "large.mp4", size=(3072, 3072), duration_s=0.2, codec="mpeg4")
    guarded.limit(DecodingLimits(memory_mb=512))
    with pytest.raises(InputError, match=r"memory|crashed|ended"):
        list(guarded.frames(path, np.arange(5)))


def test_a_picture_that_grows_in_mid_stream_is_held_to_the_limit(tmp_path):
    path = tmp_path / "growing.mjpeg"
    with path.open("wb") as out:
        for side in (64, 1024):
            codec = av.CodecContext.create("mjpeg", "w")
            codec.width, codec.height, codec.pix_fmt, codec.time_base = side, side, "yuvj420p", Fraction(1, 25)
            frame = av.VideoFrame(side, side, "yuvj420p")
            for packet in [*codec.encode(frame), *codec.encode(None)]:
                out.write(bytes(packet))
    guarded.limit(DecodingLimits(pixels=10_000))
    for _, picture in guarded.frames(path, np.arange(2)):
        assert picture.shape[0] * picture.shape[1] <= 10_000


def test_a_child_can_be_started_ahead_and_is_the_one_that_is_asked(plain):
    guarded.end_idle()
    guarded.ready()
    guarded.ready()
    (child,) = guarded._idle
    guarded.probe(plain)
    assert guarded._idle == [child]
