"""Where in the clip a frame is, told to the decoder in one of three ways."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def sinusoidal(like: Tensor) -> Tensor:
    """Sinusoidal positions `[T, W]` for rows `[B, T, W]` (Vaswani et al. 2017), small beside the features."""
    length, width = like.shape[1:]
    time = torch.arange(length, device=like.device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width, device=like.device)
    table[:, 0::2], table[:, 1::2] = torch.sin(time * rate), torch.cos(time * rate)
    return (0.3 * table).to(like.dtype)


class RotaryAttention(nn.MultiheadAttention):
    """Attention whose queries and keys are turned by their frame (Su et al. 2021): it sees how far apart frames are.

    Both streams lie on one grid, so the same holds between the streams as inside one. Takes the place of the attention
    of a `TransformerDecoderLayer`; parameters and their names are those of the plain one.
    """

    def forward(  # type: ignore[override]
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, **_: Any
    ) -> tuple[Tensor, None]:
        """`[B, T, W]` each, `key_padding_mask` `[B, T]` true (or -inf) where there is no frame."""
        projected = [
            functional.linear(rows, weight, bias)
            .reshape(*rows.shape[:2], self.num_heads, -1)
            .transpose(1, 2)  # [B, H, T, W/H]
            for rows, weight, bias in zip(
                (query, key, value), self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3), strict=True
            )
        ]
        mask = None
        if key_padding_mask is not None:
            hidden = key_padding_mask if key_padding_mask.dtype == torch.bool else key_padding_mask < 0
            mask = ~hidden[:, None, None]  # [B, 1, 1, T]
        seen = functional.scaled_dot_product_attention(
            turned(projected[0]), turned(projected[1]), projected[2], mask, self.dropout if self.training else 0.0
        )
        return self.out_proj(seen.transpose(1, 2).flatten(2)), None


def turned(rows: Tensor) -> Tensor:
    """Turn each pair of columns of `[..., T, D]` by an angle that grows with the frame, slower from pair to pair."""
    length, half = rows.shape[-2], rows.shape[-1] // 2
    rate = torch.exp(torch.arange(half, device=rows.device) * (-math.log(10000.0) / half))
    angle = torch.arange(length, device=rows.device, dtype=torch.float32)[:, None] * rate
    cos, sin = angle.cos().to(rows.dtype), angle.sin().to(rows.dtype)  # [T, D/2]
    first, second = rows[..., :half], rows[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)


def made_rotary(
    layer: nn.TransformerDecoderLayer, width: int, heads: int, dropout: float
) -> nn.TransformerDecoderLayer:
    """The layer with rotary attention inside and across streams."""
    layer.self_attn = RotaryAttention(width, heads, dropout, batch_first=True)
    layer.multihead_attn = copy.deepcopy(layer.self_attn)
    return layer
