"""What the multi-task model is trained on.

Scores are in [1, 5], labels have NaN where nobody judged. Losses over labels come as `[M]`: the part of each dimension
in the mean over all that is known, so that their sum is the mean, and a dimension without labels has none.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BEND = 0.5  # points from which an error counts by its size rather than by its square
BAD = 3.0  # a moment worth less belongs to a span that has to be found


def regression(scores: Tensor, labels: Tensor, doubt: Tensor | None = None) -> Tensor:
    """Huber loss over `[..., M]`.

    Args:
        scores, labels: of equal shape.
        doubt: standard error of each label, in points, where raters disagree; weighs a label by the inverse of its
            variance, with `BEND` as the deviation that even a label without doubt has.
    """
    known = ~labels.isnan()
    loss = functional.huber_loss(scores, labels.nan_to_num(), reduction="none", delta=BEND)
    trust = torch.ones_like(loss) if doubt is None else BEND**2 / (BEND**2 + doubt**2)
    return _mean(loss, known * trust)


def uncertain(scores: Tensor, spread: Tensor, labels: Tensor, doubt: Tensor) -> Tensor:
    """Heteroscedastic regression: a normal likelihood whose deviation the network tells for each clip.

    Weighed by the root of the variance (β-NLL, Seitzer et al. 2022), or else hard clips would teach nothing. The
    doubt of a label adds to the variance, so that `spread` is the error of the network and not of the raters.
    """
    variance = spread**2 + doubt**2
    loss = 0.5 * ((scores - labels.nan_to_num()) ** 2 / variance + variance.log())
    return _mean(loss * variance.detach().sqrt(), ~labels.isnan())


def ranking(scores: Tensor, labels: Tensor, group: Tensor, least: float = 0.25) -> Tensor:
    """Logistic loss over pairs of one group whose labels differ (RankNet, Burges et al. 2005).

    Args:
        scores: `[B, M]`.
        labels: `[B, M]`.
        group: `[B]` integers; only clips of one group are compared, so that the content cancels out.
        least: pairs that differ by less, in points, say nothing.
    """
    apart = (labels[:, None] - labels[None]).nan_to_num()  # [B, B, M]
    chosen = (apart > least) & _together(group)
    # A pair a whole point apart has to differ by more than one half a point apart.
    return _mean(functional.softplus(apart.clamp(0, 2) * 0.5 - (scores[:, None] - scores[None])), chosen)


def order(scores: Tensor, values: Tensor, group: Tensor) -> Tensor:
    """The same where only the order is known: `values` `[K, M]` are of any scale, and say which is the better clip."""
    better = (values[:, None] > values[None]) & _together(group)
    return _mean(functional.softplus(scores[None] - scores[:, None]), better)


def listwise(scores: Tensor, labels: Tensor, group: Tensor, temperature: float = 0.5) -> Tensor:
    """Divergence between the chance of each clip to be the best of its group by label and by score.

    ListNet (Cao et al. 2007) with its top-one probabilities. Arguments as for `ranking`.
    """
    known = ~labels.isnan()
    peers = _together(group) & known[None]  # [B, B, M]: the second index runs over the clip's group
    told, wanted = (_top_one(rows.nan_to_num() / temperature, peers) for rows in (scores, labels))
    several = known & (peers.sum(1) > 1)
    loss = torch.where(several, wanted.exp() * (wanted - told), 0.0)
    lists = torch.where(several, 1.0 / peers.sum(1).clamp(min=1), 0.0).sum()
    return loss.sum(0) / lists.clamp(min=1)


def specificity(scores: Tensor, labels: Tensor, group: Tensor, same: float = 0.1) -> Tensor:
    """Huber loss over the difference of two clips of one group in a dimension in which their labels agree.

    A copy whose sound is spoilt keeps its picture. Arguments as for `ranking`; `same` is in points.
    """
    apart = (labels[:, None] - labels[None]).nan_to_num(nan=torch.inf).abs()
    pairs = torch.ones_like(_together(group)[..., 0]).triu(1)[..., None]  # each pair once, no clip with itself
    difference = scores[:, None] - scores[None]
    loss = functional.huber_loss(difference, torch.zeros_like(difference), reduction="none", delta=BEND)
    return _mean(loss, (apart <= same) & _together(group) & pairs)


def spans(time: Tensor, over_time: Tensor, sharpness: float = 2.0) -> Tensor:
    """Cross-entropy of each moment being bad, over clips that have both good and bad moments.

    Args:
        time: `[B, T, M]` scores of moments; the distance from `BAD` is the logit.
        over_time: `[B, T, M]` labels, NaN where unknown and in padding.
        sharpness: logits a point.
    """
    known, bad = ~over_time.isnan(), over_time < BAD
    mixed = (known & bad).any(1, keepdim=True) & (known & ~bad).any(1, keepdim=True)
    loss = functional.binary_cross_entropy_with_logits((BAD - time) * sharpness, bad.to(time.dtype), reduction="none")
    return _mean(loss, known & mixed)


def teacher(told: Tensor, wanted: Tensor, measured: Tensor) -> Tensor:
    """Huber loss of foretold feature rows `[B, T, D]` where they were `measured` `[B, T]`; one number."""
    loss = functional.huber_loss(told, wanted, reduction="none").mean(-1)
    return _mean(loss[..., None], measured[..., None])[0]


def contrast(picture: Tensor, sound: Tensor, inside: Tensor, good: Tensor, stride: int = 5) -> Tensor:
    """Same moment against other moments and other clips (InfoNCE, van den Oord et al. 2018).

    Args:
        picture, sound: `[B, T, E]` unit embeddings.
        inside: `[B, T]` bool.
        good: `[B]` bool: clips whose two streams belong together.
        stride: every n-th frame takes part.
    """
    rows = (inside & good[:, None])[:, ::stride]
    if rows.sum() < 2:
        return picture.sum() * 0
    logits = picture[:, ::stride][rows] @ sound[:, ::stride][rows].T / 0.1
    target = torch.arange(len(logits), device=logits.device)
    return 0.5 * (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target))


def _together(group: Tensor) -> Tensor:
    """`[B, B, 1]`: both clips are of one group."""
    return (group[:, None] == group[None])[..., None]


def _top_one(rows: Tensor, peers: Tensor) -> Tensor:
    """Logarithm of a softmax over each clip's group `[B, M]`."""
    # A clip is always in its own list: over an empty one the exponential has no end, and its gradient no value.
    listed = peers | torch.eye(len(peers), dtype=torch.bool, device=peers.device)[..., None]
    others = rows[None].expand_as(peers).masked_fill(~listed, -1e4)
    return rows - others.logsumexp(1)


def _mean(loss: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean, kept apart by the last dimension: `[M]`, whose sum is the mean over all."""
    over = tuple(range(loss.ndim - 1))
    return (loss * weight).sum(over) / weight.sum().clamp(min=1e-6)
