"""What training does to pieces of clips so that the network learns the movement and not the recording."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tfq.nets.spec import KEPT
from tfq.sync.geometry import mirror_order


class Mirror:
    """Swap left and right of some of a batch, in the shape and in the crops alike."""

    def __init__(self) -> None:
        order, signs = mirror_order()
        self.order = torch.tensor(order)
        self.signs = torch.from_numpy(signs)

    def __call__(self, shape: Tensor, crops: Tensor | None, chosen: Tensor) -> tuple[Tensor, Tensor | None]:
        shape = torch.where(chosen[:, None, None], shape[..., self.order] * self.signs, shape)
        if crops is not None:
            crops = torch.where(chosen[:, None, None, None], crops.flip(-1), crops)
        return shape, crops


def disturb_shape(shape: Tensor, random: torch.Generator) -> Tensor:
    """Another face: larger or smaller movements of each column; a worse landmarker: noise. `[B, T, G]`."""
    batch, _, columns = shape.shape
    gain = torch.exp(
        0.15 * torch.randn(batch, 1, 1, generator=random) + 0.1 * torch.randn(batch, 1, columns, generator=random)
    )
    noise = 0.08 * torch.rand(batch, 1, 1, generator=random) * shape.std(dim=1, keepdim=True)
    return shape * gain + noise * torch.randn(shape.shape, generator=random)


def disturb_crops(crops: Tensor, side: int, random: torch.Generator) -> Tensor:
    """Place, size, turn, light, sharpness and grain of whole pieces, `[B, T, S, S]` in 0-1 to `[B, T, side, side]`."""
    batch, frames = crops.shape[:2]

    def spread(amount: float) -> Tensor:
        return amount * (2 * torch.rand(batch, generator=random) - 1)

    angle, zoom, stretch = spread(math.radians(12)), torch.exp(spread(0.18)), torch.exp(spread(0.15))
    cos, sin = torch.cos(angle) * zoom * KEPT, torch.sin(angle) * zoom * KEPT
    matrix = torch.stack([cos * stretch, -sin, spread(0.1), sin, cos / stretch, spread(0.1)], dim=1).view(batch, 2, 3)
    grid = F.affine_grid(matrix, [batch, frames, side, side], align_corners=False)
    moved = F.grid_sample(crops, grid, padding_mode="border", align_corners=False)
    blurred = F.interpolate(F.interpolate(moved, size=side // 2, mode="area"), size=side, mode="bilinear")
    soft = torch.rand(batch, 1, 1, 1, generator=random).square()
    lit = (soft * blurred + (1 - soft) * moved).clamp(0, 1) ** torch.exp(spread(0.5)).view(-1, 1, 1, 1)
    grain = 0.04 * torch.rand(batch, 1, 1, 1, generator=random)
    return lit + grain * torch.randn(lit.shape, generator=random)


def hide_bands(mel: Tensor, random: torch.Generator) -> Tensor:
    """Another room and microphone: a tilt over the bands of log-mel `[B, R, M]`, and up to 12 of them levelled."""
    batch, _, bands = mel.shape
    place = torch.linspace(-1, 1, bands)
    tilt = (
        0.1 * torch.randn(batch, 1, 1, generator=random) * place
        + 0.05 * torch.randn(batch, 1, 1, generator=random) * place**2
    )
    start = torch.randint(0, bands, (batch, 1, 1), generator=random)
    width = torch.randint(0, 12, (batch, 1, 1), generator=random)
    index = torch.arange(bands)
    return torch.where((index >= start) & (index < start + width), mel.mean(dim=(1, 2), keepdim=True), mel + tilt)
