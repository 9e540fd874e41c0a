"""The multi-task network of `tfq.nets.fusion` for inference: the same weights over plain arrays, one clip at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfq.nets import summary_arrays
from tfq.nets.arrays import Weights, attention, gelu, heads_of, softmax
from tfq.nets.spec import CLEAN, LEAST_SPREAD, PARTS_OF_WHOLE, FusionSpec
from tfq.types import Floats, Mask


@dataclass(frozen=True)
class Scores:
    """`clip` `[M]` and `time` `[T, M]` in [1, 5]; `spread` `[M]` in points, ones where the network does not tell it."""

    clip: Floats
    time: Floats
    spread: Floats


class FusionArrays:
    """Scores of one clip from its features; what each part does is told in `tfq.nets.fusion`."""

    def __init__(self, spec: FusionSpec, arrays: Mapping[str, Floats]) -> None:
        self.spec = spec
        self.arrays = arrays
        self._weights = Weights(arrays)

    def parts(self, features: Mapping[str, Floats], present: Mapping[str, Mask]) -> tuple[Floats, Floats]:
        """Logits of the clip before they are put together, `[M]` each: of the network's heads, and of the additive model."""
        whole = self._whole(features, present)
        return self._heads(features, present, whole)[0], self._additive(whole, present)

    def together(self, raw: Floats, lines: Floats) -> Floats:
        """Scores `[..., M]` in [1, 5] from both `parts`."""
        if not self.spec.additive:
            return self._scores(raw)
        share, constant = self._weights["additive.share"].T
        if self.spec.composed:
            raw = self._composed(raw, _bounded(raw + share * (lines - raw) + constant))
        return _bounded(raw + share * (lines - raw) + constant)

    def __call__(self, features: Mapping[str, Floats], present: Mapping[str, Mask]) -> Scores:
        """Score a clip.

        Args:
            features: name to `[T, D]` float32, normalised, finite everywhere.
            present: name to `[T]` bool: the row was measured.
        """
        whole = self._whole(features, present)
        raw, time, spread = self._heads(features, present, whole)
        lines = self._additive(whole, present) if self.spec.additive else raw
        moments = time + np.array(self.spec.moments or (0.0,) * len(raw), np.float32)
        return Scores(self.together(raw, lines), self._scores(moments), spread)

    def _whole(self, features: Mapping[str, Floats], present: Mapping[str, Mask]) -> dict[str, Floats]:
        """What the clip is as a whole, `[4 D]` by feature."""
        return {name: summary_arrays.statistics(features[name], present[name]) for name in self.spec.features}

    def _additive(self, whole: Mapping[str, Floats], present: Mapping[str, Mask]) -> Floats:
        weights, lines = self._weights, self._weights["additive.constant"]
        for name, found in whole.items():
            if present[name].any():
                ranks = summary_arrays.ranks(found, weights[f"additive.points.{name}"])
                lines = lines + weights[f"additive.weights.{name}"] @ summary_arrays.bent(ranks)
        return lines

    def _heads(
        self, features: Mapping[str, Floats], present: Mapping[str, Mask], whole: Mapping[str, Floats]
    ) -> tuple[Floats, Floats, Floats]:
        """Logits of the clip `[M]` and of each moment `[T, M]`, and the spread `[M]`."""
        spec, weights = self.spec, self._weights
        rows = {name: _input(weights.at(f"inputs.{name}"), features[name], present[name]) for name in spec.features}
        nothing: Floats = np.zeros((len(next(iter(rows.values()))), spec.width), np.float32)
        shared, picture, sound = (
            sum((rows[name] for name in names), nothing) for names in (spec.cross, spec.picture, spec.sound)
        )
        views = {"joint": self._fuse(picture + shared, sound + shared)}
        for side, stream in (("picture", picture), ("sound", sound)):
            if side in map(spec.view, spec.dimensions):
                views[side] = _alone(weights.at(f"alone.{side}"), stream)
        summary = {name: _summary(weights, name, spec, whole[name], present[name]) for name in spec.features}
        time, seen = [], []
        for i, dimension in enumerate(spec.dimensions):
            view = spec.view(dimension)
            time.append(_head(weights.at(f"over_time.{i}"), views[view]))  # [T, 1]
            pooled = self._pool(views[view], time[i][:, 0], i)
            seen.append(np.concatenate([*pooled, *(summary[name] for name in spec.seen_by(view))]))
        spread = np.ones(len(seen), np.float32)
        if spec.spread:
            spread = LEAST_SPREAD + np.logaddexp(0, self._each("spreads", seen)).astype(np.float32)
        return self._each("of_clip", seen), np.concatenate(time, 1), spread

    def _each(self, name: str, seen: list[Floats]) -> Floats:
        """One head a dimension, each over what is its own: `[M]`."""
        return np.concatenate([_head(self._weights.at(f"{name}.{i}"), rows) for i, rows in enumerate(seen)])

    def _scores(self, raw: Floats) -> Floats:
        return _bounded(self._composed(raw, _bounded(raw)) if self.spec.composed else raw)

    def _composed(self, raw: Floats, parts: Floats) -> Floats:
        """Logits with that of overall moved by what the scores of the other dimensions, `parts`, make of it."""
        at = self.spec.dimensions.index
        lost = [
            weight * np.logaddexp(0, 10 * (CLEAN - parts[..., at(name)])) / 10
            for name, weight in PARTS_OF_WHOLE.items()
        ]
        whole = np.clip(CLEAN - np.sqrt(np.square(lost).sum(0)), 1.1, 4.9)
        raw = raw.copy()
        raw[..., at("overall")] += np.log((whole - 1) / (5 - whole))
        return raw

    def _fuse(self, picture: Floats, sound: Floats) -> Floats:
        spec, weights = self.spec, self._weights
        if spec.positions != "rotary":
            learned = spec.positions == "learned"
            where = weights["places"][: len(picture)] if learned else _sinusoidal(*picture.shape)
            picture, sound = picture + where, sound + where
        if spec.fusion == "concat":
            return weights.layer_norm("norm", weights.linear("join", np.concatenate([picture, sound], 1)))
        pairs = {"audio_query": [(sound, picture)], "video_query": [(picture, sound)]}.get(
            spec.fusion, [(sound, picture), (picture, sound)]
        )
        fused: Floats = np.zeros_like(picture)
        for i, (rows, memory) in enumerate(pairs):
            for j in range(spec.layers):
                rows = _decoder(weights.at(f"decoders.{i}.layers.{j}"), rows, memory, spec)  # noqa: PLW2901
            fused = fused + rows
        return weights.layer_norm("norm", fused)

    def _pool(self, view: Floats, time: Floats, dimension: int) -> tuple[Floats, Floats]:
        """Weighted mean and the mean of the worst fifth, each `[W]`."""
        logits = np.zeros_like(time)
        if self.spec.pooling == "attention":
            logits = self._weights.linear("attention", view)[:, dimension]
        return softmax(logits) @ view, softmax(-time / np.float32(0.5)) @ view


