"""What viewers would say of a degradation: pseudo-MOS by dimension, for the clip and for each frame.

Where people have been asked, their answers are the anchors, copied below with their source:

- offsets: ITU-R BT.1359-1 for what is noticed and what is accepted of speech, PEAVS beyond that;
- speed, pieces in another order, mutes: PEAVS (Goncalves et al. 2024, 15,000 videos, without faces);
- quantiser, frame rate and lost packets: the INRS audiovisual set (Demirbilek and Gregoire 2016, one filmed speaker),
  by `transmission_mos`.

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
from tfq.artefacts import timing, transmission
from tfq.artefacts.kinds import Kind
from tfq.artefacts.scene import Scene
from tfq.artefacts.table import KINDS
from tfq.config import DIMENSIONS
from tfq.nets.spec import CLEAN, PARTS_OF_WHOLE
from tfq.types import Floats

WORST = 1.0
LADDER = (4.3, 3.6, 2.8, 2.0, 1.3)

# Sound early (left of 0) to late, in seconds, and MOS of lip sync. Up to 0.045 early and 0.125 late is not noticed and
# costs nothing; 0.09 and 0.185 are just accepted (BT.1359-1), which is read here as the middle between "perceptible,
# not annoying" (4) and "slightly annoying" (3). From half a second on it is PEAVS.
_OFFSETS_S = (-1.0, -0.5, -0.09, -0.045, 0.0, 0.125, 0.185, 0.5, 1.0, 2.0)
_OFFSET_MOS = (1.695, 1.869, 3.5, CLEAN, CLEAN, CLEAN, 3.5, 1.868, 1.640, 1.596)

_PEAVS_CLEAN = 4.717
# Points lost by how many times as fast one stream is played, mean of sound and picture.
_SPEEDS = (
    0.25,
    0.5,
    0.6,
    0.7,
    0.75,
    0.8,
    0.85,
    0.9,
    0.95,
    0.975,
    1.0,
    1.025,
    1.05,
    1.1,
    1.15,
    1.2,
    1.25,
    1.3,
    1.4,
    1.5,
    1.75,
)
_SPEED_LOSS = (
    3.569, 3.087, 2.024, 1.797, 1.56, 1.458, 1.211, 1.027, 0.241, 0.063, 0.0,
    0.051, 0.2, 0.997, 1.268, 1.447, 1.593, 1.676, 1.838, 2.985, 3.278,
)  # fmt: skip
_SHUFFLED = (
    (0.3, 0.4, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0),
    (1.837, 2.093, 3.137, 3.236, 3.244, 3.369, 3.42, 3.444, 3.52, 4.41),
)

# Least squares over the 36 means of the INRS set (error 0.13, rank correlation 0.98; `python -m tests.bench.anchors`).
_FINE = 4.495  # 25 frames a second at quantiser 23, nothing lost
_PER_STEP, _PER_COARSE_STEP, _COARSE = 0.088, 0.035, 31.0  # points a step of the quantiser; more of them over 31
_SLOW, _SLOW_POWER = 0.351, 1.285  # points lost by the time a picture stays longer than at 25 a second
_HALF_LOSS, _HALF_DOUBLES, _LOSS_POWER = (
    0.697,
    5.495,
    1.369,
)  # per cent that halve the score; twice as many 5.5 steps on
_SLOWEST_ASKED = 10.0  # frames a second; under it the slope there goes on
_HALVES_RATE = 6.0  # steps of the quantiser that halve the bit rate of H.264

# Loss of a clip that is bad for a share of its time, as a power of the share: least squares over PEAVS' ten rows of
# 0.4 s mutes (share = 0.4 / (0.4 + gap)) gives 3.86 * share ** 0.845 with an error of 0.13.
_MUTED_LOSS = 3.86
SHARE_POWER = 0.845


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
    if name in _SENT:
        loss[scene.span.start : scene.span.stop, -1] = inside
    clip = np.mean(loss ** (1 / SHARE_POWER), 0) ** SHARE_POWER if scene.frames else loss.sum(0)
    if name not in _SENT:
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


def shifted(late_s: float, clean: Mapping[str, float]) -> dict[str, float]:
    """Labels of a clip whose sound is moved by so many seconds, from those it has (later: positive)."""
    touches = KINDS["sound_late"].touches
    lost = CLEAN - float(offset_mos(np.array(late_s)))
    loss = np.array([touches.get(name, 0.0) * lost for name in DIMENSIONS])
    loss[-1] = float(_overall(loss[None])[0])
    return {name: max(WORST, clean[name] - loss[i]) for i, name in enumerate(DIMENSIONS) if name in clean}


def speed_loss(factor: float) -> float:
    """Points that a stream loses which is played so many times as fast as the other."""
    return float(np.interp(factor, _SPEEDS, _SPEED_LOSS))


def mute_loss(gap_s: float) -> float:
    """Points that mutes of 0.4 s cost with so many seconds of sound between them."""
    return float(_MUTED_LOSS * (timing.MUTE_S / (timing.MUTE_S + gap_s)) ** SHARE_POWER)


def transmission_mos(fps: Floats, quantiser: Floats, loss_percent: Floats) -> Floats:
    """MOS of a filmed speaker whose picture is sent by H.264, on the scale of the INRS set (its best: 4.5).

    Frame rate and quantiser take points off; lost packets then press what is left of the score towards 1, the less the
    coarser the quantiser, since a picture has fewer packets then.

    Args:
        fps: pictures a second, asked for 10 to 25.
        quantiser: asked for 23 to 35; beyond, a straight line.
        loss_percent: of the packets, asked for 0 to 5.
    """
    fps, quantiser, lost = (np.asarray(values, float) for values in (fps, quantiser, loss_percent))
    stays, longest = timebase.FPS / fps - 1, timebase.FPS / _SLOWEST_ASKED - 1
    inside = np.clip(stays, 0, longest)
    slope = _SLOW * _SLOW_POWER * longest ** (_SLOW_POWER - 1)
    slow = _SLOW * inside**_SLOW_POWER + slope * np.maximum(0, stays - longest)
    coarse = _PER_STEP * (quantiser - 23) + _PER_COARSE_STEP * np.maximum(0, quantiser - _COARSE)
    half = _HALF_LOSS * 2 ** ((quantiser - 23) / _HALF_DOUBLES)
    score: Floats = WORST + np.maximum(0, _FINE - slow - coarse - WORST) / (1 + (lost / half) ** _LOSS_POWER)
    return score


def _loss_inside(kind: Kind, severity: int, scene: Scene) -> Floats:
    """Loss of the kind's own dimension on each frame of the span."""
    step = kind.step(severity)
    amount = float(step[0]) if not isinstance(step[0], str) else float("nan")
    if kind.name in _SENT:
        lost: Floats = np.minimum(_FINE - _sent_mos(kind, severity, len(scene.span)), CLEAN - LADDER[-1])
        return lost
    uneven = _uneven_loss(kind.name, severity, amount, scene)
    return np.full(len(scene.span), _even_loss(kind.name, severity, amount)) if uneven is None else uneven


