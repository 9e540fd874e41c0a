"""Scoring a clip of any length with a trained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from tfq.fusion.batches import Example, collate
from tfq.nets.fusion import Fusion
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


def judge(network: Fusion, rows: Mapping[str, Floats], present: Mapping[str, Mask], dimensions: int) -> Judgement:
    """Score one clip of any length: pieces of `LONGEST` frames every `STEP`, weighed by the frames each alone covers."""
    length = len(next(iter(rows.values())))
    clip, spread, weight = np.zeros(dimensions), np.zeros(dimensions), 0.0
    over_time, seen = np.zeros((length, dimensions)), np.zeros((length, 1))
    network.eval()
    for start in range(0, max(1, length - (LONGEST - STEP)), STEP):
        piece = slice(start, min(length, start + LONGEST))
        blank = np.full((piece.stop - piece.start, dimensions), np.nan)
        cut = {n: r[piece] for n, r in rows.items()}
        example = Example("", "", "", cut, {n: p[piece] for n, p in present.items()}, blank[0], blank, True)
        batch = collate([example])
        with torch.inference_mode():
            out = network(batch.features, batch.present, batch.inside)
        share = piece.stop - piece.start
        clip, weight = clip + out["clip"][0].double().numpy() * share, weight + share
        spread += out.get("spread", torch.ones(1, dimensions))[0].double().numpy() * share
        over_time[piece] += out["time"][0].double().numpy()
        seen[piece] += 1
    return Judgement(clip / weight, over_time / seen, spread / weight)
