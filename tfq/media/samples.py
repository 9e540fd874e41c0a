"""Sound on the picture's clock: mono, 16 kHz, sample 0 at the first picture."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from tfq import timebase
from tfq.media.facts import Source
from tfq.media.probe import opened, packets, sound_stream
from tfq.types import Sound

JUMP_S = 0.015  # stamps further than this from the running count are a gap, as of one lost packet, and not rounding


def samples(source: Source, frame_count: int, start_s: float) -> tuple[Sound | None, float]:
    """Decode the first sound stream.

    Args:
        source: the video.
        frame_count: grid frames; the sound is cut or filled with silence to exactly this length.
        start_s: time stamp of the first picture on the clock of the file.

    Returns:
        `[frame_count * SAMPLES_PER_FRAME]` float32, or None where there is no sound stream or nothing in it can be
        decoded; and the seconds of it that the source really covers.
    """
    sound = np.zeros(timebase.samples_of(frame_count), np.float32)
    covered = np.zeros(frame_count, bool)
    found = False
    with opened(source) as container:
        stream = sound_stream(container)
        if stream is None:
            return None, 0.0
        for at_s, piece in _pieces(container, stream):
            found = True
            place = round((at_s - start_s) * timebase.SAMPLE_RATE)
            first, last = max(0, place), min(len(sound), place + len(piece))
            if first < last:
                sound[first:last] = piece[first - place : last - place]
                covered[first // timebase.SAMPLES_PER_FRAME : -(-last // timebase.SAMPLES_PER_FRAME)] = True
    return (sound, timebase.seconds_of(int(covered.sum()))) if found else (None, 0.0)


def whole(source: Source) -> Sound | None:
    """All of the first sound stream from its own start, gaps left out; None where there is none. Needs no picture."""
    with opened(source) as container:
        stream = sound_stream(container)
        pieces = [piece for _, piece in _pieces(container, stream)] if stream is not None else []
    return np.concatenate(pieces) if pieces else None


def _pieces(container: InputContainer, stream: AudioStream) -> Iterator[tuple[float, Sound]]:
    """Runs of 16 kHz sound with the time each starts at."""
    resampler, form, expected, at = _resampler(), None, 0.0, 0.0
    for frame in _decoded(container, stream):
        time = float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else expected
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != form or abs(time - expected) > JUMP_S:
            yield from _mono(resampler.resample(None), at)
            # Stamps within rounding of the count would tear a hole or an overlap into the sound.
            at = time if form is None or abs(time - expected) > JUMP_S else expected
            resampler, form, expected = _resampler(), now, at
        # Counted, not read from the stamps: sound that falls behind its stamps a little in each frame is noticed too.
        expected += frame.samples / frame.sample_rate
        frame.pts = None  # the resampler would fill gaps by itself, and count from its own zero
        for start, piece in _mono(resampler.resample(frame), at):
            yield start, piece
            at = start + len(piece) / timebase.SAMPLE_RATE
    yield from _mono(resampler.resample(None), at)


def _resampler() -> av.AudioResampler:
    # Of whole numbers swresample takes the mean of the channels; of floating point their sum over √2, which overflows.
    return av.AudioResampler(format="s32", layout="mono", rate=timebase.SAMPLE_RATE)


def _mono(pieces: list[AudioFrame], at: float) -> Iterator[tuple[float, Sound]]:
    for piece in pieces:
        values = (piece.to_ndarray().reshape(-1) / 2**31).astype(np.float32)
        yield at, values
        at += len(values) / timebase.SAMPLE_RATE


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    for packet in packets(container, stream):
        try:
            yield from packet.decode()
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            continue