def _uneven_loss(name: str, severity: int, amount: float, scene: Scene) -> Floats | None:
    """Loss of the kinds that are not as bad on every frame; None: of the others."""
    loss: Floats | None = None
    if name in ("sound_early", "sound_late", "jumping_offset", "drift", "wandering"):
        loss = CLEAN - offset_mos(timing.lateness_s(name, amount, scene))
    elif name in ("muted", "other_sound"):
        bad = timing.foreign(name, amount, scene)[scene.span.start : scene.span.stop]
        loss = np.where(bad, CLEAN - (WORST if name == "muted" else LADDER[-1]), 0.0)
    elif name == "stalls":
        loss = np.where(transmission.stall_age(amount, scene) > 0, CLEAN - LADDER[-1], 0.0)
    elif name == "identity_drift":
        count = len(scene.span)
        loss = (CLEAN - LADDER[severity - 1]) * (np.arange(count) + 1) / max(count, 1)
    elif name == "no_blinks" and scene.landmarks is not None and not _blinks(scene):
        loss = np.zeros(len(scene.span))
    return loss


def _even_loss(name: str, severity: int, amount: float) -> float:
    if name == "fast_voice":
        return speed_loss(amount)
    if name == "shuffled_sound":
        return _PEAVS_CLEAN - float(np.interp(amount, *_SHUFFLED))
    return CLEAN - LADDER[severity - 1]


# How the picture is sent: people were asked for the whole of it, so that their answer is the label of `overall` too.
_SENT = (
    "over_compression", "over_compression_h265", "picture_loss", "picture_loss_h265", "falling_rate", "low_frame_rate",
    "repeated_frames",
)  # fmt: skip


def _sent_mos(kind: Kind, severity: int, count: int) -> Floats:
    """MOS of a transmission on each frame. H.265 at a quantiser is taken for as good as H.264 at the same."""
    step = kind.step(severity)
    numbers = [float(value) for value in step if not isinstance(value, str)]
    fps, quantiser, lost = np.full(count, float(timebase.FPS)), np.full(count, 23.0), np.zeros(count)
    if kind.name == "low_frame_rate":
        fps[:] = numbers[0]
    elif kind.name == "repeated_frames":
        fps[:] = timebase.FPS / numbers[0]
    elif kind.name == "falling_rate":
        quantiser += _HALVES_RATE * -np.log2(numbers[0]) * transmission.rate_depth(count)
    else:
        quantiser[:] = numbers[0]
        lost[:] = numbers[1] if len(numbers) > 1 else 0.0
    return transmission_mos(fps, quantiser, lost)


def _blinks(scene: Scene) -> bool:
    from tfq.artefacts.face import has_blinks

    return has_blinks(scene)


def _overall(loss: Floats) -> Floats:
    """Weighted losses add up like lengths at right angles: the worst dimension decides, others add little."""
    weighted = np.stack([PARTS_OF_WHOLE[name] * loss[:, i] for i, name in enumerate(DIMENSIONS[:-1])])
    return np.minimum(np.sqrt(np.sum(np.square(weighted), 0)), CLEAN - WORST)  # type: ignore[no-any-return]
