"""Scoring a clip of any length with a trained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfq.nets.fusion_arrays import FusionArrays
from tfq.types import Floats, Mask

LONGEST = 300  # frames the network sees at once; longer clips are scored in overlapping pieces
STEP = 250


@dataclass(frozen=True)
class Judgement:
    """Scores of one clip: `clip` `[M]`, `over_time` `[T, M]`, in [1, 5].

    `spread` `[M]` is the error that the network expects of itself, in points; ones where it was not trained to tell.
    """

    clip: Floats
    over_time: Floats
    spread: Floats


def judge(network: FusionArrays, rows: Mapping[str, Floats], present: Mapping[str, Mask]) -> Judgement:
    """Score one clip of any length: pieces of `LONGEST` frames every `STEP`, weighed by the frames each alone covers."""
    length, dimensions = len(next(iter(rows.values()))), len(network.spec.dimensions)
    clip, spread, weight = np.zeros(dimensions), np.zeros(dimensions), 0.0
    over_time, seen = np.zeros((length, dimensions)), np.zeros((length, 1))
    for start in range(0, max(1, length - (LONGEST - STEP)), STEP):
        piece = slice(start, min(length, start + LONGEST))
        out = network({n: r[piece] for n, r in rows.items()}, {n: p[piece] for n, p in present.items()})
        share = piece.stop - piece.start
        clip, weight = clip + out.clip.astype(np.float64) * share, weight + share
        spread += out.spread.astype(np.float64) * share
        over_time[piece] += out.time
        seen[piece] += 1
    return Judgement(clip / weight, over_time / seen, spread / weight)