def _input(weights: Weights, rows: Floats, present: Mask) -> Floats:
    hidden = gelu(weights.linear("project.0", rows))
    rows = np.where(present[:, None], weights.linear("project.3", hidden), weights["absent"])
    return rows + weights.conv("mix", rows, padding=2)


def _alone(weights: Weights, rows: Floats) -> Floats:
    for i, step in enumerate((1, 3)):
        near = weights.conv(f"near.{i}", rows, padding=2 * step, dilation=step)
        rows = rows + weights.linear(f"mix.{i}.2", gelu(near))
    return weights.layer_norm("norm", rows + weights.linear("differ", rows - rows.mean(0)))


def _decoder(weights: Weights, rows: Floats, memory: Floats, spec: FusionSpec) -> Floats:
    """A layer of torch's `TransformerDecoderLayer` that normalises first."""
    normed = weights.layer_norm("norm1", rows)
    rows = rows + _attend(weights.at("self_attn"), normed, normed, spec)
    rows = rows + _attend(weights.at("multihead_attn"), weights.layer_norm("norm2", rows), memory, spec)
    hidden = gelu(weights.linear("linear1", weights.layer_norm("norm3", rows)))
    return rows + weights.linear("linear2", hidden)


def _attend(weights: Weights, rows: Floats, memory: Floats, spec: FusionSpec) -> Floats:
    query, key, value = (
        heads_of(given @ weight.T + bias, spec.heads)
        for given, weight, bias in zip(
            (rows, memory, memory),
            np.split(weights["in_proj_weight"], 3),
            np.split(weights["in_proj_bias"], 3),
            strict=True,
        )
    )
    if spec.positions == "rotary":
        query, key = _turned(query), _turned(key)
    return weights.linear("out_proj", attention(query, key, value))


def _summary(weights: Weights, name: str, spec: FusionSpec, found: Floats, present: Mask) -> Floats:
    if spec.summary == "moments":
        return gelu(weights.linear(f"summary.{name}", found[: 2 * spec.features[name]]))
    part = weights.at(f"summary.{name}")
    told = summary_arrays.ranks(found, part["points"]) if present.any() else np.zeros_like(found)
    return gelu(part.linear("project.1", told))


def _head(weights: Weights, rows: Floats) -> Floats:
    return weights.linear("4", gelu(weights.linear("1", weights.layer_norm("0", rows))))


def _bounded(raw: Floats) -> Floats:
    return np.asarray(1 + 4 / (1 + np.exp(-raw / np.sqrt(1 + (raw / 8) ** 2))))


def _sinusoidal(length: int, width: int) -> Floats:
    angle = np.arange(length)[:, None] * np.exp(np.arange(0, width, 2) * (-np.log(10000.0) / width))
    return np.stack([np.sin(angle), np.cos(angle)], 2).reshape(length, -1)[:, :width].astype(np.float32) * np.float32(
        0.3
    )


def _turned(rows: Floats) -> Floats:
    half = rows.shape[2] // 2
    angle = np.arange(rows.shape[1])[:, None] * np.exp(np.arange(half) * (-np.log(10000.0) / half))
    cos, sin = (wave(angle).astype(np.float32) for wave in (np.cos, np.sin))
    first, second = rows[..., :half], rows[..., half:]
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], -1)
