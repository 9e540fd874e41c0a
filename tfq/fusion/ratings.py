"""From what raters say to mean opinion scores: recovery, screening, agreement.

Scores come as `[C, R]`, one row a clip and one column a rater, from 1 to 5; NaN: this rater did not judge this clip.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tfq.types import Floats, Mask

LEAST_RATERS = 10  # a clip: with fewer, one careless rater moves its mean by more than most differences of interest
LOWEST, HIGHEST = 1.0, 5.0
_TRUST = 4.0  # ratings that a rater's spread is held towards everybody's by: few clips cannot show who is consistent
_ROUNDS = 200


@dataclass(frozen=True)
class Opinions:
    """Per clip: `mos`, `sd`, ends `low` and `high` of the 95 % interval, all `[C]`, and `count` `[C]` of ratings.

    NaN: nobody judged the clip, or for `sd` fewer than two; `low` and `high` lie in [1, 5].
    """

    mos: Floats
    sd: Floats
    low: Floats
    high: Floats
    count: Floats


@dataclass(frozen=True)
class Raters:
    """Per rater `[R]`: `bias` in points, positive: generous; `spread` in points, small: consistent; ratings `count`."""

    bias: Floats
    spread: Floats
    count: Floats


def plain(scores: Floats) -> Opinions:
    """Mean, standard deviation and Student's 95 % interval of every clip."""
    count = np.isfinite(scores).sum(1)
    mos, sd = _mean(scores), _deviation(scores)
    half = stats.t.ppf(0.975, np.maximum(count - 1, 1)) * sd / np.sqrt(np.maximum(count, 1))
    return Opinions(mos, sd, *_ends(mos, half), count)


def recover(scores: Floats) -> tuple[Opinions, Raters]:
    """MOS by maximum likelihood: a rating is the clip's quality, the rater's bias, and noise of the rater's spread.

    The model and the alternating solution are those of ITU-T P.910 (annex on subject bias and inconsistency; Li et al.
    2020). Three things are ours. Residuals are divided by their degrees of freedom, or a rater whom the means follow
    would look perfect. A weak prior at the pooled spread does the same for raters of few clips. And the weighted mean of
    the biases is zero, so that careless raters, whose bias is an accident, do not move the scale.
    """
    known = np.isfinite(scores)
    count = known.sum(0)
    pooled = _pooled(scores)
    bias, variance = np.zeros(scores.shape[1]), np.full(scores.shape[1], pooled)
    weights = known / variance
    quality = np.full(len(scores), np.nan)
    for _ in range(_ROUNDS):
        before = quality
        quality = _over(weights * np.where(known, scores - bias, 0.0), weights, axis=1)
        rest = np.where(known, scores - quality[:, None], np.nan)
        bias = np.nan_to_num(_mean(rest.T))
        bias -= np.sum(bias * count / variance) / np.sum(count / variance)
        pull = np.where(known, weights / np.maximum(weights.sum(1, keepdims=True), 1e-9), 0.0)
        free = np.maximum(np.sum(known * (1 - pull), 0) - 1, 0)
        errors = np.nansum((rest - bias) ** 2, 0)
        variance = (errors + _TRUST * pooled) / (free + _TRUST)
        weights = known / variance
        if np.allclose(quality, before, rtol=0, atol=1e-7, equal_nan=True):
            break
    # As many independent opinions as the weights amount to: the spreads are themselves estimates.
    effective = _over(weights.sum(1) ** 2, np.sum(weights**2, 1))
    half = stats.t.ppf(0.975, np.maximum(effective, 1)) / np.sqrt(np.maximum(weights.sum(1), 1e-9))
    opinions = Opinions(np.clip(quality, LOWEST, HIGHEST), _deviation(scores), *_ends(quality, half), known.sum(1))
    return opinions, Raters(bias, np.where(count > 0, np.sqrt(variance), np.nan), count)


def outliers(scores: Floats) -> Mask:
    """Raters `[R]` whom the screening of ITU-R BT.500-15 (annex 1, on observers) would leave out.

    On each clip a rating is far off if it lies two deviations from the mean, or the square root of 20 where kurtosis
    says that ratings are not normal. A rater is out whose ratings are far off in more than 5 % of clips, about as often
    above as below: who is always above is merely generous.
    """
    mean, sd = _mean(scores)[:, None], _deviation(scores)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = _mean((scores - mean) ** 2)
        kurtosis = (_mean((scores - mean) ** 4) / spread**2)[:, None]
        reach = np.where((kurtosis >= 2) & (kurtosis <= 4), 2.0, np.sqrt(20)) * sd
        above = np.sum((scores >= mean + reach) & (sd > 0), 0)
        below = np.sum((scores <= mean - reach) & (sd > 0), 0)
    far = above + below
    often = far > 0.05 * np.isfinite(scores).sum(0)
    return np.asarray(often & (np.abs(above - below) < 0.3 * far))


