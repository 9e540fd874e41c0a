"""How much each dimension counts: as given, by its uncertainty, or by the size of its gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

RESTORING = 1.5  # GradNorm's α: how strongly dimensions that learn slower are pulled along
RATE = 0.025  # of the weights, as in GradNorm's paper; at a network's own rate they would not move within a training


class Balance(nn.Module):
    """One number out of `[M]` losses, one a dimension. The weights start at one, so all kinds start as `fixed`.

    `uncertainty` (Kendall et al. 2018) learns a log variance a dimension, together with the network. `gradnorm` (Chen
    et al. 2018) moves the weights so that all dimensions pull at the last shared layer alike, slow ones more.
    """

    log_variance: Tensor
    weights: Tensor
    first: Tensor

    def __init__(self, kind: str, tasks: int) -> None:
        super().__init__()
        self.kind = kind
        self.log_variance = nn.Parameter(torch.zeros(tasks), requires_grad=kind == "uncertainty")
        self.register_buffer("weights", torch.ones(tasks))
        self.register_buffer("first", torch.zeros(tasks))

    def forward(self, losses: Tensor) -> Tensor:
        if self.kind != "uncertainty":
            return (losses * self.weights).sum()
        known = losses.detach() > 0  # a dimension that the batch says nothing about keeps its variance
        return (losses * torch.exp(-self.log_variance)).sum() + (self.log_variance * known).mean()

    def follow(self, losses: Tensor, shared: Tensor, mean: Callable[[Tensor], Tensor] = lambda norms: norms) -> None:
        """Move GradNorm's weights one step; the graph of the losses is kept.

        Args:
            losses: `[M]`.
            shared: parameters of the last layer that all dimensions share.
            mean: averages over processes, whose weights have to stay equal.
        """
        if self.kind != "gradnorm":
            return
        norms = [torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True)[0] for loss in losses]
        sizes = torch.stack(
            [loss.new_zeros(()) if g is None else g.norm() for loss, g in zip(losses, norms, strict=True)]
        )
        sizes, now = mean(sizes.detach()), mean(losses.detach())
        self.first = torch.where(self.first > 0, self.first, now)
        known = (sizes > 0) & (now > 0)
        if known.sum() < 2:
            return
        speed = now / self.first.clamp(min=1e-6)
        speed = (speed / speed[known].mean()) ** RESTORING
        target = (sizes * self.weights)[known].mean() * speed
        # The slope of |size·weight − target|, in units of the mean size so that the rate holds for any loss.
        slope = torch.sign(sizes * self.weights - target) * sizes / sizes[known].mean()
        moved = torch.where(known, self.weights - RATE * slope, self.weights).clamp(min=0.05)
        self.weights = moved * len(moved) / moved.sum()
