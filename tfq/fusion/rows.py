"""From measurements to what the network takes: one matrix a feature on the grid, normalised, with absence marked."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from tfq.types import Floats, Mask

LIMIT = 6.0  # normalised values beyond this many standard deviations are cut: one wild row must not decide


def combine(values: Floats, valid: Mask, clip: Floats) -> Floats:
    """Rows of one feature beside its clip-level values, repeated on every frame: `[T, D + C]` float32, NaN: absent."""
    rows = np.where(valid[:, None], values, np.nan)
    return np.concatenate([rows, np.broadcast_to(clip, (len(rows), len(clip)))], 1).astype(np.float32)


def sync_rows(distance: Floats, valid: Mask, offsets: Floats, window: int = 25) -> Floats:
    """What the sync curves say to the network.

    Args:
        distance: `[T, O]` distance of picture and sound at each offset; NaN outside the clip.
        valid: `[T]`, frames that take part.
        offsets: `[O]` in frames.
        window: frames that a moment's curve is pooled over.

    Returns:
        `[T, 2 O + 8]` float32: the pooled curve of the moment and of the clip, each less its median; then for each of
        the two: offset, size of the offset, confidence (median less minimum), distance at offset zero less minimum.
    """
    known = np.isfinite(distance) & valid[:, None]
    local = _pooled(np.where(known, distance, 0.0), known, window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all-NaN columns stay NaN, which is what they are
        whole = np.nanmean(np.where(known, distance, np.nan), 0) if known.any() else np.full(len(offsets), np.nan)
        parts = []
        for curve in (local, whole[None]):
            level = curve - np.nanmedian(curve, 1, keepdims=True)
            best = np.where(np.isfinite(level), level, np.inf).argmin(1)
            least = np.nanmin(level, 1)
            shift = offsets[best].astype(np.float32)
            centre = level[:, int(np.argmin(np.abs(offsets)))] - least
            scalars = np.stack([shift, np.abs(shift), -least, centre], 1)
            scalars = np.where(np.isfinite(least)[:, None], scalars, np.nan)
            parts += [np.broadcast_to(part, (len(local), part.shape[1])) for part in (level, scalars)]
    return np.concatenate([parts[0], parts[2], parts[1], parts[3]], 1).astype(np.float32)


def _pooled(values: Floats, known: Mask, window: int) -> Floats:
    share = _centred_mean(known.astype(np.float64), window)
    total = _centred_mean(values.astype(np.float64), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(share > 0.2, total / share, np.nan)


def _centred_mean(series: Floats, window: int) -> Floats:
    """Means over a centred window of `[T, O]` along time; zeros beyond the ends."""
    before = window // 2
    padded = np.pad(series, ((before + 1, window - 1 - before), (0, 0)))
    total = np.cumsum(padded, axis=0)
    return np.asarray((total[window:] - total[:-window]) / window)


@dataclass
class Statistics:
    """Mean and variance per column, gathered clip by clip and mergeable (Chan et al. 1983), in float64."""

    count: dict[str, Floats] = field(default_factory=dict)
    mean: dict[str, Floats] = field(default_factory=dict)
    spread: dict[str, Floats] = field(default_factory=dict)  # sum of squared distances from the mean

    def add(self, rows: Mapping[str, Floats]) -> None:
        """Take in one clip; NaN counts as absent."""
        for name, values in rows.items():
            known = np.isfinite(values)
            count = known.sum(0).astype(np.float64)
            safe = np.maximum(count, 1)
            mean = np.where(known, values, 0).sum(0, dtype=np.float64) / safe
            spread = np.where(known, (values - mean) ** 2, 0).sum(0, dtype=np.float64)
            self._merge(name, count, mean, spread)

    def merge(self, other: Statistics) -> None:
        """Take in what another process gathered."""
        for name in other.count:
            self._merge(name, other.count[name], other.mean[name], other.spread[name])

    def scale(self, name: str) -> tuple[Floats, Floats]:
        """Mean and standard deviation of a feature's columns; a constant column gets 1, so that it stays at zero."""
        deviation = np.sqrt(self.spread[name] / np.maximum(self.count[name], 1))
        return self.mean[name], np.where(deviation > 1e-6, deviation, 1.0)

    def to_json(self) -> dict[str, dict[str, list[float]]]:
        """By feature: `mean` and `std`, which networks are fed with, and `count` and `spread`, to merge with others."""
        return {
            name: {
                "mean": self.mean[name].tolist(),
                "std": self.scale(name)[1].tolist(),
                "count": self.count[name].tolist(),
                "spread": self.spread[name].tolist(),
            }
            for name in self.mean
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Mapping[str, Sequence[float]]]) -> Statistics | None:
        """What `to_json` wrote; None where it cannot be merged with others."""
        if not all({"mean", "count", "spread"} <= columns.keys() for columns in written.values()):
            return None
        made = cls()
        for name, columns in written.items():
            made._merge(name, *(np.array(columns[key], np.float64) for key in ("count", "mean", "spread")))
        return made

    def to_bytes(self) -> bytes:
        """Exactly these numbers: a line of JSON with the features' widths, then their float64, as `read` wants them."""
        head = json.dumps({name: len(mean) for name, mean in self.mean.items()}).encode() + b"\n"
        rows = [columns[name] for name in self.mean for columns in (self.count, self.mean, self.spread)]
        return head + b"".join(row.astype("<f8").tobytes() for row in rows)

    @classmethod
    def read(cls, stream: BinaryIO) -> Statistics:
        """What `to_bytes` wrote, from where the stream stands; nothing at all reads as no statistics."""
        made = cls()
        for name, size in json.loads(stream.readline() or b"{}").items():
            rows = np.frombuffer(stream.read(24 * size), "<f8").reshape(3, size)
            made._merge(name, *rows.copy())
        return made

    def _merge(self, name: str, count: Floats, mean: Floats, spread: Floats) -> None:
        if name not in self.count:
            self.count[name], self.mean[name], self.spread[name] = count, mean, spread
            return
        total = self.count[name] + count
        apart = mean - self.mean[name]
        share = count / np.maximum(total, 1)
        self.spread[name] = self.spread[name] + spread + apart**2 * self.count[name] * share
        self.mean[name] = self.mean[name] + apart * share
        self.count[name] = total


def normalise(rows: Floats, mean: Floats, deviation: Floats) -> tuple[Floats, Mask]:
    """`[T, D]` float32, finite, and `[T]` bool: something was measured. An absent value becomes the mean, zero."""
    scaled = np.clip((rows - mean) / deviation, -LIMIT, LIMIT)
    return np.nan_to_num(scaled, nan=0.0).astype(np.float32), np.asarray(np.isfinite(rows).any(1))
