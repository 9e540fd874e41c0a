"""The audio-visual sync network: one unit vector a frame for the mouth, and one for the sound, that agree in sync."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tfq.nets.spec import CROP_REACH, KEPT, SyncSpec
from tfq.nets.sync_arrays import SyncArrays


class Scale(nn.Module):
    """Standardise columns by the mean and deviation of the training clips, which travel with the weights."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("deviation", torch.ones(columns))

    def forward(self, rows: Tensor) -> Tensor:
        return (rows - self.mean) / self.deviation


class Components(nn.Module):
    """The principal components of the training clips' rows, each of unit deviation."""

    mean: Tensor
    basis: Tensor

    def __init__(self, columns: int, parts: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("basis", torch.zeros(columns, parts))

    def forward(self, rows: Tensor) -> Tensor:
        return (rows - self.mean) @ self.basis


class Block(nn.Module):
    """A residual convolution over three frames."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm1d(width)
        self.out = nn.Conv1d(width, width, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, rows: Tensor) -> Tensor:
        hidden: Tensor = rows + self.drop(self.out(F.gelu(self.norm(self.mix(rows)))))
        return hidden


class Tower(nn.Module):
    """`layers` blocks over time, then the embedding: `[B, C, T]` to `[B, T, E]`."""

    def __init__(self, spec: SyncSpec, layers: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(spec.width, spec.dropout) for _ in range(layers)))
        self.norm = nn.BatchNorm1d(spec.width)
        self.head = nn.Conv1d(spec.width, spec.embedding, 1)

    def forward(self, rows: Tensor) -> Tensor:
        hidden: Tensor = self.head(F.gelu(self.norm(self.blocks(rows))))
        return hidden.transpose(1, 2)


class Shape(nn.Module):
    """The mouth's shape, `[B, T, G]`, to embeddings `[B, T, E]`."""

    def __init__(self, spec: SyncSpec) -> None:
        super().__init__()
        self.scale = Scale(spec.shape)
        self.drop = nn.Dropout(spec.dropout)
        self.enter = nn.Conv1d(spec.shape, spec.width, 3, padding=1)
        self.tower = Tower(spec, spec.layers - 1)

    def forward(self, shape: Tensor) -> Tensor:
        rows: Tensor = self.tower(self.enter(self.drop(self.scale(shape).transpose(1, 2))))
        return rows


class Crops(nn.Module):
    """Grey mouth crops, `[B, T, S, S]` in 0-1, to `[B, T, E]`; the first layer sees five frames, for motion."""

    def __init__(self, spec: SyncSpec) -> None:
        super().__init__()
        widths = (2 * CROP_REACH + 1, 16, 32, 64, 96)
        kernels = (5, 3, 3, 3)
        self.picture = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                )
                for before, after, kernel in zip(widths, widths[1:], kernels, strict=False)
            )
        )
        side = -(-spec.crop // 2 ** len(kernels))
        self.enter = nn.Linear(widths[-1] * side**2, spec.width)
        self.drop = nn.Dropout(spec.dropout)
        self.tower = Tower(spec, spec.layers - 1)
        self.picture.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, crops: Tensor) -> Tensor:
        batch, frames = crops.shape[:2]
        level = crops.mean(dim=(2, 3), keepdim=True)
        flat = (crops - level) / ((crops - level).square().mean(dim=(2, 3), keepdim=True) + 1e-4).sqrt()
        first, last = flat[:, :1], flat[:, -1:]
        held = torch.cat([first, first, flat, last, last], dim=1)
        stack = torch.stack([held[:, i : i + frames] for i in range(2 * CROP_REACH + 1)], dim=2)  # [B, T, 5, S, S]
        # On a CPU half precision and channels last take a third of the time; only training needs the speed.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            seen = self.picture(stack.flatten(0, 1).contiguous(memory_format=torch.channels_last))  # [B T, C, s, s]
        seen = seen.float().flatten(1)
        rows: Tensor = self.tower(self.drop(self.enter(seen)).view(batch, frames, -1).transpose(1, 2))
        return rows


class Sound(nn.Module):
    """Speech rows `[B, 2 T, W]` (50 Hz) and log-mel `[B, 4 T, M]` (100 Hz) to embeddings `[B, T, E]`."""

    def __init__(self, spec: SyncSpec) -> None:
        super().__init__()
        self.speech_parts = Components(spec.speech, spec.parts)
        self.mel_scale = Scale(spec.bands)
        self.drop = nn.Dropout(spec.dropout)
        self.speech = nn.Conv1d(spec.parts, spec.width, 4, stride=2, padding=1)
        self.mel = nn.Conv1d(spec.bands, spec.width, 8, stride=4, padding=2)
        self.tower = Tower(spec, spec.layers - 1)

    def forward(self, speech: Tensor, mel: Tensor) -> Tensor:
        words = self.speech(self.drop(self.speech_parts(speech)).transpose(1, 2))
        tones = self.mel(self.drop(self.mel_scale(mel)).transpose(1, 2))
        rows: Tensor = self.tower(words + tones)
        return rows


class SyncNetwork(nn.Module):
    """Both sides. The picture's embedding is the normalised sum of what the shape and the crops say."""

    def __init__(self, spec: SyncSpec) -> None:
        super().__init__()
        self.spec = spec
        self.shape = Shape(spec)
        self.crops = Crops(spec) if spec.crop else None
        self.sound_side = Sound(spec)
        self.sharpness = nn.Parameter(torch.tensor([3.0, 0.5]))  # log of the temperature at five frames, and its growth

    def picture(self, shape: Tensor, crops: Tensor) -> Tensor:
        """`[B, T, G]` and `[B, T, S, S]` to unit vectors `[B, T, E]`."""
        rows = self.shape(shape)
        if self.crops is not None:
            rows = rows + self.crops(crops)
        return F.normalize(rows, dim=-1)

    def sound(self, speech: Tensor, mel: Tensor) -> Tensor:
        """`[B, 2 T, W]` and `[B, 4 T, M]` to unit vectors `[B, T, E]`."""
        return F.normalize(self.sound_side(speech, mel), dim=-1)

    def view(self, crops: Tensor) -> Tensor:
        """The middle of stored crops `[B, T, 64, 64]` uint8 at the side that the network takes, in 0-1."""
        grey = crops.float() / 255
        if not self.spec.crop:
            return grey
        edge = round(crops.shape[-1] * (1 - KEPT) / 2)
        inner = grey[..., edge:-edge, edge:-edge]
        return F.interpolate(inner, size=(self.spec.crop, self.spec.crop), mode="bilinear", align_corners=False)

    def plain(self) -> SyncArrays:
        """The network as it is now, for inference."""
        return SyncArrays(self.spec, {name: tensor.numpy().copy() for name, tensor in self.state_dict().items()})
