"""The multi-task network: features of picture and sound in, scores over time and of the clip out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tfq.nets import summary
from tfq.nets.fusion_arrays import FusionArrays
from tfq.nets.positions import made_rotary, sinusoidal
from tfq.nets.spec import CLEAN, LEAST_SPREAD, PARTS_OF_WHOLE, FusionSpec
from tfq.nets.summary_arrays import KNOTS, PARTS

SUMMARY = {"moments": 16, "ranks": 32}  # width that each feature's statistics over the clip are given


class Fusion(nn.Module):
    """Projection per feature, Transformer decoder between the streams, pooling, one MLP head per dimension.

    With `audio_query` sound asks (query) and the picture answers (key, value); `video_query` is the reverse, `both`
    does both and adds them, `concat` is the plain baseline: no attention between streams. With own views a dimension
    that only one stream can show is judged by that stream alone.
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
        make = {"moments": _Moments, "ranks": _Ranks}[spec.summary]
        self.summary = nn.ModuleDict({name: make(size, spec.dropout) for name, size in spec.features.items()})
        self.over_time = nn.ModuleList(_head(width, spec.dropout) for _ in spec.dimensions)
        self.views = [spec.view(dimension) for dimension in spec.dimensions]
        known = [2 * width + SUMMARY[spec.summary] * len(spec.seen_by(view)) for view in self.views]
        self.of_clip = nn.ModuleList(_head(size, spec.dropout) for size in known)
        self.alone = nn.ModuleDict({side: _Alone(width, spec.dropout) for side in sorted({*self.views} - {"joint"})})
        self.contrast = nn.ModuleDict({side: nn.Linear(width, 64) for side in ("picture", "sound")})
        if spec.composed:
            last = cast("nn.Sequential", self.of_clip[spec.dimensions.index("overall")])[-1]
            nn.init.zeros_(cast("nn.Linear", last).weight)
        # What follows is only there where it is asked for, so that older checkpoints still fit.
        if spec.positions == "learned":
            self.places = nn.Parameter(0.02 * torch.randn(spec.longest, width))
        if spec.spread:
            self.spreads = nn.ModuleList(_head(size, spec.dropout) for size in known)
        self.teach = nn.ModuleDict({name: nn.Linear(width, spec.features[name]) for name in spec.teachers})

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
            embeddings of each stream for the contrastive loss; where asked for, `spread` `[B, M]`, the standard
            deviation in points that the network expects of its error, and `teacher.NAME` `[B, T, D]`.
        """
        rows = {name: self.inputs[name](features[name], present[name], inside) for name in self.spec.features}
        nothing = inside.new_zeros(*inside.shape, self.spec.width, dtype=self.norm.weight.dtype)
        shared = sum((rows[name] for name in self.spec.cross), nothing)
        streams = {
            "picture": sum((rows[name] for name in self.spec.picture), nothing),
            "sound": sum((rows[name] for name in self.spec.sound), nothing),
        }
        views = {"joint": self._fuse(streams["picture"] + shared, streams["sound"] + shared, inside)}
        views |= {side: alone(streams[side], inside) for side, alone in self.alone.items()}
        whole = {name: told(features[name], present[name] & inside) for name, told in self.summary.items()}
        time, seen = [], []
        for i, view in enumerate(self.views):
            time.append(self.over_time[i](views[view]))  # [B, T, 1]
            known = [*self._pool(views[view], time[i][..., 0], i, inside), *(whole[n] for n in self.spec.seen_by(view))]
            seen.append(torch.cat(known, -1))
        out = {"clip": self._scores(_each(self.of_clip, seen)), "time": self._scores(torch.cat(time, -1))}
        out |= {side: functional.normalize(self.contrast[side](rows), dim=-1) for side, rows in streams.items()}
        if self.spec.spread:
            out["spread"] = LEAST_SPREAD + functional.softplus(_each(self.spreads, seen))
        return out | {f"teacher.{name}": head(streams["sound"]) for name, head in self.teach.items()}

    def learn_ranks(self, found: Mapping[str, Tensor]) -> None:
        """Take the knots from statistics `[N, 4 D]` by feature, of the clips that are trained on."""
        for name, told in self.summary.items():
            if isinstance(told, _Ranks):
                told.points.copy_(summary.knots(found[name]))

    def plain(self) -> FusionArrays:
        """The network as it is now, for inference."""
        return FusionArrays(
            self.spec, {name: tensor.cpu().numpy().copy() for name, tensor in self.state_dict().items()}
        )

    def _fuse(self, picture: Tensor, sound: Tensor, inside: Tensor) -> Tensor:
        if self.spec.positions != "rotary":
            learned = self.spec.positions == "learned"
            where = self.places[: inside.shape[1]] if learned else sinusoidal(picture)
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

    def _scores(self, raw: Tensor) -> Tensor:
        """`[..., M]` into scores; where it is composed, overall is what the others make of it, moved by its own head."""
        if not self.spec.composed:
            return _bounded(raw)
        parts = _bounded(raw).detach()
        lost = [
            weight * functional.softplus(CLEAN - parts[..., self.spec.dimensions.index(name)], 10.0)
            for name, weight in PARTS_OF_WHOLE.items()
        ]
        whole = (CLEAN - torch.stack(lost).square().sum(0).sqrt()).clamp(1.1, 4.9)
        moved = torch.zeros_like(raw)
        moved[..., self.spec.dimensions.index("overall")] = torch.logit((whole - 1) / 4)
        return _bounded(raw + moved)

    def _pool(self, view: Tensor, time: Tensor, dimension: int, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted mean and the mean of the worst fifth: people remember the worst moment. Each `[B, W]`."""
        logits = torch.zeros_like(time) if self.attention is None else self.attention(view)[..., dimension]
        shares = (weight.masked_fill(~inside, -math.inf).softmax(1) for weight in (logits, -time / 0.5))
        usual, worst = (torch.einsum("bt,btw->bw", share, view) for share in shares)
        return usual, worst


