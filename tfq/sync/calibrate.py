"""What distances mean, learnt on clips that the network never saw; and which clips are fit to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from tfq.sync import trend
from tfq.sync.distance import distances, offsets, overall
from tfq.sync.offset import Calibration, posterior, related_columns
from tfq.types import Floats, Ints, Mask

_LENGTHS = (5, 12, 25, 50, 75)
_GRID = tuple(float(gain) for gain in np.arange(1.0, 20.5, 0.5))  # log-likelihoods tried as penalties
_LEAST_TREND = 125  # frames of a clip in which a drift of 2 % can be seen
_LEAST_CONFIDENCE = 0.08  # median less least distance, under which a clip teaches nothing


@dataclass(frozen=True)
class Pair:
    """A clip as the network sees it: `[T, E]` picture, `[T, E]` sound, and the `[T]` frames that count."""

    picture: Floats
    sound: Floats
    usable: Mask


def consensus(pair: Pair, reach: int) -> int | None:
    """The offset that the clip as a whole and both its halves agree on within a frame; None if they do not."""
    table = distances(pair.picture, pair.sound, reach)
    used = np.flatnonzero(pair.usable)
    if len(used) < 10:
        return None
    found = []
    for part in (used, used[: len(used) // 2], used[len(used) // 2 :]):
        mean = overall(table, np.isin(np.arange(len(table)), part))
        if not np.isfinite(mean).any():
            return None
        found.append(int(offsets(reach)[np.nanargmin(mean)]))
        if len(found) == 1 and np.nanmedian(mean) - np.nanmin(mean) < _LEAST_CONFIDENCE:
            return None
    steady = max(found) - min(found) <= 1 and abs(found[0]) < reach
    return found[0] if steady else None


def levelled(answers: Sequence[int | None], speakers: Sequence[str]) -> list[int | None]:
    """Offsets against that of the median speaker; a clip without one takes its speaker's median, if there is one."""
    by_speaker: dict[str, list[int]] = {}
    for answer, speaker in zip(answers, speakers, strict=True):
        if answer is not None:
            by_speaker.setdefault(speaker, []).append(answer)
    usual = {speaker: round(float(np.median(found))) for speaker, found in by_speaker.items()}
    zero = round(float(np.median(list(usual.values())))) if usual else 0
    filled = [
        usual.get(speaker) if answer is None else answer for answer, speaker in zip(answers, speakers, strict=True)
    ]
    return [None if answer is None else answer - zero for answer in filled]


def fit(pairs: Sequence[Pair], reach: int) -> Calibration:
    """Fit sharpness by likelihood, relation by logistic regression, and the penalties by a rate of false alarms."""
    known = [(pair, centre) for pair in pairs if (centre := consensus(pair, reach)) is not None]
    mean, frames, truth = _windows(known, reach)

    def surprise(tried: Floats) -> float:
        return _surprise(mean, frames, truth, (float(tried[0]), float(tried[1])))

    likeliest = minimize(surprise, np.array([2.0, 0.5]), method="Nelder-Mead").x
    sharpness = (float(likeliest[0]), float(likeliest[1]))
    strangers = [
        (Pair(one.picture, np.resize(other.sound, one.picture.shape), one.usable), 0)
        for (one, _), (other, _) in zip(known, known[1:] + known[:1], strict=True)
    ]
    apart, apart_frames, _ = _windows(strangers, reach)
    columns = np.concatenate([related_columns(mean, frames), related_columns(apart, apart_frames)])
    weights = _logistic(columns, np.repeat([1.0, 0.0], [len(mean), len(apart)]))
    related = (float(weights[0]), float(weights[1]), float(weights[2]), float(weights[3]))
    return Calibration(sharpness, related, _penalties(known, reach, Calibration(sharpness, related, (0.0, 0.0))))


def _penalties(known: Sequence[tuple[Pair, int]], reach: int, calibration: Calibration) -> tuple[float, float]:
    """What a jump, and a drift, must gain for the most steady, jumping and drifting copies to be told apart."""
    random = np.random.default_rng(0)
    gains, truth = [], []
    for pair, centre in known:
        count = len(pair.picture)
        if count < _LEAST_TREND:
            continue
        frames = np.arange(count)
        turn = random.choice([-1, 1], 2)
        late = np.where(frames < count // 2, 0, turn[0] * random.integers(3, 9))
        drift = np.rint(turn[1] * 0.02 * (frames - count / 2)).astype(int)
        for kind, lag in enumerate((0 * frames, late, drift)):
            moved = pair.sound[np.clip(frames + lag - centre, 0, count - 1)]
            gains.append(trend.gains(distances(pair.picture, moved, reach), pair.usable, calibration))
            truth.append(kind)
    if not gains:
        return _GRID[len(_GRID) // 2], _GRID[len(_GRID) // 2]
    table, kinds = np.array(gains), np.array(truth)

    def share(penalty: tuple[float, float]) -> float:
        over = np.concatenate([np.zeros((len(table), 1)), table - penalty], axis=1)
        return float((over.argmax(axis=1) == kinds).mean())

    return max(((jump, drift) for jump in _GRID for drift in _GRID), key=share)


def _windows(known: Sequence[tuple[Pair, int]], reach: int) -> tuple[Floats, Floats, Ints]:
    """Mean distances `[N, O]` of windows of several lengths, their usable frames, and the column of the true offset."""
    means, frames, truth = [], [], []
    for pair, centre in known:
        table = distances(pair.picture, pair.sound, reach)
        for length in _LENGTHS:
            for first in range(0, len(table) - length + 1, max(length // 2, 8)):
                used = np.zeros(len(table), bool)
                used[first : first + length] = pair.usable[first : first + length]
                mean = overall(table, used)
                if used.sum() >= 0.6 * length and np.isfinite(mean[centre + reach]):
                    means.append(mean)
                    frames.append(used.sum())
                    truth.append(centre + reach)
    return np.array(means), np.array(frames, np.float64), np.array(truth)


def _surprise(mean: Floats, frames: Floats, truth: Ints, sharpness: tuple[float, float]) -> float:
    """Mean negative log-probability of the true offset or one of its neighbours, whichever is likelier."""
    chance = np.pad(posterior(mean, frames, sharpness), ((0, 0), (1, 1)))
    rows = np.arange(len(mean))
    near = np.max([chance[rows, truth + step] for step in range(3)], axis=0)
    return float(-np.log(near + 1e-6).mean())


def _logistic(columns: Floats, truth: Floats, ridge: float = 1e-3) -> Floats:
    """Weights of a logistic regression by Newton's method."""
    weights = np.zeros(columns.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (chance - truth) + ridge * weights
        curve = (columns * (chance * (1 - chance))[:, None]).T @ columns + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    return weights
