"""Intervals that really cover: split conformal prediction on clips that training never saw."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats

COVERAGE = 0.9
LEAST_CLIPS = 20


def half_widths(predicted: Floats, labels: Floats, spread: Floats | None = None) -> Floats:
    """Half the width of the interval that covers `COVERAGE` of new clips, per dimension.

    The quantile carries the finite-sample correction of split conformal prediction (Lei et al. 2018), so that the
    promise holds on average over draws of the held-out clips, whatever the model's errors look like.

    Args:
        predicted: `[N, M]` scores of held-out clips.
        labels: `[N, M]`, NaN where nobody judged.
        spread: `[N, M]`, the error that the network expects of itself; errors are then measured in it, so that a clip
            which is hard to judge gets a wider interval (normalised conformal prediction, Papadopoulos et al. 2008).

    Returns:
        `[M]` in points, or in units of `spread`; NaN where fewer than `LEAST_CLIPS` clips have a label.
    """
    errors = np.abs(predicted - labels) / (1.0 if spread is None else spread)
    widths = np.full(labels.shape[1], np.nan)
    for i in range(labels.shape[1]):
        known = ~np.isnan(errors[:, i])
        if known.sum() >= LEAST_CLIPS:
            rank = min(1.0, np.ceil((known.sum() + 1) * COVERAGE) / known.sum())
            widths[i] = np.quantile(errors[known, i], rank, method="higher")
    return widths


def interval(scores: Floats, widths: Floats) -> Floats:
    """`[..., M, 3]`: score, low end, high end, kept inside [1, 5]."""
    return np.clip(np.stack([scores, scores - widths, scores + widths], -1), 1.0, 5.0)
