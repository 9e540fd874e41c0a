"""Whether the offset stays, jumps or drifts along a clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.sync.distance import offsets
from tfq.sync.offset import Calibration, posterior
from tfq.types import Floats, Ints, Mask

CONSTANT, JUMP, DRIFT = "constant", "jump", "drift"
BLOCK = 5  # frames whose distances are pooled before they count as one observation
_MOST_BLOCKS = 600  # of longer clips the blocks are longer, so that time and memory do not grow with their square
_LEAST_JUMP = 2  # frames
_SLOPES = np.concatenate([np.linspace(-0.05, -0.006, 12), np.linspace(0.006, 0.05, 12)])  # frames per frame


@dataclass(frozen=True)
class Trend:
    """How the offset goes along the clip.

    Attributes:
        kind: `constant`, `jump` or `drift`.
        start: offset at the start, frames.
        end: offset at the end, frames.
        at: frame of the jump; -1 without one.
        gain: by how much the log-likelihood beats a constant offset.
    """

    kind: str
    start: float
    end: float
    at: int = -1
    gain: float = 0.0


def find(distance: Floats, usable: Mask, calibration: Calibration) -> Trend:
    """Compare a constant offset, one jump, and a steady drift by their likelihood.

    Blocks of `BLOCK` frames are taken as independent observations of the offset, a twentieth of them as worthless.

    Args:
        distance: `[T, O]`; NaN: not measured.
        usable: `[T]` frames that count.
        calibration: how strongly distances speak, and what a jump or a drift must gain.
    """
    paths = _paths(distance, usable, calibration)
    if not paths:
        return Trend(CONSTANT, np.nan, np.nan)
    over = np.array([path.gain for path in paths[1:]]) - calibration.penalty
    return paths[1 + int(over.argmax())] if over.max() > 0 else paths[0]


def gains(distance: Floats, usable: Mask, calibration: Calibration) -> tuple[float, float]:
    """By how much the best jump and the best drift beat a constant offset; 0 where there is too little to tell."""
    paths = _paths(distance, usable, calibration)
    return (paths[1].gain, paths[2].gain) if paths else (0.0, 0.0)


def _paths(distance: Floats, usable: Mask, calibration: Calibration) -> tuple[Trend, ...]:
    """The likeliest constant offset, jump and drift; nothing with fewer than two blocks."""
    cost, place = _costs(distance, usable, calibration.sharpness)
    if len(cost) < 2:
        return ()
    tried = offsets(cost.shape[1] // 2)
    total = cost.sum(axis=0)
    steady = float(tried[total.argmin()])
    base = float(total.min())
    jump, drift = _jump(cost, place, tried, base), _drift(cost, place, len(distance), base)
    return Trend(CONSTANT, steady, steady), jump, drift


def _costs(distance: Floats, usable: Mask, sharpness: tuple[float, float]) -> tuple[Floats, Floats]:
    """Negative log-likelihood of each offset `[N, O]` for each block with usable frames; the blocks' middles `[N]`."""
    rows, places = [], []
    length = max(BLOCK, -(-len(distance) // _MOST_BLOCKS))
    for start in range(0, len(distance), length):
        used = usable[start : start + length] & np.isfinite(distance[start : start + length]).any(axis=1)
        if used.sum() < length / 2:
            continue
        block = distance[start : start + length][used]
        measured = np.isfinite(block).any(axis=0)
        mean = np.full(block.shape[1], np.nan)
        mean[measured] = np.nanmean(block[:, measured], axis=0)
        chance = posterior(mean[None], np.array([length]), sharpness)[0]
        rows.append(-np.log(0.95 * chance + 0.05 / len(chance)))
        places.append(start + length / 2)
    return np.array(rows).reshape(len(rows), distance.shape[1]), np.array(places)


def _jump(cost: Floats, place: Floats, tried: Ints, base: float) -> Trend:
    before = np.cumsum(cost, axis=0)[:-1]
    after = cost.sum(axis=0) - before
    far = np.abs(tried[:, None] - tried) >= _LEAST_JUMP
    pairs = np.where(far, before[:, :, None] + after[:, None, :], np.inf)  # [N - 1, O, O]
    split, first, second = np.unravel_index(pairs.argmin(), pairs.shape)
    at = int((place[split] + place[split + 1]) / 2)
    return Trend(JUMP, float(tried[first]), float(tried[second]), at, base - float(pairs.min()))


def _drift(cost: Floats, place: Floats, frames: int, base: float) -> Trend:
    reach = cost.shape[1] // 2
    middle = offsets(reach)[:, None]  # the offset half-way, then the slope
    line = middle[:, :, None] + _SLOPES[None, :, None] * (place - frames / 2)  # [O, S, N]
    inside = (np.abs(line) <= reach).all(axis=2)
    lower = np.clip(np.floor(line), -reach, reach - 1).astype(int)
    part = line - lower
    block = np.arange(len(cost))
    value = (1 - part) * cost[block, lower + reach] + part * cost[block, lower + reach + 1]
    total = np.where(inside, value.sum(axis=2), np.inf)
    best, slope = np.unravel_index(total.argmin(), total.shape)
    half = _SLOPES[slope] * frames / 2
    start, end = float(middle[best, 0] - half), float(middle[best, 0] + half)
    return Trend(DRIFT, start, end, gain=base - float(total.min()))