class _Moments(nn.Linear):
    """Mean and deviation of every column over the clip (statistics pooling, Snyder et al. 2017), projected."""

    def __init__(self, size: int, _dropout: float) -> None:
        super().__init__(2 * size, SUMMARY["moments"])

    def forward(self, rows: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
        return functional.gelu(super().forward(summary.statistics(rows, present)[:, : 2 * rows.shape[-1]]))


class _Ranks(nn.Module):
    """Ranks of a clip's statistics among those of training, projected; see `tfq.nets.summary`."""

    points: Tensor

    def __init__(self, size: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("points", torch.linspace(-2, 2, KNOTS).repeat(PARTS * size, 1))
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(PARTS * size, SUMMARY["ranks"]))

    def forward(self, rows: Tensor, present: Tensor) -> Tensor:
        told = summary.ranks(summary.statistics(rows, present), self.points)
        return functional.gelu(self.project(torch.where(present.any(1, keepdim=True), told, 0.0)))


class _Alone(nn.Module):
    """One stream in its own context: two convolutions of 0.2 and 0.5 s, and how each frame differs from the clip's mean."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.near = nn.ModuleList(
            nn.Conv1d(width, width, 5, padding=2 * step, dilation=step, groups=width) for step in (1, 3)
        )
        self.mix = nn.ModuleList(
            nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)) for _ in self.near
        )
        self.differ = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, rows: Tensor, inside: Tensor) -> Tensor:
        there = inside[..., None].to(rows.dtype)
        rows = rows * there
        for near, mix in zip(self.near, self.mix, strict=True):
            rows = (rows + mix(near(rows.transpose(1, 2)).transpose(1, 2))) * there
        mean = rows.sum(1, keepdim=True) / there.sum(1, keepdim=True).clamp(min=1)
        out: Tensor = self.norm(rows + self.differ(rows - mean))
        return out


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
    if spec.positions == "rotary":
        layer = made_rotary(layer, spec.width, spec.heads, spec.dropout)
    return nn.TransformerDecoder(layer, spec.layers)


def _head(width: int, dropout: float) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Dropout(dropout), nn.Linear(64, 1))


def _each(heads: nn.ModuleList, seen: list[Tensor]) -> Tensor:
    """One head a dimension, each over what is its own: `[B, M]`."""
    return torch.cat([head(rows) for head, rows in zip(heads, seen, strict=True)], -1)


def _bounded(raw: Tensor) -> Tensor:
    """Into [1, 5]; the slope stays above zero wherever a float can go, since the logit is softened first."""
    return 1 + 4 * torch.sigmoid(raw / torch.sqrt(1 + (raw / 8) ** 2))
