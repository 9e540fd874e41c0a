"""Pictures on the 25 fps grid, chosen by their time stamps, whatever the rate of the source.

A grid frame at time `t` shows the last picture that starts no later than `t` plus half of the source's usual step (at
most half a grid step). A 25 fps source therefore maps one to one however its stamps are rounded, and 30, 50 or 60 fps
sources are sampled without a bias to either side, which would show up as an offset between sound and picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from tfq import timebase
from tfq.errors import InputError
from tfq.media.clock import LONGEST_S, rising
from tfq.media.facts import Glimpse, Source, Timeline, name_of
from tfq.media.orientation import Orientation, orientation
from tfq.media.probe import opened, packets, picture_stream, pixel_aspect
from tfq.types import Ints, Mask, Picture

SMALL = (64, 36)  # the size at which a picture is looked at for blackness


@dataclass
class _Seen:
    """What one pass over the pictures gathers, in the order they are shown. Stamps are in seconds, NaN: none."""

    stamps: list[float] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    corrupt: list[bool] = field(default_factory=list)
    dark: list[float] = field(default_factory=list)
    flat: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)  # stamps of packets that gave no picture
    last_length_s: float = 0.0
    step: float = 1 / timebase.FPS
    size: tuple[int, int] = (0, 0)
    turned: Orientation = field(default_factory=Orientation)


def timeline(source: Source, max_duration_s: float = float("inf"), threads: int = 0) -> Timeline:
    """Decode once and lay the pictures on the grid.

    Raises:
        InputError: nothing can be decoded, or the clip is longer than allowed.
    """
    seen = _Seen()
    with opened(source) as container:
        for _ in _look(container, _prepared(container, source, threads), seen):
            pass
    return _laid(seen, source, max_duration_s)


def survey(
    source: Source, pictures: int, max_duration_s: float = float("inf"), threads: int = 0
) -> Iterator[Glimpse | Timeline]:
    """As `timeline`, which comes last; before it the first so many pictures, so that others need not decode again."""
    seen, colour = _Seen(), VideoReformatter()
    with opened(source) as container:
        stream = _prepared(container, source, threads)
        for number, picture in enumerate(_look(container, stream, seen)):
            if number < pictures:
                pixels = _upright(picture, pixel_aspect(stream), colour)
                yield Glimpse(number, seen.stamps[-1], seen.step, seen.dark[-1], seen.flat[-1], pixels)
    yield _laid(seen, source, max_duration_s)


def _laid(seen: _Seen, source: Source, max_duration_s: float) -> Timeline:
    if not seen.stamps:
        raise InputError(f"{name_of(source)}: no picture in it can be decoded")
    times, usual = rising(np.array(seen.stamps), seen.step)
    start_s, times = float(times[0]), times - times[0]
    length = times[-1] + (seen.last_length_s or usual)
    lost_s = max((stamp - start_s for stamp in seen.lost), default=0.0)
    if length < lost_s <= length + LONGEST_S:  # the last pictures were lost, the sound goes on
        length = lost_s + min(usual, seen.step)
    if length > max_duration_s:
        raise InputError(
            f"{name_of(source)}: {length:.1f} s long, over the limit of {max_duration_s:g} s; see --max-duration"
        )
    grid = timebase.frame_times(max(1, round(length * timebase.FPS)))
    due = grid + min(usual, 1 / timebase.FPS) / 2 + 1e-6
    shown = np.maximum(np.searchsorted(times, due, side="right") - 1, 0)
    damaged, before_loss = _damage(seen)
    return Timeline(
        picture=shown,
        source_time_s=times[shown],
        damaged=damaged[shown] | (before_loss[shown] & (due > times[shown] + usual)),
        dark=np.array(seen.dark)[shown],
        flat=np.array(seen.flat)[shown],
        start_s=start_s,
        width=seen.size[0],
        height=seen.size[1],
        rotation=seen.turned.degrees,
        errors=len(seen.lost) + sum(seen.corrupt),
    )


def frames(
    source: Source, shown: Ints, start: int = 0, stop: int | None = None, step: int = 1, *, threads: int = 0
) -> Iterator[tuple[int, Picture]]:
    """Grid frames in order, each with its index; a few pictures are in memory at a time.

    Args:
        source: the video that the timeline was made of.
        shown: `[T]` index of the source picture of each frame, as in `Timeline.picture`.
        start: first grid frame wanted.
        stop: the one after the last; None: all.
        step: every how manieth is wanted.
        threads: of the decoder; 0: its own choice.

    Yields:
        Index on the grid and `[H, W, 3]` uint8 RGB, turned as the file asks, with square pixels. A frame that shows
        the picture of the one before it shares its memory; do not write into it.
    """
    wanted = range(start, len(shown) if stop is None else min(stop, len(shown)), step)
    ahead = iter(wanted)
    frame = next(ahead, None)
    picture, colour = None, VideoReformatter()
    with opened(source) as container:
        stream = _prepared(container, source, threads)
        aspect = pixel_aspect(stream)
        for number, picture in enumerate(_decoded(container, stream)):
            if frame is None:
                return
            if shown[frame] > number:
                continue
            pixels = _upright(picture, aspect, colour)
            while frame is not None and shown[frame] <= number:
                yield frame, pixels
                frame = next(ahead, None)
        if picture is None:
            raise InputError(f"{name_of(source)}: no picture in it can be decoded")
        # How many pictures come out of a badly damaged stream depends on the number of threads; the grid does not.
        while frame is not None:
            yield frame, _upright(picture, aspect, colour)
            frame = next(ahead, None)


def _prepared(container: InputContainer, source: Source, threads: int) -> VideoStream:
    stream = picture_stream(container, source)
    stream.thread_type = "AUTO"
    stream.thread_count = threads
    return stream


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Pictures in the order they are shown."""
    for packet in packets(container, stream):
        yield from _pictures(packet) or ()


