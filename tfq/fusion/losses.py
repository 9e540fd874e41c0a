"""What the multi-task model is trained on. All take scores in [1, 5] and labels with NaN where nobody judged."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def regression(scores: Tensor, labels: Tensor) -> Tensor:
    """Huber loss with its bend at half a point, over the labels that are there."""
    known = ~labels.isnan()
    if not known.any():
        return scores.sum() * 0
    return functional.huber_loss(scores[known], labels[known], delta=0.5)


def ranking(scores: Tensor, labels: Tensor, group: Tensor, least: float = 0.25) -> Tensor:
    """Logistic loss over pairs of one group whose labels differ (RankNet, Burges et al. 2005).

    Args:
        scores: `[B, M]`.
        labels: `[B, M]`.
        group: `[B]` integers; only clips of one group are compared, so that the content cancels out.
        least: pairs that differ by less, in points, say nothing.
    """
    apart = labels[:, None] - labels[None]  # [B, B, M]
    chosen = (apart > least) & (group[:, None] == group[None])[..., None]
    if not chosen.any():
        return scores.sum() * 0
    margin = (scores[:, None] - scores[None])[chosen]
    # A pair a whole point apart has to differ by more than one half a point apart.
    return functional.softplus(apart[chosen].clamp(max=2.0) * 0.5 - margin).mean()


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
