"""The encoder of Whisper-base, as many layers as wanted (Radford et al. 2022)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MELS = 80
WIDTH = 512
HEADS = 8
LONGEST = 1500  # rows: the 30 s that Whisper was trained on
ROW_RATE = 50  # rows per second


class WhisperEncoder(nn.Module):
    """Log-mel in, hidden states after each layer out.

    Unlike the original it takes sound of any length up to 30 s without padding. On 12 clips of 1.5 to 22 s the mean
    cosine to the states of the padded sound was 0.997, 0.992, 0.985 and 0.969 after layers 1 to 4.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(_Block() for _ in range(layers))
        self.register_buffer("positions", _sinusoids(LONGEST, WIDTH), persistent=False)
        self.positions: Tensor

    def forward(self, mel: Tensor) -> list[Tensor]:
        """Encode pieces of sound.

        Args:
            mel: `[B, 80, T100]` from `tfq.audio.whisper_mel`, at most 3000 columns of 10 ms.

        Returns:
            `layers + 1` tensors `[B, T50, 512]`: the input of the first layer, then the output of each, so that `[2]`
            is what the field calls layer 2. Row `j` is centred on `j / 50` seconds.
        """
        x = functional.gelu(self.conv1(mel))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)  # [B, T50, 512]
        x = x + self.positions[: x.shape[1]]
        states = [x]
        for layer in self.layers:
            x = layer(x)
            states.append(x)
        return states

    def long(self, mel: Tensor, piece_s: float = 20.0, edge_s: float = 2.0) -> list[Tensor]:
        """Encode sound of any length in pieces, each with `edge_s` seconds of its neighbours around it.

        Positions start anew in each piece, as in the original's pieces of 30 s.

        Args:
            mel: `[80, T100]`.
            piece_s: seconds of each piece, edges not counted; with both edges at most 30.
            edge_s: seconds of context at either side that are computed and thrown away.

        Returns:
            As `forward` without the batch, `[T50, 512]` each.
        """
        piece, edge = int(piece_s * ROW_RATE), int(edge_s * ROW_RATE)
        rows = (mel.shape[1] + 1) // 2
        if rows <= piece + 2 * edge:
            return [state[0] for state in self(mel[None])]
        pieces = []
        for start in range(0, rows, piece):
            first, last = max(start - edge, 0), min(start + piece + edge, rows)
            kept = slice(start - first, min(start + piece, rows) - first)
            pieces.append([state[0, kept] for state in self(mel[None, :, 2 * first : 2 * last])])
        return [torch.cat(parts) for parts in zip(*pieces, strict=True)]


class _Block(nn.Module):
    """Attention and a two-layer perceptron, each on normalised input and added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = _Attention()
        self.mlp_norm = nn.LayerNorm(WIDTH)
        self.mlp_in = nn.Linear(WIDTH, 4 * WIDTH)
        self.mlp_out = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        grown: Tensor = x + self.mlp_out(functional.gelu(self.mlp_in(self.mlp_norm(x))))
        return grown


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        batch, rows, _ = x.shape
        split = self.qkv(x).view(batch, rows, 3, HEADS, WIDTH // HEADS)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, 8, T50, 64]
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, rows, WIDTH))
        return joined


def _sinusoids(rows: int, width: int) -> Tensor:
    """Positions `[rows, width]`: sines, then cosines, of wavelengths from 2 pi to 20000 pi rows."""
    rates = torch.exp(-torch.arange(width // 2) * (torch.log(torch.tensor(10_000.0)) / (width // 2 - 1)))
    angles = torch.arange(rows)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
