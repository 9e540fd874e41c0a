"""What a file says of itself: its streams, sizes, rates and start times."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from tfq.config import DecodingLimits
from tfq.errors import InputError
from tfq.media.facts import Probe, Source, name_of

Coded = TypeVar("Coded", VideoStream, AudioStream)

PLAYLISTS = ("concat", "dash", "hls", "imf", "sdp")  # a stranger's file must not draw in others of this machine


class Watch:
    """What this process holds videos to: `limits`, and `at_packet`, told that a long pass goes on."""

    limits: ClassVar = DecodingLimits()
    at_packet: ClassVar[Callable[[], Any]] = int


def probe(source: Source) -> Probe:
    """Read the headers of a video.

    Raises:
        InputError: the file cannot be opened, or holds no picture stream.
    """
    with opened(source) as container:
        video = picture_stream(container, source)
        audio = sound_stream(container)
        length = container.duration
        return Probe(
            width=video.width,
            height=video.height,
            pixel_aspect=pixel_aspect(video),
            fps=float(video.average_rate or video.guessed_rate or 0) or float("nan"),
            duration_s=length / av.time_base if length else float("nan"),
            has_audio=audio is not None,
            audio_hz=audio.sample_rate if audio is not None else 0,
            audio_channels=audio.channels if audio is not None else 0,
            video_start_s=_start(video),
            audio_start_s=_start(audio),
            video_streams=len(_moving(container)),
            audio_streams=len(container.streams.audio),
            video_codec=video.codec_context.name,
            audio_codec=audio.codec_context.name if audio is not None else "",
        )


@contextlib.contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """An open container; errors of the file become one sentence."""
    name = name_of(source)
    if not isinstance(source, Path):
        source.seek(0)
    elif source.is_file() and not source.stat().st_size:
        raise InputError(f"{name}: an empty file")
    try:
        # An absolute path: FFmpeg takes what stands before a colon for a protocol. No protocol but files: a playlist
        # that calls itself a video must not reach the network.
        file: Any = str(source.absolute()) if isinstance(source, Path) else source
        options = {"protocol_whitelist": "file"} if isinstance(source, Path) else {}
        container: InputContainer = av.open(file, "r", options=options)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise InputError(f"{name}: {error.strerror.lower() if error.strerror else 'cannot be opened'}") from error
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError, OSError) as error:
        raise InputError(f"{name}: not a video that can be read, or a damaged one") from error
    with container:
        if container.format.name in PLAYLISTS:
            raise InputError(f"{name}: a list of other files, not a video")
        _check(container, name)
        yield container


def picture_stream(container: InputContainer, source: Source) -> VideoStream:
    """The stream of moving pictures that a player shows: cover art does not count.

    Raises:
        InputError: there is none.
    """
    if container.format.name == "webp_pipe":
        raise InputError(f"{name_of(source)}: a WebP picture; where it is animated, convert it to a video first")
    # FFmpeg's readers of still pictures, and of text, which it would draw as a terminal does.
    if container.format.name in ("image2", "tty") or container.format.name.endswith("_pipe"):
        raise InputError(f"{name_of(source)}: a still picture or a text, not a video")
    chosen = _chosen(_moving(container))
    if chosen is None:
        raise InputError(f"{name_of(source)}: holds no moving picture")
    return chosen


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The stream of sound that a player plays, or None."""
    return _chosen([stream for stream in container.streams.audio if stream.codec_context is not None])


def _moving(container: InputContainer) -> list[VideoStream]:
    cover = av.stream.Disposition.attached_pic
    return [one for one in container.streams.video if not one.disposition & cover and one.codec_context is not None]


def _chosen(streams: list[Coded]) -> Coded | None:
    """The first stream that the file calls its default, or else the first."""
    default = av.stream.Disposition.default
    return min(streams, key=lambda stream: not stream.disposition & default, default=None)


def packets(container: InputContainer, stream: Coded) -> Iterator[Packet[Coded]]:
    """The stream's packets, to the end or to where the file cannot be read further."""
    try:
        for packet in container.demux(stream):
            Watch.at_packet()
            yield packet
    except MemoryError:
        raise
    except av.FFmpegError:
        return  # reading past damage fails in some containers, as at the end of a file that was cut short


def pixel_aspect(stream: VideoStream) -> float:
    """Width of a pixel over its height; 1 where the file does not say."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    # Under 1 % nobody sees, and the picture keeps the pixels it was coded with.
    return float(ratio) if 0.1 <= ratio <= 10 and abs(ratio - 1) > 0.01 else 1.0


def _check(container: InputContainer, name: str) -> None:
    """Refuse a video that asks for more than it may, before it is read."""
    limits = Watch.limits
    count = len(container.streams)
    if count > limits.streams:
        raise InputError(f"{name}: {count} streams, over the limit of {limits.streams}; see --max-streams")
    for stream in container.streams.video:
        if stream.codec_context is None:
            continue
        if (pixels := stream.width * stream.height) > limits.pixels:
            raise InputError(f"{name}: {pixels} pixels, over the limit of {limits.pixels}; see --max-pixels")
        # Pictures may grow in the middle of a stream; FFmpeg then drops them as damaged.
        stream.codec_context.options = {"max_pixels": str(limits.pixels)}


def _start(stream: Any) -> float:
    if stream is None or stream.start_time is None or stream.time_base is None:
        return float("nan")
    return float(stream.start_time * stream.time_base)
