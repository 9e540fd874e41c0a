"""Pictures sent over a line: encoded, cut into packets, some of them lost, and decoded with concealment.

A picture is one slice, of which what comes before the first lost packet is decoded. What is shown below it is the
decoder's own doing: FFmpeg's H.264 decoder fills in from the picture before (smears, torn blocks), its H.265 decoder
leaves what its buffers held. Both then predict the next pictures from that, until a key picture comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from tfq import timebase
from tfq.errors import TfqError
from tfq.media.writer import X264
from tfq.types import Line, Picture

PAYLOAD = 1200  # bytes of the picture in a packet: what fits into an Ethernet frame with its headers, and some room
FULL_SIZE = 1280 * 720  # a picture of this size has such packets; smaller ones have as many, of fewer bytes
LEAST = 120
KEY_S = {"libx264": 10.0, "libx265": 1.0}  # seconds from one key picture to the next: x264's own; a conference's
_DECODERS = {"libx264": "h264", "libx265": "hevc"}


def sent(source: Iterable[Picture], line: Line) -> Iterator[Picture]:
    """Pictures as they come out at the other end, as many as went in. Odd sides keep their last row or column.

    A picture of which nothing arrives is the one before it again: the very same array. The first picture always
    arrives whole, as a receiver would not begin without it.

    Args:
        source: `[H, W, 3]` uint8 RGB each.
        line: the codec, how finely it encodes, and how much is lost.
    """
    ends: _Ends | None = None
    shape: tuple[int, ...] = ()
    count = given = 0
    shown: Picture | None = None
    waiting: dict[int, Picture] = {}

    def until(stop: int) -> Iterator[Picture]:
        nonlocal given, shown
        for number in range(given, stop):
            arrived = waiting.pop(number, None)
            shown = shown if arrived is None else arrived
            if shown is None:
                raise TfqError(f"no picture came back from {line.codec}")
            yield shown
        given = max(given, stop)

    for picture in source:
        if ends is None:
            ends, shape = _Ends(line, picture), picture.shape
        _take(ends.through(picture, count), waiting, shape)
        count += 1
        yield from until(min(count, ends.decoded))
    if ends is not None:
        _take(ends.through(None, count), waiting, shape)
        yield from until(count)


def _take(frames: Iterable[VideoFrame], waiting: dict[int, Picture], shape: tuple[int, ...]) -> None:
    for frame in frames:
        if frame.pts is not None:
            pixels: Any = frame.to_ndarray(format="rgb24")
            waiting[frame.pts] = pixels[: shape[0], : shape[1]]


class _Ends:
    """The encoder and the decoder of a line, for pictures of one size.

    Attributes:
        decoded: pictures whose fate is settled.
    """

    def __init__(self, line: Line, first: Picture) -> None:
        self.line, self.decoded, self.waits = line, 0, False
        self.random = np.random.default_rng([line.seed, 7])
        height, width = (side + side % 2 for side in first.shape[:2])
        encoder: Any = av.CodecContext.create(line.codec, "w")
        self.encoder = encoder
        self.encoder.width, self.encoder.height, self.encoder.pix_fmt = width, height, "yuv420p"
        self.encoder.time_base = Fraction(1, timebase.FPS)
        self.encoder.framerate = Fraction(timebase.FPS)
        self.payload = max(LEAST, round(PAYLOAD * height * width / FULL_SIZE))
        self.encoder.options = _options(line)
        self.decoder: Any = av.CodecContext.create(_DECODERS[line.codec], "r")
        self.decoder.thread_count = 1  # the concealment of H.264 works on one thread only
        self.decoder.options = {"flags": "+output_corrupt", "flags2": "+showall", "ec": "guess_mvs+deblock"}

    def through(self, picture: Picture | None, number: int) -> Iterator[VideoFrame]:
        """What the decoder gives for one more picture; None: there are no more."""
        if picture is None:
            packets = self.encoder.encode(None)
        else:
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, timebase.FPS)
            packets = self.encoder.encode(frame)
        for packet in packets:
            yield from self._received(packet)
        if picture is None:
            yield from self._decode(None)

    def _received(self, packet: Packet[Any]) -> Iterator[VideoFrame]:
        stamp = packet.pts
        # FFmpeg's H.265 decoder fills nothing in: damaged key pictures would turn everything green. They are asked for
        # again, as conferences do, and after a picture that is missing whole the next key picture is waited for.
        safe = not self.line.lost or stamp == 0 or (self.line.codec == "libx265" and packet.is_keyframe)
        arrived = bytes(packet) if safe else self._lossy(bytes(packet))
        self.waits = self.line.codec == "libx265" and not packet.is_keyframe and (self.waits or not arrived)
        if arrived and not self.waits:
            rest = av.Packet(arrived)
            rest.pts, rest.dts, rest.time_base = stamp, packet.dts, packet.time_base
            yield from self._decode(rest)
        # Without B pictures, what an encoded picture decodes to is known as soon as it was sent.
        self.decoded = (stamp or 0) + 1 if not self.decoder.has_b_frames else self.decoded

    def _decode(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        try:
            yield from self.decoder.decode(packet)
        except av.FFmpegError:
            return  # a picture that cannot be decoded at all is not shown

    def _lossy(self, coded: bytes) -> bytes:
        """Every NAL unit up to the first of its packets that is lost; parameter sets always arrive."""
        kept = b""
        for unit in nal_units(coded):
            pieces = -(-len(unit) // self.payload)
            lost = np.flatnonzero(self.random.random(pieces) < self.line.lost)
            if not len(lost) or not _is_slice(unit, self.line.codec):
                kept += unit
            elif lost[0] > 0:
                kept += unit[: int(lost[0]) * self.payload]
        return kept


def nal_units(coded: bytes) -> list[bytes]:
    """The NAL units of an Annex B stream, each with its start code."""
    starts, at = [], coded.find(b"\0\0\1")
    while at >= 0:
        starts.append(at - 1 if at and coded[at - 1] == 0 else at)
        at = coded.find(b"\0\0\1", at + 3)
    return [coded[start:stop] for start, stop in zip(starts, [*starts[1:], len(coded)], strict=True)]


def _is_slice(unit: bytes, codec: str) -> bool:
    head = unit[unit.find(b"\0\0\1") + 3]
    return head & 31 in range(1, 6) if codec == "libx264" else (head >> 1) & 63 < 32


def _options(line: Line) -> dict[str, str]:
    """One thread, so that the same pictures give the same bytes on every machine; no B pictures, as on a live line."""
    key = str(round(KEY_S[line.codec] * timebase.FPS))
    if line.codec == "libx265":
        return {
            "preset": "fast",
            "x265-params": f"qp={line.quantiser}:keyint={key}:bframes=0:pools=none:frame-threads=1:log-level=none",
        }
    options = {**X264, "bf": "0", "g": key, "threads": "1"}
    if line.rates:
        return options | {"crf": str(line.quantiser), "x264-params": f"zones={_zones(line.rates)}"}
    return options | {"crf": "-1", "qp": str(line.quantiser)}


def _zones(rates: tuple[float, ...]) -> str:
    """Pieces of one share of the usual bit rate each, as x264 takes them: first and last picture, factor."""
    cuts = [0, *(i for i in range(1, len(rates)) if rates[i] != rates[i - 1]), len(rates)]
    return "/".join(f"{start},{stop - 1},b={rates[start]:.4f}" for start, stop in pairwise(cuts))


def _even(picture: Picture) -> Picture:
    """4:2:0 holds even sides only."""
    height, width = picture.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return np.ascontiguousarray(picture)
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
