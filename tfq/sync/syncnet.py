"""LSE-C, LSE-D and offset as the authors of SyncNet compute them (Chung and Zisserman 2016), and done right.

Their code pads the sound's embeddings with zeros outside the clip, which on short clips draws the least distance to the
ends of the search and inflates LSE-C; `padded=False` leaves those pairs out instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.timebase import SAMPLES_PER_FRAME
from tfq.types import Floats, Picture

REACH = 15
WINDOW = 5  # frames under one embedding
_EPSILON = 1e-6  # torch's `pairwise_distance` adds it to every difference
_FILTER = 9
CROP = 224  # side of a face, pixels
_CROP_SCALE = 0.4
_TRACK_FILTER = 13


@dataclass(frozen=True)
class Syncnet:
    """What the authors' `evaluate` prints.

    Attributes:
        offset: frames; positive: the sound is early.
        lse_d: least mean distance.
        lse_c: median minus least mean distance: the confidence.
        frame_confidence: `[N]`, the clip's median minus each window's own distance at the offset.
        smooth_confidence: the same after the authors' median filter over nine windows.
    """

    offset: int
    lse_d: float
    lse_c: float
    frame_confidence: Floats
    smooth_confidence: Floats


def window_count(frames: int, samples: int) -> int:
    """Windows in a clip: the shorter of picture and sound in frames, less one window."""
    return max(0, min(frames, samples // SAMPLES_PER_FRAME) - WINDOW)


def distances(picture: Floats, sound: Floats, padded: bool) -> Floats:
    """`d[i, k] = |V_i - A_(i + k - 15)|` of embeddings `[N, E]`; outside the clip A is 0 if `padded`, else d is NaN."""
    count = len(picture)
    table = np.full((count, 2 * REACH + 1), np.nan)
    for column, shift in enumerate(range(-REACH, REACH + 1)):
        partner = np.arange(count) + shift
        inside = (partner >= 0) & (partner < len(sound))
        heard = np.where(inside[:, None], sound[np.clip(partner, 0, len(sound) - 1)], 0.0)
        distance = np.linalg.norm(picture.astype(np.float64) - heard + _EPSILON, axis=1)
        table[:, column] = distance if padded else np.where(inside, distance, np.nan)
    return table


def evaluate(table: Floats) -> Syncnet:
    """The authors' figures from `[N, 31]` distances; offsets that no window reaches are left out."""
    measured = np.isfinite(table).any(axis=0)
    mean = np.full(table.shape[1], np.nan)
    mean[measured] = np.nanmean(table[:, measured], axis=0)
    best = int(np.nanargmin(mean))
    middle = float(np.nanmedian(mean))
    confidence = middle - table[:, best]
    return Syncnet(REACH - best, float(mean[best]), middle - float(mean[best]), confidence, _median_filter(confidence))


def _median_filter(values: Floats) -> Floats:
    """Median of nine neighbours, zeros beyond the ends, as `scipy.signal.medfilt`."""
    held = np.pad(values, _FILTER // 2)
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(held, _FILTER), axis=1))


def face_squares(boxes: Floats) -> Floats:
    """Middle and half side of the face in each frame, `[T, 3]` (x, y, half), after the median over 13 frames.

    Args:
        boxes: `[T, 4]`; a frame without one takes the nearest.

    Raises:
        ValueError: there is no box at all.
    """
    known = np.flatnonzero(np.isfinite(boxes[:, 0]))
    if not len(known):
        raise ValueError("no box")
    frames = np.arange(len(boxes))
    held = np.stack([np.interp(frames, known, boxes[known, side]) for side in range(4)], axis=1)
    half = np.maximum(held[:, 2] - held[:, 0], held[:, 3] - held[:, 1]) / 2
    squares = np.stack([(held[:, 0] + held[:, 2]) / 2, (held[:, 1] + held[:, 3]) / 2, half], axis=1)
    padded = np.pad(squares, ((_TRACK_FILTER // 2, _TRACK_FILTER // 2), (0, 0)), mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, _TRACK_FILTER, axis=0), axis=2))


def face_crop(picture: Picture, square: Floats) -> Picture:
    """The authors' crop, `[224, 224, 3]`: the face and 40 % around it, further down than up; grey outside the picture."""
    import cv2

    x, y, half = square
    edge = int(half * (1 + 2 * _CROP_SCALE))
    padded = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)), constant_values=110)
    x, y, side = x + edge, y + edge, half * (1 + _CROP_SCALE)
    face = padded[int(y - half) : int(y + half * (1 + 2 * _CROP_SCALE)), int(x - side) : int(x + side)]
    return np.asarray(cv2.resize(face, (CROP, CROP)))
