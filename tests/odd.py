"""Odd videos, as strangers hand them over: codecs, stamps, flags, streams and sounds that few files have.

Each function gives what writes one video to a path: `coded("libvpx-vp9")(tmp_path / "a.webm")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream

from tests.make import picture
from tfq.types import Sound

Make = Callable[[Path], Any]
Wave = Callable[[np.ndarray], np.ndarray]

SIZE = (64, 64)


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def coded(
    codec: str,
    form: str = "yuv420p",
    fps: int | Fraction = 25,
    count: int = 5,
    size: tuple[int, int] = SIZE,
    change: Callable[[VideoStream], Any] = lambda _: None,
    **options: str,
) -> Make:
    """Pictures of one codec; `change` is given the stream before its first picture."""

    def make(path: Path) -> None:
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=fps, options=options)
            stream.width, stream.height, stream.pix_fmt = *size, form
            change(stream)
            _show(out, stream, count, size)

    return make


def stamped(stamps: Sequence[int], **container: str) -> Make:
    """H.264 whose packets have these stamps, in 1/90000 s, whatever a muxer would rather have."""

    def make(path: Path) -> None:
        with av.open(str(path), "w", options=container) as out:
            stream = _video(out)
            frames = [*_frames(len(stamps), SIZE), None]
            packets = [packet for frame in frames for packet in stream.encode(frame)]
            for packet, stamp in zip(packets, stamps, strict=True):
                packet.time_base = Fraction(1, 90_000)
                packet.pts = packet.dts = stamp
                out.mux(packet)

    return make


def flagged(matrix: tuple[int, int, int, int], count: int = 5, size: tuple[int, int] = (96, 64)) -> Make:
    """A display matrix: a stored pixel at (x, y) is shown at (a x + c y, b x + d y), y down."""
    a, b, c, d = matrix
    whole = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return coded("libx264", count=count, size=size, change=lambda stream: stream.set_display_matrix(whole), crf="10")


def sounding(
    codec: str = "aac",
    rate: int = 44_100,
    layout: str = "stereo",
    wave: Wave = lambda clock: 0.3 * np.sin(2 * np.pi * 440 * clock),
    form: str | None = None,
    seconds: float = 0.4,
) -> Make:
    """Pictures with one sound."""
    return streams(1, [(codec, rate, layout, form, wave)], seconds)


def streams(
    videos: int,
    sounds: Sequence[tuple[str, int, str, str | None, Wave]],
    seconds: float = 0.4,
    default: Mapping[str, int] = MappingProxyType({}),
    video: str = "libx264",
) -> Make:
    """Several streams; `default` names the one of a kind that the file calls its default."""

    def make(path: Path) -> None:
        count = round(seconds * 25)
        with av.open(str(path), "w") as out:
            pictures = [_video(out, (64 + 32 * number, 64), video) for number in range(videos)]
            voices = [_voice(out, *sound[:4]) for sound in sounds]
            for kind, made in (("video", pictures), ("audio", voices)):
                for number, stream in enumerate(made):
                    chosen = default.get(kind, 0) == number
                    stream.disposition = av.stream.Disposition.default if chosen else av.stream.Disposition(0)
            for stream in pictures:
                _show(out, stream, count, (stream.width, stream.height))
            for stream, (*_, wave) in zip(voices, sounds, strict=True):
                _play(out, stream, wave, seconds)

    return make


def with_cover(path: Path) -> None:
    """A cover before the pictures: an attached picture is no video."""
    cover = path.with_name("cover.png")
    coded("png", "rgb24", count=1)(cover)
    with av.open(str(path), "w") as out, av.open(str(cover), format="png_pipe") as png:
        front = out.add_stream_from_template(png.streams.video[0])
        front.disposition = av.stream.Disposition.attached_pic
        stream = _video(out)
        for packet in png.demux():
            if packet.size:
                packet.stream = front
                out.mux(packet)
        _show(out, stream, 5, SIZE)


def with_subtitles(path: Path) -> None:
    text = path.with_name("words.srt")
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\n<script>alert(1)</script>\n")
    with av.open(str(path), "w") as out, av.open(str(text)) as words:
        lines = out.add_stream_from_template(words.streams.subtitles[0])
        stream = _video(out)
        for packet in words.demux():
            if packet.size:
                packet.stream = lines
                out.mux(packet)
        _show(out, stream, 5, SIZE)


def no_pictures(path: Path) -> None:
    """A stream of pictures without a picture, as a recorder leaves that was stopped at once."""
    with av.open(str(path), "w") as out:
        _video(out)
        voice = _voice(out, "aac", 44_100, "mono", None)
        _play(out, voice, np.zeros_like, 0.2)


def twice(make: Make) -> Make:
    """The same bytes again behind themselves, so that the clock jumps back."""

    def make_both(path: Path) -> None:
        make(path)
        path.write_bytes(path.read_bytes() * 2)

    return make_both


def called(ending: str, make: Make) -> Make:
    """Made with another ending than its name has."""

    def make_so(path: Path) -> None:
        real = path.with_suffix(ending)
        make(real)
        real.rename(path)

    return make_so


def _video(out: Any, size: tuple[int, int] = SIZE, codec: str = "libx264") -> VideoStream:
    options = {"bf": "0", "preset": "ultrafast"} if codec == "libx264" else {}
    stream: VideoStream = out.add_stream(codec, rate=25, options=options)
    stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
    return stream


def _frames(count: int, size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(picture(index % 1024, size), format="rgb24")
        frame.pts = index
        yield frame


def _show(out: Any, stream: VideoStream, count: int, size: tuple[int, int]) -> None:
    for frame in _frames(count, size):
        out.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
    out.mux(stream.encode(None))


def _voice(out: Any, codec: str, rate: int, layout: str, form: str | None) -> Any:
    stream = out.add_stream(codec, rate=rate, layout=layout)
    if form is not None:
        stream.format = form
    stream.codec_context.open(strict=False)
    return stream


def _play(out: Any, stream: Any, wave: Wave, seconds: float) -> None:
    rate = stream.rate
    clock = np.arange(round(seconds * rate)) / rate
    values: Sound = wave(clock).astype(np.float32)
    block = stream.codec_context.frame_size or 1024
    layout = stream.codec_context.layout
    resampler = av.AudioResampler(stream.codec_context.format, layout, rate)
    for start in range(0, len(values), block):
        piece = np.repeat(values[start : start + block], layout.nb_channels)[None]
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout.name)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), start
        for ready in resampler.resample(frame):
            out.mux(stream.encode(ready))
    out.mux(stream.encode(None))