def icc(scores: Floats) -> tuple[float, float]:
    """Intraclass correlation of one rating and of a clip's mean: ICC(1) and ICC(1, k) of Shrout and Fleiss (1979).

    The one-way form, since raters rarely see the same clips; k is the usual number of ratings a clip where they differ.
    NaN where fewer than two clips have two ratings.
    """
    rated = scores[np.isfinite(scores).sum(1) > 1]
    count = np.isfinite(rated).sum(1)
    if len(rated) < 2:
        return float("nan"), float("nan")
    total = count.sum()
    usual = (total - np.sum(count**2) / total) / (len(rated) - 1)
    means = _mean(rated)
    between = np.sum(count * (means - np.nansum(rated) / total) ** 2) / (len(rated) - 1)
    within = np.nansum((rated - means[:, None]) ** 2) / (total - len(rated))
    if between == 0 and within == 0:
        return float("nan"), float("nan")
    single = (between - within) / (between + (usual - 1) * within)
    return float(single), float((between - within) / between) if between > 0 else float("nan")


def alpha(scores: Floats) -> float:
    """Krippendorff's alpha (2011) for intervals: 1 agreement, 0 chance; NaN where nothing can be compared."""
    rated = scores[np.isfinite(scores).sum(1) > 1]
    values = rated[np.isfinite(rated)]
    if len(values) < 2 or np.ptp(values) == 0:
        return float("nan")
    count = np.isfinite(rated).sum(1)
    squares = np.nansum((rated - _mean(rated)[:, None]) ** 2, 1)
    observed = np.sum(2 * squares * count / (count - 1)) / len(values)
    expected = 2 * len(values) * np.var(values) / (len(values) - 1)
    return float(1 - observed / expected)


def over_time(mos: float, marked: Floats, top: float, power: float) -> Floats:
    """Spread what a clip lost over its frames as raters marked them: `[T]` scores.

    A clip loses the mean of its frames' losses, taken as powers of `1 / power` (see `tfq.artefacts.labels`). The frames'
    losses are in proportion to how many raters marked them, up to the end of the scale; what is left then lies on the
    other frames alike.

    Args:
        mos: the clip's score.
        marked: `[T]` share of the clip's raters who marked the frame.
        top: score of a frame with no fault; a clip above it has no loss to spread.
        power: how a clip's loss follows the share of its time that is bad.
    """
    flat = np.full(len(marked), mos)
    loss, worst = max(0.0, top - mos), top - LOWEST
    if loss == 0 or not np.any(marked > 0):
        return flat
    wanted = loss ** (1 / power)

    def of(scale: float) -> Floats:
        return np.asarray(np.minimum(scale * marked, worst))

    least = float(marked[marked > 0].min())
    if float(np.mean(of(worst / least) ** (1 / power))) <= wanted:
        share = float(np.mean(marked > 0))
        if share == 1:
            return flat
        rest = max(0.0, (wanted - share * worst ** (1 / power)) / (1 - share)) ** power
        return np.where(marked > 0, LOWEST, top - rest)
    low, high = 0.0, worst / least
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(of(middle) ** (1 / power)) < wanted else (low, middle)
    return np.asarray(top - of(high))


def summary(scores: Floats, raters: Sequence[str]) -> dict[str, object]:
    """What an index says of one dimension's raters: agreement, and who is off."""
    _, who = recover(scores)
    single, mean = icc(scores)
    out = outliers(scores)
    return {
        "clips": int(np.sum(np.isfinite(scores).any(1))),
        "ratings": int(np.isfinite(scores).sum()),
        "icc_single": single,
        "icc_mean": mean,
        "krippendorff_alpha": alpha(scores),
        "under_ten_raters": int(np.sum(np.isfinite(scores).sum(1) < LEAST_RATERS)),
        "raters": {
            name: {
                "ratings": int(who.count[i]),
                "bias": float(who.bias[i]),
                "spread": float(who.spread[i]),
                "outlier": bool(out[i]),
            }
            for i, name in enumerate(raters)
        },
    }


def _pooled(scores: Floats) -> float:
    """Variance of ratings about their clip's mean."""
    count = np.isfinite(scores).sum(1)
    free = np.sum(np.maximum(count - 1, 0))
    spread = np.nansum((scores - _mean(scores)[:, None]) ** 2) / max(1, free)
    return float(max(spread, 0.01))


def _ends(mos: Floats, half: Floats) -> tuple[Floats, Floats]:
    return np.clip(mos - half, LOWEST, HIGHEST), np.clip(mos + half, LOWEST, HIGHEST)


def _over(total: Floats, weight: Floats, axis: int | None = None) -> Floats:
    if axis is not None:
        total, weight = total.sum(axis), weight.sum(axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(weight > 0, total / weight, np.nan))


def _mean(scores: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a clip that nobody judged stays NaN
        return np.asarray(np.nanmean(scores, 1))


def _deviation(scores: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one rating has no deviation
        return np.asarray(np.nanstd(scores, 1, ddof=1))
