"""Writing playable MP4, and replacing one stream of a file while the other is copied packet by packet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from tfq import timebase
from tfq.errors import InputError
from tfq.media.facts import Source
from tfq.media.probe import opened, packets, picture_stream, sound_stream
from tfq.types import Picture, Sound

AUDIO_BLOCK = 1024  # samples an AAC frame holds
# With its tree of macroblocks, x264 writes other pictures each time it is given the same ones.
X264 = {"preset": "fast", "mbtree": "0"}
CLOCK = Fraction(1, 90_000)  # of pictures that do not start at zero, in seconds


def write(
    path: Path,
    pictures: Iterable[Picture],
    sound: Sound | None,
    *,
    fps: Fraction | int = timebase.FPS,
    crf: int = 17,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    audio_codec: str = "aac",
    audio_bitrate: int = 128_000,
    sample_rate: int = timebase.SAMPLE_RATE,
) -> None:
    """Encode pictures and sound into a new file.

    Args:
        path: the file; its ending names the container.
        pictures: `[H, W, 3]` uint8 RGB each; odd sides lose a row or column, which 4:2:0 cannot hold.
        sound: `[N]` float32 mono at `sample_rate`, or None.
        fps: of the pictures.
        crf: constant rate factor of the encoder; 17 is visually lossless.
        codec: encoder of the pictures, by FFmpeg's name.
        options: further options of the picture encoder.
        audio_codec: encoder of the sound.
        audio_bitrate: bits a second.
        sample_rate: of the sound, in Hz.
    """
    with _created(path) as out:
        preset = X264 if codec == "libx264" else {"preset": "fast"}
        video: Any = out.add_stream(codec, rate=fps, options={"crf": str(crf), **preset, **(options or {})})
        audio: Any = out.add_stream(audio_codec, rate=sample_rate, layout="mono") if sound is not None else None
        if audio is not None:
            audio.bit_rate = audio_bitrate
        _encode_pictures(out, video, enumerate(pictures))
        if audio is not None and sound is not None:
            _encode_sound(out, audio, sound, sample_rate, 0.0)


def with_sound(source: Source, path: Path, sound: Sound, start_s: float, audio_bitrate: int = 128_000) -> None:
    """Copy the pictures of a file bit for bit and give it other sound, which starts with the first picture.

    Args:
        source: the file whose pictures are kept.
        path: the new file.
        sound: `[N]` float32 mono at 16 kHz.
        start_s: time stamp of the first picture on the source's clock.
        audio_bitrate: bits a second.
    """
    with opened(source) as container, _created(path) as out:
        stream = picture_stream(container, source)
        video = out.add_stream_from_template(stream)
        audio = out.add_stream("aac", rate=timebase.SAMPLE_RATE, layout="mono")
        audio.bit_rate = audio_bitrate
        _copy(container, stream, out, video)
        _encode_sound(out, audio, sound, timebase.SAMPLE_RATE, start_s)


def with_pictures(source: Source, path: Path, pictures: Iterable[Picture], start_s: float, crf: int = 17) -> None:
    """Copy the sound of a file bit for bit and give it other pictures, at 25 fps from the same first moment.

    A picture that is the one before it again, the very same array, is left out: it stays on show until the next.
    """
    with opened(source) as container, _created(path) as out:
        video = out.add_stream("libx264", rate=timebase.FPS, options={"crf": str(crf), **X264})
        sound = sound_stream(container)
        audio = out.add_stream_from_template(sound) if sound is not None else None
        _encode_pictures(out, video, _new(pictures), start_s)
        if sound is not None and audio is not None:
            _copy(container, sound, out, audio)


@contextmanager
def _created(path: Path) -> Iterator[OutputContainer]:
    """A container under construction; what is left of one that fails goes away."""
    options = {"movflags": "faststart"} if path.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
    try:
        with av.open(str(path), "w", options=options) as out:
            yield out
    except (av.FFmpegError, OSError) as error:
        path.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _new(pictures: Iterable[Picture]) -> Iterator[tuple[int, Picture]]:
    """Pictures that differ from the one before, each with its place; the last one always, as the clip's end."""
    last: tuple[int, Picture] | None = None
    written = -1
    for number, picture in enumerate(pictures):
        if last is None or picture is not last[1]:
            yield number, picture
            written = number
        last = number, picture
    if last is not None and last[0] != written:
        yield last


def _encode_pictures(
    out: OutputContainer, video: VideoStream, pictures: Iterable[tuple[int, Picture]], start_s: float = 0.0
) -> None:
    video.pix_fmt = "yuv420p"
    base = 1 / Fraction(video.codec_context.framerate or timebase.FPS)
    step = 1
    if start_s:  # a start between two pictures would be rounded to one of them, and shift the copied sound
        base, step = CLOCK, round(base / CLOCK)
        video.codec_context.time_base = CLOCK
    first = True
    for number, picture in pictures:
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        if first:
            video.width, video.height, first = width, height, False
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
        frame.pts, frame.time_base = number * step + round(start_s / base), base
        out.mux(video.encode(frame))
    if not first:
        out.mux(video.encode(None))


def _encode_sound(out: OutputContainer, audio: Any, sound: Sound, rate: int, start_s: float) -> None:
    shift = round(start_s * rate)
    for start in range(0, len(sound), AUDIO_BLOCK):
        block = np.ascontiguousarray(sound[None, start : start + AUDIO_BLOCK], np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start + shift, Fraction(1, rate)
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))


def _copy(container: Any, stream: Any, out: OutputContainer, copy: Any) -> None:
    for packet in packets(container, stream):
        if packet.dts is not None:
            packet.stream = copy
            out.mux(packet)