def _pictures(packet: Packet[VideoStream]) -> list[VideoFrame] | None:
    """What a packet brings out of the decoder; None: an error.

    Raises:
        MemoryError: there is not enough of it: the picture is in order, and must not be taken for a damaged one.
    """
    try:
        return packet.decode()
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError):
        return None


def _look(container: InputContainer, stream: VideoStream, seen: _Seen) -> Iterator[VideoFrame]:
    """Every picture in the order they are shown, once it is noted."""
    seen.step = 1 / float(stream.average_rate) if stream.average_rate else 1 / timebase.FPS
    sent: set[int] = set()
    small = VideoReformatter()
    failed = False
    for packet in packets(container, stream):
        if packet.pts is not None and not packet.is_discard:
            sent.add(packet.pts)
        pictures = _pictures(packet)
        failed |= pictures is None
        for picture in pictures or ():
            _note(seen, picture, stream, small)
            sent.discard(picture.pts)
            yield picture
    # What never came out is a truer account of losses than errors, which some decoders keep to themselves and threads
    # report late; but streams of fields, VP8 and VP9 have packets that are not meant to be shown.
    if failed or (4 * len(sent) < 3 * len(seen.stamps) and stream.codec_context.name not in ("vp8", "vp9")):
        seen.lost = sorted(_seconds(stamp, stream) for stamp in sent)


def _note(seen: _Seen, picture: VideoFrame, stream: VideoStream, small: VideoReformatter) -> None:
    seen.stamps.append(_seconds(picture.pts, stream))
    seen.keys.append(bool(picture.key_frame))
    seen.corrupt.append(picture.is_corrupt)
    seen.last_length_s = _seconds(picture.duration or 0, stream)
    luma = small.reformat(picture, *SMALL, format="gray").to_ndarray()
    seen.dark.append(float(luma.mean()))
    seen.flat.append(float(luma.std()))
    if not seen.size[0]:
        seen.turned = orientation(picture)
        width, height = round(picture.width * pixel_aspect(stream)), picture.height
        seen.size = (height, width) if seen.turned.exchanged else (width, height)


def _seconds(stamp: int | None, stream: VideoStream) -> float:
    return float("nan") if stamp is None or stream.time_base is None else float(stamp * stream.time_base)


def _damage(seen: _Seen) -> tuple[Mask, Mask]:
    """`[P]` pictures that show damage, and `[P]` pictures after which others were lost.

    Damage lasts until the next key picture, since what lies between is predicted from what is damaged.
    """
    stamps = np.array(seen.stamps)
    keys = np.append(np.flatnonzero(seen.keys), len(stamps))
    damaged, before_loss = np.zeros(len(stamps), bool), np.zeros(len(stamps), bool)
    for first in np.flatnonzero(seen.corrupt):
        damaged[first : keys[np.searchsorted(keys, first, side="right")]] = True
    for stamp in seen.lost:
        after = np.flatnonzero(stamps >= stamp)
        begin = int(after[0]) if len(after) else len(stamps)
        if begin:
            before_loss[begin - 1] = True
            damaged[begin : keys[np.searchsorted(keys, begin)]] = True
    return damaged, before_loss


def _upright(picture: VideoFrame, aspect: float, colour: VideoReformatter) -> Picture:
    """`colour` is the clip's own: a picture that brings its own sets up a conversion for itself alone."""
    shown = colour.reformat(picture, round(picture.width * aspect), picture.height, format="rgb24")
    return orientation(picture).applied(shown.to_ndarray().astype(np.uint8, copy=False))
