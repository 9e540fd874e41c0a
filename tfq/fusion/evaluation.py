"""Predictions beside labels: how well they agree, how sure that is, and which of two models agrees better.

Measures follow ITU-T P.1401: correlation and error before and after a monotone fit, and the share of outliers. Intervals
are drawn by speakers (bootstrap, Efron 1979), because clips of one speaker are alike.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.fusion import agreement
from tfq.types import Floats, Ints

APART = 0.5  # points between the labels of two clips from which one is better
BINS = 4  # of the width of intervals
LEAST = 8  # clips that a figure of a part of the set is worth telling from
DRAWS = 500

Figure = list[float]  # a value and the ends of its 95 % interval
Measure = Callable[[Floats, Floats], float]


@dataclass(frozen=True)
class Judged:
    """What a model said of `N` clips in `M` dimensions beside what is known of them; NaN: not judged.

    Attributes:
        scores: `[N, M, 3]`, score and ends of its 90 % interval.
        labels: `[N, M]`.
        doubt: `[N, M]`, half the 95 % interval of a label; NaN where it has none.
        speakers: `[N]`, who is counted as one person.
        originals: `[N]`, place of the clip that this one is a copy of; -1: it is none, or that clip is not here.
    """

    scores: Floats
    labels: Floats
    doubt: Floats
    speakers: Ints
    originals: Ints

    def column(self, dimension: int) -> tuple[Floats, Floats, Ints]:
        """Scores, labels and speakers of the clips that have both in one dimension."""
        known = np.isfinite(self.scores[:, dimension, 0]) & np.isfinite(self.labels[:, dimension])
        return self.scores[known, dimension, 0], self.labels[known, dimension], self.speakers[known]


def figures(judged: Judged, dimension: int) -> dict[str, Any]:
    """Agreement in one dimension: `clips`, and by measure a figure with its interval; NaN where it cannot be told."""
    predicted, labels, who = judged.column(dimension)
    if len(labels) < 3:
        return {"clips": len(labels)}
    fitted = logistic(predicted, labels)
    measures: dict[str, tuple[Floats, Measure]] = {
        "srcc": (predicted, agreement.srcc),
        "plcc": (predicted, agreement.plcc),
        "krcc": (predicted, agreement.krcc),
        "rmse": (predicted, agreement.rmse),
        "plcc_fitted": (fitted, agreement.plcc),
        "rmse_fitted": (fitted, agreement.rmse),
    }
    found: dict[str, Any] = {"clips": len(labels), "speakers": len(set(who.tolist()))}
    for name, (scores, measure) in measures.items():
        found[name] = _figure(measure, scores, labels, who)
    found["pair_accuracy"] = pair_accuracy(predicted, labels, who)
    found["over_copy"] = _over_copy(judged, dimension)
    found["outlier_ratio"] = _outliers(judged, dimension)
    found["coverage"] = _covered(judged, dimension)
    return found


def logistic(predicted: Floats, labels: Floats) -> Floats:
    """Predictions after the monotone four-parameter logistic fit of ITU-T P.1401, `[N]`; unchanged where it fails."""
    from scipy.optimize import OptimizeWarning, curve_fit

    if np.ptp(predicted) == 0 or np.ptp(labels) == 0 or len(labels) < 5:
        return predicted
    start = (labels.min(), labels.max(), float(np.median(predicted)), max(0.1, float(predicted.std())))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # a step has no slope to be sure of, and fits all the same
            best, _ = curve_fit(_curve, predicted, labels, start, maxfev=5000)
    except RuntimeError:
        return predicted
    return np.asarray(_curve(predicted, *best))


def pair_accuracy(predicted: Floats, labels: Floats, who: Ints) -> Figure:
    """Share of the pairs whose labels are at least `APART` which the scores order alike; a tie counts half.

    Pairs are summed by the speakers of both clips first, so that a draw of speakers costs a product of matrices.
    """
    _, groups = np.unique(who, return_inverse=True)
    apart = labels[:, None] - labels[None] >= APART
    right = np.where(apart, 0.5 + 0.5 * np.sign(predicted[:, None] - predicted[None]), 0.0)
    member = np.eye(groups.max() + 1)[groups]  # [N, S]
    won, count = (member.T @ matrix.astype(float) @ member for matrix in (right, apart))
    if not count.sum():
        return [float("nan")] * 3
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(len(member.T), np.full(len(member.T), 1 / len(member.T)), DRAWS)  # [R, S]
    totals = np.einsum("rs,st,rt->r", drawn, count, drawn)
    shares = np.einsum("rs,st,rt->r", drawn, won, drawn)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return [float(won.sum() / count.sum()), float(low), float(high)]


def reliability(judged: Judged, dimension: int) -> list[dict[str, float]]:
    """Do intervals hold what they promise, narrow ones and wide ones? A row a quarter of the clips, by width."""
    low, high = judged.scores[:, dimension, 1], judged.scores[:, dimension, 2]
    labels, width = judged.labels[:, dimension], high - low
    known = np.flatnonzero(np.isfinite(width) & np.isfinite(labels))
    if len(known) < BINS * LEAST:
        return []
    held = (low <= labels) & (labels <= high)
    parts = np.array_split(known[np.argsort(width[known], kind="stable")], BINS)
    return [{"width": float(width[p].mean()), "clips": len(p), "holds": float(held[p].mean())} for p in parts]


def between(judged: Judged) -> Floats:
    """Spearman's correlation of the scores of each two dimensions, `[M, M]`."""
    count = judged.scores.shape[1]
    table = np.eye(count)
    for i in range(count):
        for j in range(i):
            both = np.isfinite(judged.scores[:, [i, j], 0]).all(1)
            table[i, j] = table[j, i] = agreement.srcc(judged.scores[both, i, 0], judged.scores[both, j, 0])
    return table


