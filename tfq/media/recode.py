"""Sound through an encoder and back: what a coder does to it, done by the coder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tfq import disk, timebase
from tfq.errors import TfqError
from tfq.media import samples
from tfq.types import Sound

# What a codec is kept in, its sample rate in Hz and the samples a packet of it holds.
_CODECS = {
    "libopus": (".ogg", 16_000, 320),
    "aac": (".m4a", 16_000, 1024),
    "libopencore_amrnb": (".amr", 8_000, 160),
}


def sound(source: Sound, codec: str, bit_rate: int) -> Sound:
    """Encode and decode mono 16 kHz sound.

    Args:
        source: `[N]` sound.
        codec: `libopus`, `aac` or `libopencore_amrnb` (AMR narrow-band, 8 kHz).
        bit_rate: bits a second; AMR takes the nearest of its eight modes.

    Returns:
        `[N]` at 16 kHz, the coder's delay taken out.
    """
    ending = _CODECS[codec][0]
    with disk.folder() as folder:
        path = folder / f"coded{ending}"
        try:
            _encode(path, source, codec, bit_rate)
            decoded = samples.whole(path)
        except av.FFmpegError as error:
            raise TfqError(f"this build of FFmpeg cannot encode with {codec} ({error})") from error
    return _aligned(decoded if decoded is not None else np.zeros(0, np.float32), source)


def _encode(path: Path, source: Sound, codec: str, bit_rate: int) -> None:
    _, rate, block = _CODECS[codec]
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        packing = stream.codec_context.format or "s16"
        resampler = av.AudioResampler(format=packing, layout="mono", rate=rate, frame_size=block)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(source[None], np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = timebase.SAMPLE_RATE, 0, Fraction(1, timebase.SAMPLE_RATE)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def _aligned(decoded: Sound, source: Sound) -> Sound:
    """Cut the delay that containers do not tell of, found by correlation, and bring to the source's length."""
    size = 1 << (len(decoded) + len(source)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(source, size)), size)
    reach = timebase.SAMPLE_RATE // 10
    lags = np.concatenate([np.arange(reach), np.arange(-reach, 0)])
    lag = int(lags[np.argmax(likeness[lags])]) if np.any(source) else 0
    shifted = decoded[lag:] if lag >= 0 else np.concatenate([np.zeros(-lag, np.float32), decoded])
    out = np.zeros(len(source), np.float32)
    out[: min(len(shifted), len(source))] = shifted[: len(source)]
    return out
