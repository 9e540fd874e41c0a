"""What can be had without a trained network: lip opening against loudness, and against log-mel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.audio.whisper_mel import whisper_mel
from tfq.sync.distance import offsets
from tfq.timebase import rows_to_grid
from tfq.types import Floats, Mask, Sound

Curve = Callable[[Mask], Floats]

_LEVELS = 4
_BANDS = 8


def lip_opening(landmarks: Floats) -> Floats:
    """Distance of the inner lips over the distance of the eyes, `[T]`; NaN: no face."""
    lips = np.linalg.norm(landmarks[:, 13] - landmarks[:, 14], axis=1)
    return np.asarray(lips / np.linalg.norm(landmarks[:, 263] - landmarks[:, 33], axis=1))


def envelope_correlation(landmarks: Floats, sound: Sound, usable: Mask, reach: int) -> Curve | None:
    """Pearson correlation of lip opening with the mean log-mel of the frame, over offsets."""
    opening, level = lip_opening(landmarks), _mel(sound, len(landmarks)).mean(axis=1, keepdims=True)
    return _curve(opening, level, reach, _correlation)


def mutual_information(landmarks: Floats, sound: Sound, usable: Mask, reach: int) -> Curve | None:
    """Mutual information of lip opening with each of eight log-mel bands, in quantiles, averaged, over offsets."""
    opening = _quantiles(lip_opening(landmarks)[:, None])[:, 0]
    mel = _mel(sound, len(landmarks))
    bands = np.stack([band.mean(axis=1) for band in np.array_split(mel, _BANDS, axis=1)], axis=1)
    return _curve(opening, _quantiles(bands), reach, _information)


MEASURES = {"envelope correlation": envelope_correlation, "mutual information": mutual_information}


def _mel(sound: Sound, count: int) -> Floats:
    return rows_to_grid(whisper_mel(sound).T, 100, count)


def _curve(opening: Floats, heard: Floats, reach: int, measure: Callable[[Floats, Floats], float]) -> Curve:
    def over_offsets(used: Mask) -> Floats:
        found = np.full(2 * reach + 1, -1.0)
        for column, shift in enumerate(offsets(reach)):
            frames = np.flatnonzero(used)
            partners = frames - shift
            inside = (partners >= 0) & (partners < len(heard))
            x, y = opening[frames[inside]], heard[partners[inside]]
            good = np.isfinite(x) & np.isfinite(y).all(axis=1)
            if good.sum() >= max(4, 0.5 * len(frames)):
                found[column] = measure(x[good], y[good])
        return found

    return over_offsets


def _correlation(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y[:, 0] - y[:, 0].mean()
    size = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / size) if size > 0 else 0.0


def _information(x: Floats, y: Floats) -> float:
    """Of levels `[N]` with levels `[N, B]`, averaged over the bands."""
    levels = np.arange(_LEVELS)
    opening = (x[:, None] == levels).astype(np.float64)  # [N, L]
    heard = (y[:, :, None] == levels).astype(np.float64).reshape(len(y), -1)  # [N, B L]
    joint = (opening.T @ heard).reshape(_LEVELS, -1, _LEVELS) / len(x)  # [L, B, L]
    apart = joint.sum(axis=2, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / apart[seen])).sum() / y.shape[1])


def _quantiles(rows: Floats) -> Floats:
    edges = np.nanquantile(rows, np.arange(1, _LEVELS) / _LEVELS, axis=0)
    levels = (rows[:, None, :] > edges[None]).sum(axis=1).astype(np.float64)
    levels[~np.isfinite(rows)] = np.nan
    return np.asarray(levels)
