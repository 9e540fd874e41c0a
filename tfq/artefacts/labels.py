"""What viewers would say of a degradation: pseudo-MOS by dimension, for the clip and for each frame.

Where people have been asked, their answers are the anchors, copied below with their source:

- offsets: ITU-R BT.1359-1 for what is noticed and what is accepted of speech, PEAVS beyond that;
- speed, pieces in another order, mutes: PEAVS (Goncalves et al. 2024, 15,000 videos, without faces);
- quantiser and frame rate: the INRS audiovisual set (Demirbilek and Gregoire 2016, one filmed speaker).

All other kinds stand on a ladder from `CLEAN` down, one rung a severity: a convention, since severities are set by eye
and ear to be spread over the scale. The same holds for the shares that `Kind.touches` spills into other dimensions.
Labels made so order copies of one clip; they are no substitute for ratings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tfq import timebase
from tfq.artefacts import timing
from tfq.artefacts.kinds import Kind
from tfq.artefacts.scene import Scene
from tfq.artefacts.table import KINDS
from tfq.config import DIMENSIONS
from tfq.types import Floats

# Between undegraded videos of PEAVS (4.72) and the best ones of the INRS set (4.33 to 4.45).
CLEAN = 4.6
WORST = 1.0
LADDER = (4.3, 3.6, 2.8, 2.0, 1.3)

# Sound early (left of 0) to late, in seconds, and MOS of lip sync. Up to 0.045 early and 0.125 late is not noticed and
# costs nothing; 0.09 and 0.185 are just accepted (BT.1359-1), which is read here as the middle between "perceptible,
# not annoying" (4) and "slightly annoying" (3). From half a second on it is PEAVS.
_OFFSETS_S = (-1.0, -0.5, -0.09, -0.045, 0.0, 0.125, 0.185, 0.5, 1.0, 2.0)
_OFFSET_MOS = (1.695, 1.869, 3.5, CLEAN, CLEAN, CLEAN, 3.5, 1.868, 1.640, 1.596)

_PEAVS_CLEAN = 4.717
_FASTER = (
    (1.0, 1.025, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75),
    (4.717, 4.628, 4.482, 3.6, 3.367, 3.209, 3.016, 2.908, 2.866, 1.716, 1.383),
)
_SHUFFLED = (
    (0.3, 0.4, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0),
    (1.837, 2.093, 3.137, 3.236, 3.244, 3.369, 3.42, 3.444, 3.52, 4.41),
)

_INRS_CLEAN = 4.331
_QUANTISER = ((23.0, 27.0, 31.0, 35.0), (4.331, 4.02, 3.582, 3.08))
# Loss against 25 frames a second, mean over four quantisers, by frames for which a picture stays (15 and 10 a second).
_HELD = ((1.0, 25 / 15, 2.5), (0.0, 0.214, 0.548))

# Loss of a clip that is bad for a share of its time, as a power of the share: least squares over PEAVS' ten rows of
# 0.4 s mutes (share = 0.4 / (0.4 + gap)) gives 3.86 * share ** 0.845 with an error of 0.13.
SHARE_POWER = 0.845

# How much of a dimension's loss reaches the whole. For lip sync from talking heads led by their sound or picture for
# 0.5 and 1 s (THQA-NTIRE 2025: 1.84, 2.72, 1.41, 1.32 of 5, where the best generators get 3.9): 0.4 to 0.7 of the loss
# above. The others are chosen so that one ruined dimension leaves a poor, not a bad, clip.
WEIGHTS: Mapping[str, float] = {
    "lip_sync": 0.65,
    "expression": 0.5,
    "audio_quality": 0.7,
    "consistency": 0.5,
    "visual_quality": 0.8,
}


@dataclass(frozen=True)
class Labels:
    """`clip`: MOS by dimension; `over_time`: `[T, M]` MOS of each frame, columns as in `DIMENSIONS`."""

    clip: Mapping[str, float]
    over_time: Floats


def labels(name: str, severity: int, scene: Scene) -> Labels:
    """Pseudo-MOS of one degradation.

    Args:
        name: a kind in `KINDS`.
        severity: 1 to 5.
        scene: the span, the clip's length, and the seed, which places jumps and pauses.
    """
    kind = KINDS[name]
    loss = np.zeros((scene.frames, len(DIMENSIONS)))
    inside = _loss_inside(kind, severity, scene)
    for dimension, share in kind.touches.items():
        loss[scene.span.start : scene.span.stop, DIMENSIONS.index(dimension)] = share * inside
    loss[:, -1] = _overall(loss)
    clip = np.mean(loss ** (1 / SHARE_POWER), 0) ** SHARE_POWER if scene.frames else loss.sum(0)
    clip[-1] = _overall(clip[None])[0]
    values = {dimension: round(CLEAN - float(clip[i]), 3) for i, dimension in enumerate(DIMENSIONS)}
    return Labels(values, CLEAN - loss)


def pieces(over_time: Floats, step: float = 0.1) -> list[dict[str, Any]]:
    """Frame labels as runs of equal value, rounded to `step`, as the sidecar holds them."""
    rounded = np.round(over_time / step)
    cuts = [0, *(np.flatnonzero(np.any(np.diff(rounded, axis=0) != 0, 1)) + 1).tolist(), len(rounded)]
    return [
        {
            "start_s": timebase.seconds_of(start),
            "end_s": timebase.seconds_of(stop),
            "labels": {name: round(float(over_time[start:stop, i].mean()), 3) for i, name in enumerate(DIMENSIONS)},
        }
        for start, stop in pairwise(cuts)
    ]


def offset_mos(late_s: Floats) -> Floats:
    """MOS of lip sync by how late the sound is, in seconds; negative: early."""
    return np.interp(late_s, _OFFSETS_S, _OFFSET_MOS)


def _loss_inside(kind: Kind, severity: int, scene: Scene) -> Floats:
    """Loss of the kind's own dimension on each frame of the span."""
    step = kind.step(severity)
    amount = float(step[0]) if not isinstance(step[0], str) else float("nan")
    count = len(scene.span)
    if kind.name in ("sound_early", "sound_late", "jumping_offset", "drift", "wandering"):
        return CLEAN - offset_mos(timing.lateness_s(kind.name, amount, scene))
    if kind.name in ("muted", "other_sound"):
        bad = timing.foreign(kind.name, amount, scene)[scene.span.start : scene.span.stop]
        return np.where(bad, CLEAN - (WORST if kind.name == "muted" else LADDER[-1]), 0.0)
    return np.full(count, _steady_loss(kind.name, severity, amount))


def _steady_loss(name: str, severity: int, amount: float) -> float:
    if name == "fast_voice":
        return _PEAVS_CLEAN - float(np.interp(amount, *_FASTER))
    if name == "shuffled_sound":
        return _PEAVS_CLEAN - float(np.interp(amount, *_SHUFFLED))
    if name == "over_compression":
        return _INRS_CLEAN - _extended(amount, *_QUANTISER)
    if name == "repeated_frames":
        return min(_extended(amount, *_HELD), CLEAN - LADDER[-1])
    return CLEAN - LADDER[severity - 1]


def _extended(amount: float, places: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Between the anchors a line; beyond the last one, its slope goes on."""
    slope = (values[-1] - values[-2]) / (places[-1] - places[-2])
    return float(np.interp(amount, places, values)) + slope * max(0.0, amount - places[-1])


def _overall(loss: Floats) -> Floats:
    """Weighted losses add up like lengths at right angles: the worst dimension decides, others add little."""
    weighted = np.stack([WEIGHTS[name] * loss[:, i] for i, name in enumerate(DIMENSIONS[:-1])])
    return np.minimum(np.sqrt(np.sum(np.square(weighted), 0)), CLEAN - WORST)  # type: ignore[no-any-return]
