"""Where somebody speaks: WebRTC voice activity on the 25 fps grid, smoothed, and as spans."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfq.timebase import FPS, SAMPLE_RATE, rows_to_grid, seconds_of
from tfq.types import Floats, Mask, Sound, Span

PIECE_S = 0.02  # the detector takes 10, 20 or 30 ms; 20 ms makes exact pairs under a grid frame
_PIECE = int(PIECE_S * SAMPLE_RATE)


def activity(sound: Sound, count: int, mode: int) -> Floats:
    """Share of each grid frame that WebRTC's detector calls voice.

    Args:
        sound: `[N]` 16 kHz; bring it to a common peak first, since the detector's thresholds are absolute.
        count: number of grid frames.
        mode: WebRTC's aggressiveness, 0 (keeps most) to 3 (drops most).

    Returns:
        `[count]` float32, 0-1; NaN where there is no sound under the frame.
    """
    import webrtcvad

    detector = webrtcvad.Vad(mode)
    pcm = np.round(np.clip(sound, -1.0, 1.0) * 32767).astype("<i2")
    pieces = pcm[: len(pcm) // _PIECE * _PIECE].reshape(-1, _PIECE)
    voiced = np.fromiter(
        (detector.is_speech(piece.tobytes(), SAMPLE_RATE) for piece in pieces), np.float32, len(pieces)
    )
    return rows_to_grid(voiced, 1 / PIECE_S, count)


def smooth(share: Floats, min_gap_s: float, min_speech_s: float) -> Mask:
    """Speech mask `[T]`: gaps shorter than `min_gap_s` are closed, then pieces shorter than `min_speech_s` dropped.

    The gaps come first, so that a word broken by its plosives is not dropped in pieces. NaN counts as no speech.
    """
    speech = np.nan_to_num(share, nan=0.0) >= 0.5
    for start, stop in _runs(~speech):
        if start > 0 and stop < len(speech) and seconds_of(stop - start) < min_gap_s - 1e-9:
            speech[start:stop] = True
    for start, stop in _runs(speech):
        if seconds_of(stop - start) < min_speech_s - 1e-9:
            speech[start:stop] = False
    return speech


def spans(speech: Mask) -> list[Span]:
    """The pieces of a `[T]` speech mask in order of time."""
    return [Span(start / FPS, stop / FPS) for start, stop in _runs(speech)]


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
