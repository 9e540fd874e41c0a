"""Offset, confidence and probability from distances over offsets; and the named reasons why there are none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.sync.distance import offsets, overall, pooled
from tfq.types import Floats, Mask

OK = "ok"
AT_EDGE = "at_search_edge"
TOO_SHORT = "too_short"
MOMENT = 10  # frames: a syllable or two


@dataclass(frozen=True)
class Calibration:
    """What turns distances into probabilities; fitted on clips that the network never saw.

    Attributes:
        sharpness: a mean distance over `n` frames speaks as strongly as `exp(sharpness[0] + sharpness[1] log n)`.
        related: weights of confidence, log of the length, their product and 1 in the log-odds that sound and picture
            belong together.
        penalty: log-likelihood that a jump, and a drift, must gain over a constant offset to be believed.
    """

    sharpness: tuple[float, float]
    related: tuple[float, float, float, float]
    penalty: tuple[float, float]


@dataclass(frozen=True)
class Offset:
    """The answer for a clip or a window.

    Attributes:
        frames: the sound is early by this many frames, to a tenth; NaN unless the status is `ok`.
        confidence: median minus least mean distance over the offsets; NaN where too short.
        probability: that the sound belongs to the picture and is at most a frame off; NaN where too short.
        status: `ok`, `at_search_edge` or `too_short`.
    """

    frames: float
    confidence: float
    probability: float
    status: str


def of_clip(distance: Floats, usable: Mask, calibration: Calibration, min_frames: int) -> Offset:
    """The offset of a whole clip from `[T, O]` distances and the `[T]` frames that count."""
    count = int(usable.sum())
    mean = overall(distance, usable)[None]
    if count < min_frames or np.isfinite(mean).sum() < 3:
        return Offset(np.nan, np.nan, np.nan, TOO_SHORT)
    frames, confidence = peaks(mean)
    probability = in_sync(mean, np.array([count]), calibration)
    status = OK if np.isfinite(frames[0]) else AT_EDGE
    return Offset(float(frames[0]), float(confidence[0]), float(probability[0]), status)


def over_time(distance: Floats, usable: Mask, length: int) -> tuple[Floats, Floats]:
    """Offset in frames and confidence of the window around each frame, `[T]` each.

    NaN where fewer than half of the window's frames are usable; the offset also where the least distance is at the edge
    of the search.
    """
    mean, frames = pooled(distance, usable, length)
    mean[frames < length / 2] = np.nan
    return peaks(mean)


def moments(distance: Floats, usable: Mask) -> tuple[float, float]:
    """How far off single moments are: the mean size of their offsets, and their mean deviation from their median, in frames.

    A moment is a window of `MOMENT` frames, half of which are usable at least. It has the offset of its own least
    distance, at the edge of the search too: what is further off is at least that far off. Where the mouth goes with no
    part of the sound, moments fall anywhere. NaN without a moment.
    """
    mean, frames = pooled(distance, usable, MOMENT)
    known = mean[(frames >= MOMENT / 2) & np.isfinite(mean).any(axis=1)]
    if not len(known):
        return float("nan"), float("nan")
    found = offsets((known.shape[1] - 1) // 2)[np.nanargmin(known, axis=1)]
    return float(np.abs(found).mean()), float(np.abs(found - np.median(found)).mean())


def peaks(mean: Floats) -> tuple[Floats, Floats]:
    """Where rows of mean distances `[N, O]` are least, and how far under their median.

    The offset is refined by the parabola through the least value and its neighbours. It is NaN where the least value is
    at the edge of what was measured; both are NaN where fewer than three offsets were.
    """
    reach = mean.shape[1] // 2
    enough = np.isfinite(mean).sum(axis=1) >= 3
    filled = np.where(np.isfinite(mean), mean, np.inf)
    filled[~enough] = 0.0
    best = filled.argmin(axis=1)
    rows = np.arange(len(mean))
    padded = np.pad(filled, ((0, 0), (1, 1)), constant_values=np.inf)
    before, least, after = padded[rows, best], padded[rows, best + 1], padded[rows, best + 2]
    inner = enough & np.isfinite(before) & np.isfinite(after)
    bend = np.where(inner, before - 2 * least + after, 1.0)
    lean = np.divide(before - after, 2 * bend, out=np.zeros(len(mean)), where=inner & (bend > 0))
    frames = np.where(inner, offsets(reach)[best] + lean, np.nan)
    confidence = np.full(len(mean), np.nan)
    confidence[enough] = np.nanmedian(mean[enough], axis=1) - least[enough]
    return frames.astype(np.float32), confidence.astype(np.float32)


def posterior(mean: Floats, frames: Floats, sharpness: tuple[float, float]) -> Floats:
    """Probability of each offset `[N, O]`, if the sound belongs to the picture, by means over `[N]` frames."""
    strength = np.exp(sharpness[0] + sharpness[1] * np.log(np.maximum(frames, 1)))[:, None]
    # An offset that was not measured is as likely as a middling one.
    filled = np.where(np.isfinite(mean), mean, np.nanmedian(mean, axis=1, keepdims=True))
    logits = -strength * (filled - filled.min(axis=1, keepdims=True))
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def related_columns(mean: Floats, frames: Floats) -> Floats:
    """What the log-odds that sound and picture belong together are made of, `[N, 4]`; see `Calibration.related`."""
    confidence = np.nanmedian(mean, axis=1) - np.nanmin(mean, axis=1)
    length = np.log(np.maximum(frames, 1))
    return np.stack([confidence, length, confidence * length, np.ones_like(confidence)], axis=1)


def in_sync(mean: Floats, frames: Floats, calibration: Calibration) -> Floats:
    """Probability `[N]` that the sound belongs to the picture and is at most one frame off."""
    near = np.abs(offsets(mean.shape[1] // 2)) <= 1
    shifted = posterior(mean, frames, calibration.sharpness)[:, near].sum(axis=1)
    odds = related_columns(mean, frames) @ np.array(calibration.related)
    return np.asarray(shifted / (1 + np.exp(-odds)))
