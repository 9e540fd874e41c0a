"""Synthetic clips with known truth: each picture shows its own number, and the sound beeps at known times.

    path = clip(tmp_path / "a.mp4", fps=30, rotation=90, sound=Beeps(rate=44_100, start_s=0.3))
    [number(picture) for _, picture in frames(path, timeline(path).picture)]

All times are on the clock of the file, as a player's is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

from tfq.types import Floats, Ints, Picture, Sound

SIZE = (128, 96)  # width and height; the number is drawn as blocks, 4 across and 3 down
BITS = 10
BLACK = -1  # what `number` reads from a picture without a number

BEEP_EVERY_S = 0.5
BEEP_S = 0.1
CLOCK = Fraction(1, 90_000)

# Display matrices of a clockwise turn: (x, y) goes to (a x + c y, b x + d y), y down.
_TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True)
class Beeps:
    """Sound that beeps for 0.1 s at every half second of the file's clock, each beep 100 Hz higher than the last.

    `gaps` are pieces of time for which the file holds no sound at all: its stamps jump. `lag` is how much further the
    stamps have run after a second than the samples have, as those of live recordings do. `peak` is of full scale.
    """

    rate: int = 44_100
    layout: str = "stereo"
    codec: str = "aac"
    start_s: float = 0.0
    length_s: float | None = None
    gaps: Sequence[tuple[float, float]] = ()
    lag: float = 0.0
    peak: float = 0.5


def picture(shown: int, size: tuple[int, int] = SIZE) -> Picture:
    """The picture of a number below 1024; `BLACK` gives a black one."""
    width, height = size
    if shown == BLACK:
        return np.zeros((height, width, 3), np.uint8)
    bits = [1, *((shown >> bit) & 1 for bit in range(BITS)), 0]  # the corners tell which way is up
    blocks = np.array(bits, np.uint8).reshape(3, 4) * 180 + 40
    rows, columns = np.arange(height) * 3 // height, np.arange(width) * 4 // width
    return np.repeat(blocks[np.ix_(rows, columns)][..., None], 3, axis=2)


def number(pixels: Picture) -> int:
    """The number that a decoded picture shows; `BLACK` where there is none, or it lies on its side."""
    height, width = pixels.shape[:2]
    if height > width:
        return BLACK
    y, x = (np.arange(3) * 2 + 1) * height // 6, (np.arange(4) * 2 + 1) * width // 8
    bits = (pixels.mean(axis=2)[np.ix_(y, x)] > 130).astype(int).ravel()
    return int(bits[1:-1] @ (1 << np.arange(BITS))) if bits[0] and not bits[-1] else BLACK


def beep_times(until_s: float) -> Floats:
    """When beeps start."""
    return np.arange(0, until_s, BEEP_EVERY_S)


def onsets(sound: Sound, rate: int = 16_000) -> Floats:
    """Times at which beeps start in decoded sound, in seconds, to about 3 ms."""
    hop = rate // 500
    level = np.abs(sound[: len(sound) // hop * hop]).reshape(-1, hop).max(axis=1) > 0.15
    quiet = round(0.02 * rate / hop)
    starts = [i for i in np.flatnonzero(level) if i >= quiet and not level[i - quiet : i].any()]
    return np.array(starts, float) * hop / rate


def clip(
    path: Path,
    *,
    duration_s: float = 2.0,
    fps: Fraction | int = 25,
    times: Sequence[float] | None = None,
    start_s: float = 0.0,
    size: tuple[int, int] = SIZE,
    rotation: int = 0,
    aspect: Fraction | None = None,
    black: Collection[int] = (),
    video: bool = True,
    codec: str = "libx264",
    gop: int = 10,
    sound: Beeps | None = None,
) -> Path:
    """Write a clip; the ending of its name chooses the container.

    Args:
        path: the file.
        duration_s: of the pictures, and of the sound unless it says otherwise.
        fps: of the pictures.
        times: when each picture starts, in place of a constant rate; they start at 0.
        start_s: time of the first picture.
        size: width and height of the picture as it is shown, before its pixels are stretched.
        rotation: clockwise degrees by which a player has to turn what is stored.
        aspect: width of a pixel over its height, where the file is to say so.
        black: numbers of the pictures that are black.
        video: off: there is only sound.
        codec: of the pictures; it has to keep blocks of a number apart.
        gop: pictures from one key picture to the next.
        sound: None: there is no sound stream.
    """
    with av.open(str(path), "w") as out:
        stream = audio = None
        if video:
            stream = out.add_stream(codec, rate=fps, options={"crf": "16", "g": str(gop)} if codec == "libx264" else {})
            stream.width, stream.height = size if rotation % 180 == 0 else size[::-1]
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = CLOCK if times is not None or start_s else 1 / Fraction(fps)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation:
                stream.set_display_matrix(_matrix(rotation, stream.width, stream.height))
        if sound is not None:
            audio = out.add_stream(sound.codec, rate=sound.rate, layout=sound.layout)
        if stream is not None:
            starts = [start_s + time for time in times or _steady(duration_s, fps)]
            numbers = (BLACK if index in black else index for index in range(len(starts)))
            _pictures(out, stream, starts, (np.rot90(picture(value, size), rotation // 90) for value in numbers))
        if sound is not None:
            _beeps(out, audio, sound, sound.start_s + (duration_s if sound.length_s is None else sound.length_s))
    return path


def truncated(path: Path, share: float) -> Path:
    """Cut a file short, in place."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def damaged(path: Path, numbers: Collection[int], share: float = 0.6, stream: str = "video") -> Path:
    """Overwrite the middle of the packets with these numbers, in the order they are stored, with noise."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(**{stream: 0}) if p.pos is not None and p.size]
    content = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for index in numbers:
        start, size = places[index]
        length = max(4, int(size * share))
        first = start + (size - length) // 2
        content[first : first + length] = noise.integers(0, 256, length, np.uint8).tobytes()
    path.write_bytes(content)
    return path


def shown(numbers: Sequence[int] | Ints) -> list[int]:
    """Plain numbers, for messages of tests that can be read."""
    return [int(n) for n in numbers]


def _steady(duration_s: float, fps: Fraction | int) -> list[float]:
    return [float(i / Fraction(fps)) for i in range(round(duration_s * Fraction(fps)))]


def _matrix(rotation: int, width: int, height: int) -> tuple[int, ...]:
    a, b, c, d = _TURNS[rotation]
    x, y = (width if a + c < 0 and a else height if c < 0 else 0), (height if d < 0 else width if b < 0 else 0)
    return (a << 16, b << 16, 0, c << 16, d << 16, 0, x << 16, y << 16, 1 << 30)


def _pictures(out: OutputContainer, stream: av.VideoStream, times: Sequence[float], drawn: Iterable[Picture]) -> None:
    base = stream.codec_context.time_base
    for time, pixels in zip(times, drawn, strict=True):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame.pts, frame.time_base = round(time / base), base
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _beeps(out: OutputContainer, stream: av.AudioStream, sound: Beeps, stop_s: float) -> None:
    first, last = round(sound.start_s * sound.rate), round(stop_s * sound.rate)
    clock = np.arange(first, last) / sound.rate
    tone = np.sin(2 * np.pi * (400 + 100 * np.floor(clock / BEEP_EVERY_S)) * clock)
    tone *= sound.peak * (clock % BEEP_EVERY_S < BEEP_S)
    stream.codec_context.open(strict=False)
    block = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=sound.layout, rate=sound.rate)
    channels = resampler.layout.nb_channels
    for start in range(0, len(tone), block):
        at = clock[start]
        if any(begin <= at < end for begin, end in sound.gaps):
            continue
        values = np.repeat(tone[None, start : start + block], channels, axis=0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(values, format="fltp", layout=sound.layout)
        frame.sample_rate, frame.time_base = sound.rate, Fraction(1, sound.rate)
        frame.pts = round((at + sound.lag * (at - sound.start_s)) * sound.rate)
        for piece in resampler.resample(frame):
            out.mux(stream.encode(piece))
    out.mux(stream.encode(None))
