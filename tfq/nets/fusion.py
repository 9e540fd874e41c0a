"""The multi-task network: features of picture and sound in, scores over time and of the clip out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SUMMARY = 16  # width that each feature's statistics over the clip are given


@dataclass(frozen=True)
class FusionSpec:
    """What the network is built from; stored in the checkpoint.

    `picture`, `sound` and `cross` map feature names to their widths. `cross` features compare the two streams and are
    given to both. The fields after them are those of `TrainConfig`.
    """

    picture: Mapping[str, int]
    sound: Mapping[str, int]
    cross: Mapping[str, int]
    dimensions: tuple[str, ...]
    fusion: str = "audio_query"
    pooling: str = "attention"
    width: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.2
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def features(self) -> dict[str, int]:
        """Every feature the network takes, with its width."""
        return {**self.picture, **self.sound, **self.cross}


class Fusion(nn.Module):
    """Projection per feature, Transformer decoder between the streams, pooling, one MLP head per dimension.

    With `audio_query` sound asks (query) and the picture answers (key, value); `video_query` is the reverse, `both`
    does both and adds them, `concat` is the plain baseline: no attention between streams.
    """

    def __init__(self, spec: FusionSpec) -> None:
        super().__init__()
        self.spec = spec
        width = spec.width
        self.inputs = nn.ModuleDict({name: _Input(size, width, spec.dropout) for name, size in spec.features.items()})
        self.decoders = nn.ModuleList(_decoder(spec) for _ in range({"both": 2, "concat": 0}.get(spec.fusion, 1)))
        self.join = nn.Linear(2 * width, width) if spec.fusion == "concat" else nn.Identity()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.Linear(width, len(spec.dimensions)) if spec.pooling == "attention" else None
        self.summary = nn.ModuleDict({name: nn.Linear(2 * size, SUMMARY) for name, size in spec.features.items()})
        self.over_time = nn.ModuleList(_head(width, spec.dropout) for _ in spec.dimensions)
        known = 2 * width + SUMMARY * len(spec.features)
        self.of_clip = nn.ModuleList(_head(known, spec.dropout) for _ in spec.dimensions)
        self.contrast = nn.ModuleDict({side: nn.Linear(width, 64) for side in ("picture", "sound")})

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], inside: Tensor
    ) -> dict[str, Tensor]:
        """Score a batch.

        Args:
            features: name to `[B, T, D]`, normalised, finite everywhere.
            present: name to `[B, T]` bool: the row was measured.
            inside: `[B, T]` bool: the frame is inside the clip, not padding.

        Returns:
            `clip` `[B, M]` and `time` `[B, T, M]`, scores in [1, 5]; `picture` and `sound` `[B, T, 64]`, unit
            embeddings of each stream for the contrastive loss.
        """
        rows = {name: self.inputs[name](features[name], present[name], inside) for name in self.spec.features}
        shared = sum((rows[name] for name in self.spec.cross), torch.zeros(()))
        streams = {
            "picture": sum((rows[name] for name in self.spec.picture), torch.zeros(())),
            "sound": sum((rows[name] for name in self.spec.sound), torch.zeros(())),
        }
        fused = self._fuse(streams["picture"] + shared, streams["sound"] + shared, inside)
        time = torch.cat([head(fused) for head in self.over_time], -1)  # [B, T, M]
        pooled = self._pool(fused, time, inside)  # [B, M, 2W]
        whole = self._summarise(features, present, inside)  # [B, features * SUMMARY]
        clip = torch.cat(
            [head(torch.cat([pooled[:, i], whole], -1)) for i, head in enumerate(self.of_clip)], -1
        )  # [B, M]
        unit = {side: functional.normalize(self.contrast[side](rows), dim=-1) for side, rows in streams.items()}
        return {"clip": _bounded(clip), "time": _bounded(time), **unit}

    def _fuse(self, picture: Tensor, sound: Tensor, inside: Tensor) -> Tensor:
        where = _positions(picture.shape[1], picture.shape[2], picture)
        picture, sound = picture + where, sound + where
        if self.spec.fusion == "concat":
            joined: Tensor = self.norm(self.join(torch.cat([picture, sound], -1)))
            return joined
        pairs = {"audio_query": [(sound, picture)], "video_query": [(picture, sound)]}.get(
            self.spec.fusion, [(sound, picture), (picture, sound)]
        )
        outside = ~inside
        fused = [
            decoder(query, memory, tgt_key_padding_mask=outside, memory_key_padding_mask=outside)
            for decoder, (query, memory) in zip(self.decoders, pairs, strict=True)
        ]
        summed: Tensor = self.norm(torch.stack(fused).sum(0))
        return summed

    def _summarise(self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], inside: Tensor) -> Tensor:
        """Mean and deviation of every column over the clip (statistics pooling, Snyder et al. 2017), projected."""
        parts = []
        for name, project in self.summary.items():
            weight = (present[name] & inside)[..., None].to(features[name].dtype)
            count = weight.sum(1).clamp(min=1)
            mean = (features[name] * weight).sum(1) / count
            variance = ((features[name] - mean[:, None]) ** 2 * weight).sum(1) / count
            parts.append(functional.gelu(project(torch.cat([mean, (variance + 1e-6).sqrt()], -1))))
        return torch.cat(parts, -1)

    def _pool(self, fused: Tensor, time: Tensor, inside: Tensor) -> Tensor:
        """Weighted mean and the mean of the worst fifth: people remember the worst moment. `[B, M, 2W]`."""
        logits = torch.zeros_like(time) if self.attention is None else self.attention(fused)
        weights = logits.masked_fill(~inside[..., None], -math.inf).softmax(1)  # [B, T, M]
        worst = (-time / 0.5).masked_fill(~inside[..., None], -math.inf).softmax(1)
        return torch.cat([torch.einsum("btm,btw->bmw", share, fused) for share in (weights, worst)], -1)


class _Input(nn.Module):
    """Projects one feature and mixes neighbouring frames; a row that is absent becomes a learned vector."""

    def __init__(self, size: int, width: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(size, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width))
        self.mix = nn.Conv1d(width, width, 5, padding=2, groups=width)
        self.absent = nn.Parameter(torch.zeros(width))

    def forward(self, rows: Tensor, present: Tensor, inside: Tensor) -> Tensor:
        rows = torch.where(present[..., None], self.project(rows), self.absent)
        rows = rows * inside[..., None]  # padding looks to the convolution as the end of the clip does
        mixed: Tensor = rows + self.mix(rows.transpose(1, 2)).transpose(1, 2)
        return mixed


def _decoder(spec: FusionSpec) -> nn.TransformerDecoder:
    layer = nn.TransformerDecoderLayer(
        spec.width, spec.heads, 2 * spec.width, spec.dropout, "gelu", batch_first=True, norm_first=True
    )
    return nn.TransformerDecoder(layer, spec.layers)


def _head(width: int, dropout: float) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Dropout(dropout), nn.Linear(64, 1))


def _bounded(raw: Tensor) -> Tensor:
    """Into [1, 5]; the slope stays above zero wherever a float can go, since the logit is softened first."""
    return 1 + 4 * torch.sigmoid(raw / torch.sqrt(1 + (raw / 8) ** 2))


def _positions(length: int, width: int, like: Tensor) -> Tensor:
    """Sinusoidal positions `[T, W]` (Vaswani et al. 2017), small beside the features."""
    time = torch.arange(length, device=like.device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width, device=like.device)
    table[:, 0::2], table[:, 1::2] = torch.sin(time * rate), torch.cos(time * rate)
    return (0.3 * table).to(like.dtype)
