"""How well predictions agree with labels: correlations, errors, and their intervals."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy import stats

from tfq.types import Floats, Ints


def srcc(predicted: Floats, labels: Floats) -> float:
    """Spearman's rank correlation over `[N]`; NaN under three clips or where one side is constant."""
    return _correlation(stats.spearmanr, predicted, labels)


def plcc(predicted: Floats, labels: Floats) -> float:
    """Pearson's correlation over `[N]`; NaN under three clips or where one side is constant."""
    return _correlation(stats.pearsonr, predicted, labels)


def krcc(predicted: Floats, labels: Floats) -> float:
    """Kendall's rank correlation (tau-b) over `[N]`; NaN under three clips or where one side is constant."""
    return _correlation(stats.kendalltau, predicted, labels)


def rmse(predicted: Floats, labels: Floats) -> float:
    """Root mean square error over `[N]`, in points; NaN without clips."""
    return float(np.sqrt(np.mean((predicted - labels) ** 2))) if len(labels) else float("nan")


def bootstrap(
    measure: Callable[[Floats, Floats], float],
    predicted: Floats,
    labels: Floats,
    groups: Floats | Ints | None = None,
    count: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Ends of the 95 % percentile interval of a measure (Efron 1979), drawing whole groups where they are given.

    Clips of one speaker are not independent: drawing clip by clip would make the interval too narrow.
    """
    low, high = np.nanpercentile(draws(measure, predicted, labels, groups, count, seed), [2.5, 97.5])
    return float(low), float(high)


def draws(
    measure: Callable[[Floats, Floats], float],
    predicted: Floats,
    labels: Floats,
    groups: Floats | Ints | None = None,
    count: int = 1000,
    seed: int = 0,
) -> list[float]:
    """A measure over `count` draws of clips, or of whole groups of clips, with replacement."""
    generator = np.random.default_rng(seed)
    names = np.arange(len(labels)) if groups is None else np.asarray(groups)
    _, places = np.unique(names, return_inverse=True)
    members = np.split(np.argsort(places, kind="stable"), np.cumsum(np.bincount(places))[:-1])
    values = []
    for _ in range(count):
        chosen = np.concatenate([members[i] for i in generator.integers(len(members), size=len(members))])
        values.append(measure(predicted[chosen], labels[chosen]))
    return values


def _correlation(function: Callable[..., object], predicted: Floats, labels: Floats) -> float:
    if len(labels) < 3 or np.ptp(predicted) == 0 or np.ptp(labels) == 0:
        return float("nan")
    with warnings.catch_warnings():  # a draw may hold little else than one clip, again and again
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        return float(function(predicted, labels).statistic)  # type: ignore[attr-defined]
