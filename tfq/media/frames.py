"""Pictures on the 25 fps grid, chosen by their time stamps, whatever the rate of the source.

A grid frame at time `t` shows the last picture that starts no later than `t` plus half of the source's usual step (at
most half a grid step). A 25 fps source therefore maps one to one however its stamps are rounded, and 30, 50 or 60 fps
sources are sampled without a bias to either side, which would show up as an offset between sound and picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tfq import timebase
from tfq.errors import InputError
from tfq.media.probe import Source, name_of, opened, picture_stream, pixel_aspect
from tfq.types import Floats, Ints, Mask, Picture

SMALL = (64, 36)  # the size at which a picture is looked at for blackness


@dataclass(frozen=True)
class Timeline:
    """Which source picture each grid frame shows.

    Attributes:
        picture: `[T]` index of the source picture, in the order they are decoded.
        source_time_s: `[T]` its time stamp, in seconds from the first picture.
        damaged: `[T]` the decoder reported damage in it, or lost what came before it.
        dark: `[T]` mean luma of the picture, 0-255; `flat` `[T]` its standard deviation.
        start_s: time stamp of the first picture on the clock of the file.
        width, height: of the picture as it is shown: rotated, with square pixels.
        rotation: degrees by which the file asks to turn the picture, counter-clockwise.
        errors: packets that could not be decoded.
    """

    picture: Ints
    source_time_s: Floats
    damaged: Mask
    dark: Floats
    flat: Floats
    start_s: float
    width: int
    height: int
    rotation: int
    errors: int

    def __len__(self) -> int:
        return len(self.picture)

    @property
    def repeated(self) -> Mask:
        """`[T]` the frame shows the same source picture as the one before it."""
        return np.concatenate([[False], np.diff(self.picture) == 0])


@dataclass
class _Seen:
    """What one pass over the pictures gathers."""

    times: list[float]
    damaged: list[bool]
    dark: list[float]
    flat: list[float]
    last_length_s: float = 0.0
    errors: int = 0
    size: tuple[int, int] = (0, 0)
    rotation: int = 0


def timeline(source: Source, max_duration_s: float = float("inf"), threads: int = 0) -> Timeline:
    """Decode once and lay the pictures on the grid.

    Raises:
        InputError: nothing can be decoded, or the clip is longer than allowed.
    """
    with opened(source) as container:
        stream = _prepared(container, source, threads)
        seen = _look(container, stream)
        step = 1 / float(stream.average_rate) if stream.average_rate else 1 / timebase.FPS
    if not seen.times:
        raise InputError(f"{name_of(source)}: no picture in it can be decoded")
    start, times = seen.times[0], _rising(np.array(seen.times))
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else step
    length = times[-1] + (seen.last_length_s or usual)
    if length > max_duration_s:
        raise InputError(f"{name_of(source)}: {length:.0f} s long, over the limit of {max_duration_s:.0f} s")
    count = max(1, round(length * timebase.FPS))
    reach = min(usual, 1 / timebase.FPS) / 2
    shown = np.searchsorted(times, timebase.frame_times(count) + reach + 1e-6, side="right") - 1
    shown = np.maximum(shown, 0)
    return Timeline(
        picture=shown,
        source_time_s=times[shown],
        damaged=np.array(seen.damaged)[shown],
        dark=np.array(seen.dark)[shown],
        flat=np.array(seen.flat)[shown],
        start_s=start,
        width=seen.size[0],
        height=seen.size[1],
        rotation=seen.rotation,
        errors=seen.errors,
    )


def frames(
    source: Source, shown: Ints, start: int = 0, stop: int | None = None, step: int = 1, threads: int = 0
) -> Iterator[tuple[int, Picture]]:
    """Grid frames in order, each with its index; a few pictures are in memory at a time.

    Args:
        source: the video that the timeline was made of.
        shown: `[T]` index of the source picture of each frame, as in `Timeline.picture`.
        start, stop, step: which grid frames are wanted.
        threads: of the decoder; 0: its own choice.

    Yields:
        Index on the grid and `[H, W, 3]` uint8 RGB, turned as the file asks, with square pixels. A frame that shows
        the picture of the one before it shares its memory; do not write into it.
    """
    wanted = range(start, len(shown) if stop is None else min(stop, len(shown)), step)
    ahead = iter(wanted)
    frame = next(ahead, None)
    with opened(source) as container:
        stream = _prepared(container, source, threads)
        aspect = pixel_aspect(stream)
        for number, (picture, _) in enumerate(_decoded(container, stream)):
            if frame is None:
                return
            if picture is None or shown[frame] > number:
                continue
            pixels = _upright(picture, aspect)
            while frame is not None and shown[frame] <= number:
                yield frame, pixels
                frame = next(ahead, None)


def _prepared(container: InputContainer, source: Source, threads: int) -> VideoStream:
    stream = picture_stream(container, source)
    stream.thread_type = "AUTO"
    stream.thread_count = threads
    return stream


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[tuple[VideoFrame, bool]]:
    """Pictures in the order they are shown, and whether packets were lost since the one before."""
    lost = False
    for packet in container.demux(stream):
        try:
            pictures = packet.decode()
        except (av.FFmpegError, ValueError):
            lost = True
            continue
        for picture in pictures:
            yield picture, lost
            lost = False


def _look(container: InputContainer, stream: VideoStream) -> _Seen:
    seen = _Seen([], [], [], [])
    aspect = pixel_aspect(stream)
    base = float(stream.time_base or 0)
    for picture, lost in _decoded(container, stream):
        step = 1 / float(stream.average_rate) if stream.average_rate else 1 / timebase.FPS
        known = picture.pts is not None
        seen.times.append(picture.pts * base if known else (seen.times[-1] + step if seen.times else 0.0))
        seen.last_length_s = float(picture.duration or 0) * base
        seen.errors += lost
        seen.damaged.append(lost or picture.is_corrupt)
        luma = picture.reformat(*SMALL, format="gray").to_ndarray()
        seen.dark.append(float(luma.mean()))
        seen.flat.append(float(luma.std()))
        if not seen.size[0]:
            seen.rotation = int(picture.rotation)
            width, height = round(picture.width * aspect), picture.height
            seen.size = (height, width) if seen.rotation % 180 else (width, height)
    return seen


def _rising(times: Floats) -> Floats:
    """Times from the first picture on; one that jumps back is taken to follow the one before at the usual step."""
    times = times - times[0]
    steps = np.diff(times)
    good = steps[steps > 0]
    usual = float(np.median(good)) if len(good) else 1 / timebase.FPS
    # A wrapped or reset clock jumps by hours: nothing is shown for that long, so it counts as the usual step too.
    steps = np.where((steps <= 0) | (steps > 3600), usual, steps)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _upright(picture: VideoFrame, aspect: float) -> Picture:
    width = round(picture.width * aspect)
    pixels = picture.to_ndarray(format="rgb24", width=width, height=picture.height)
    turns = round(picture.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