def difference(first: Judged, second: Judged, dimension: int) -> dict[str, Any]:
    """Second model less first on the clips that both judged: `srcc` and `rmse`, each a figure and its `p`.

    The same draws of speakers serve both models, so what makes a clip hard cancels out. `p` is two-sided: twice the share
    of the draws in which the other model agrees better.
    """
    known = np.isfinite(np.stack([first.scores[:, dimension, 0], second.scores[:, dimension, 0]])).all(0)
    known &= np.isfinite(first.labels[:, dimension])
    if known.sum() < 3:
        return {"clips": int(known.sum())}
    labels, who = first.labels[known, dimension], first.speakers[known]
    both = np.stack([first.scores[known, dimension, 0], second.scores[known, dimension, 0]], 1)
    found: dict[str, Any] = {"clips": len(labels)}
    for name, measure in (("srcc", agreement.srcc), ("rmse", agreement.rmse)):
        apart = _gain(measure)
        value, values = apart(both, labels), np.array(agreement.draws(apart, both, labels, who, DRAWS))
        values = values[np.isfinite(values)]
        if len(values):
            low, high = np.percentile(values, [2.5, 97.5])
            found[name] = [value, float(low), float(high)]
            found[f"{name}_p"] = float(min(1.0, 2 * min((values <= 0).mean(), (values >= 0).mean())))
    return found


def _gain(measure: Measure) -> Measure:
    """A measure of the second of two columns less that of the first."""
    return lambda both, labels: measure(both[:, 1], labels) - measure(both[:, 0], labels)


def _curve(x: Floats, low: float, high: float, middle: float, slope: float) -> Floats:
    return np.asarray(low + (high - low) / (1 + np.exp(-np.clip((x - middle) / (abs(slope) + 1e-9), -60, 60))))


def _figure(measure: Measure, predicted: Floats, labels: Floats, who: Ints) -> Figure:
    return [measure(predicted, labels), *agreement.bootstrap(measure, predicted, labels, who, DRAWS)]


def _over_copy(judged: Judged, dimension: int) -> Figure:
    """Share of the copies labelled a point or more under their original that are scored under it too."""
    scores, labels, originals = judged.scores[:, dimension, 0], judged.labels[:, dimension], judged.originals
    copies = np.flatnonzero(originals >= 0)
    copies = copies[labels[originals[copies]] - labels[copies] >= 1.0]
    apart = scores[originals[copies]] - scores[copies]
    return _mean((0.5 + 0.5 * np.sign(apart))[np.isfinite(apart)], judged.speakers[copies][np.isfinite(apart)])


def _outliers(judged: Judged, dimension: int) -> Figure:
    """Share of the clips scored outside the 95 % interval of their label (ITU-T P.1401)."""
    off = np.abs(judged.scores[:, dimension, 0] - judged.labels[:, dimension])
    known = np.isfinite(off) & np.isfinite(judged.doubt[:, dimension])
    return _mean((off > judged.doubt[:, dimension])[known].astype(float), judged.speakers[known])


def _covered(judged: Judged, dimension: int) -> Figure:
    _, low, high = judged.scores[:, dimension].T
    labels = judged.labels[:, dimension]
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(labels)
    return _mean(((low <= labels) & (labels <= high))[known].astype(float), judged.speakers[known])


def _mean(values: Floats, who: Ints) -> Figure:
    if not len(values):
        return [float("nan")] * 3
    return _figure(lambda a, _: float(np.mean(a)), values, values, who)


def by_part(judged: Judged, names: Sequence[str], dimension: int) -> dict[str, dict[str, float]]:
    """Means of scores and labels, SRCC and RMSE for each part of the set that `names` `[N]` tells apart.

    SRCC is left out under `LEAST` clips: it would say nothing.
    """
    found = {}
    for part in sorted({name for name in names if name}):
        chosen = np.array([name == part for name in names]) & np.isfinite(judged.scores[:, dimension, 0])
        scores, labels = judged.scores[chosen, dimension, 0], judged.labels[chosen, dimension]
        if not len(scores):
            continue
        known = np.isfinite(labels)
        found[part] = {"clips": len(scores), "mean": float(scores.mean()), "labelled": int(known.sum())}
        if known.any():
            found[part] |= {"label": float(labels[known].mean()), "rmse": agreement.rmse(scores[known], labels[known])}
        if known.sum() >= LEAST:
            found[part]["srcc"] = agreement.srcc(scores[known], labels[known])
    return found
