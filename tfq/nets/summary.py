"""What a clip's measurements are as a whole, for a network: mean, deviation and both ends of every column, as ranks.

People judge a clip by its usual and by its worst moments. Trees over such statistics of a thousand clips judge it better
than a Transformer that has to learn to sum up, and trees do not care how a column is spread. For a network each statistic
is therefore told by its rank among the clips of training, from -1 to 1, read off `KNOTS` quantiles.
`tfq.nets.summary_arrays` does the same over plain arrays.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tfq.nets.summary_arrays import KNOTS, SHARP


def statistics(rows: Tensor, present: Tensor) -> Tensor:
    """Mean, deviation, soft least and soft greatest value (`SHARP`) of every column: `[B, 4 D]`.

    Args:
        rows: `[B, T, D]`, normalised.
        present: `[B, T]` bool: rows that count; a clip that has none gets zeros.
    """
    weight = present[..., None].to(rows.dtype)
    count = weight.sum(1).clamp(min=1)  # [B, 1]
    mean = (rows * weight).sum(1) / count
    variance = ((rows - mean[:, None]) ** 2 * weight).sum(1) / count
    least, greatest = (
        sign * (((sign * SHARP * rows).exp() * weight).sum(1) / count).clamp(min=1e-30).log() / SHARP
        for sign in (-1, 1)
    )
    found = torch.cat([mean, (variance + 1e-6).sqrt(), least, greatest], -1)
    return torch.where(present.any(1, keepdim=True), found, 0.0)


def knots(found: Tensor) -> Tensor:
    """Quantiles `[S, KNOTS]` of statistics `[N, S]` of many clips."""
    return torch.quantile(found, torch.linspace(0, 1, KNOTS, dtype=found.dtype), dim=0).T.contiguous()


def ranks(found: Tensor, points: Tensor) -> Tensor:
    """Where statistics `[B, S]` lie among `points` `[S, KNOTS]`, from -1 to 1; amid equal points, in their middle."""
    columns = found.T.contiguous()
    places = []
    for right in (False, True):
        upper = torch.searchsorted(points, columns, right=right).clamp(1, KNOTS - 1)
        high, low = points.gather(1, upper), points.gather(1, upper - 1)
        places.append(upper - 1 + ((columns - low) / (high - low).clamp(min=1e-6)).clamp(0, 1))
    return ((places[0] + places[1]) / (KNOTS - 1) - 1).T
