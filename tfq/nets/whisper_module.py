"""`tfq.nets.whisper` as a module of torch: what is run in bfloat16, and what is exported to be quantised."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from tfq.nets.whisper import HEADS, LONGEST, MELS, WIDTH, sinusoids
from tfq.types import Floats


class WhisperModule(nn.Module):
    """Log-mel `[1, 80, T100]` in, the state after the last layer `[1, T50, 512]` out; at most 30 s."""

    positions: Tensor

    def __init__(self, arrays: Mapping[str, Floats], layers: int) -> None:
        """`arrays` are named as `tfq.models.whisper` writes them."""
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(_Block() for _ in range(layers))
        state = {name: torch.from_numpy(array) for name, array in arrays.items() if _wanted(name, layers)}
        self.load_state_dict(state)
        self.register_buffer("positions", torch.from_numpy(sinusoids(LONGEST, WIDTH)))
        self.eval().requires_grad_(False)

    def forward(self, mel: Tensor) -> Tensor:
        rows = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        rows = rows + self.positions[: rows.shape[1]]
        for layer in self.layers:
            rows = layer(rows)
        return rows


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, rows: Tensor) -> Tensor:
        parts = self.qkv(rows).reshape(1, -1, 3, HEADS, WIDTH // HEADS)  # [1, T, 3, H, D]
        query, key, value = (part.transpose(1, 2) for part in parts.unbind(2))  # [1, H, T, D]
        shares = torch.softmax((query * (WIDTH // HEADS) ** -0.5) @ key.transpose(2, 3), -1)
        mixed: Tensor = self.out((shares @ value).transpose(1, 2).reshape(1, -1, WIDTH))
        return mixed


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = _Attention()
        self.mlp_in, self.mlp_out = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows + self.attention(self.attention_norm(rows))
        hidden: Tensor = self.mlp_out(functional.gelu(self.mlp_in(self.mlp_norm(rows))))
        return rows + hidden


def _wanted(name: str, layers: int) -> bool:
    return not name.startswith("layers.") or int(name.split(".")[1]) < layers
