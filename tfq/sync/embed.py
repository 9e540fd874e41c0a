"""What the sync network says of a clip: one unit vector a frame for the picture and one for the sound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.nets.sync_arrays import SyncArrays
from tfq.types import Floats, Mask, Pictures

_PIECE = 1500  # frames at a time, so that memory does not grow with the clip
_CONTEXT = 16  # frames around a piece: more than the network sees to either side
SPEECH_ROWS, MEL_ROWS = 2, 4  # rows under a frame


def embed_picture(network: SyncArrays, shape: Floats, crops: Pictures) -> Floats:
    """Embeddings of the mouth.

    Args:
        network: the trained network.
        shape: `[T, G]` from `geometry.mouth_shape`; NaN: no face.
        crops: `[T, 64, 64]` grey crops as `align` keeps them.

    Returns:
        `[T, E]` float32 unit vectors; NaN: no face.
    """
    known = np.nan_to_num(shape)
    rows = _in_pieces(len(shape), lambda piece: network.picture(known[piece], crops[piece]), network.spec.embedding)
    rows[~np.isfinite(shape).all(axis=1)] = np.nan
    return rows


def embed_sound(network: SyncArrays, speech: Floats, mel: Floats, count: int) -> Floats:
    """Embeddings of the sound.

    Args:
        network: the trained network.
        speech: `[R, W]` rows of the speech encoder, 50 Hz.
        mel: `[R', 80]` log-mel of Whisper, 100 Hz.
        count: frames of the clip.

    Returns:
        `[count, E]` float32 unit vectors; NaN where there is no sound under the frame.
    """
    heard = min(count, len(speech) // SPEECH_ROWS, len(mel) // MEL_ROWS)
    rows = np.full((count, network.spec.embedding), np.nan, np.float32)
    if heard:
        rows[:heard] = _in_pieces(heard, lambda piece: _sound(network, speech, mel, piece), network.spec.embedding)
    return rows


def usable(face: Floats, speech: Mask) -> Mask:
    """Frames that count: there is a face, and somebody speaks."""
    return np.isfinite(face[:, 0]) & speech


def _sound(network: SyncArrays, speech: Floats, mel: Floats, piece: slice) -> Floats:
    words = speech[SPEECH_ROWS * piece.start : SPEECH_ROWS * piece.stop]
    return network.sound(words, mel[MEL_ROWS * piece.start : MEL_ROWS * piece.stop])


def _in_pieces(count: int, embed: Callable[[slice], Floats], width: int) -> Floats:
    rows = np.empty((count, width), np.float32)
    for start in range(0, count, _PIECE):
        stop = min(start + _PIECE, count)
        piece = slice(max(0, start - _CONTEXT), min(stop + _CONTEXT, count))
        rows[start:stop] = embed(piece)[start - piece.start : stop - piece.start]
    return rows
