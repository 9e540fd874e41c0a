"""Which features, and which moments, moved the scores of a clip: occlusion (Zeiler and Fergus 2014) over both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.fusion.judge import Judgement, judge
from tfq.nets.fusion_arrays import FusionArrays
from tfq.types import Floats, Mask

PIECE_S = 1.0
MOST_PIECES = 24  # each costs a judgement of the whole clip; longer clips get longer pieces


@dataclass(frozen=True)
class Explanation:
    """What was lost when something was withheld, in points: above zero it had raised the score, below it had lowered it.

    Attributes:
        groups: names of the features that were withheld, G of them.
        by_group: `[G, M]` points of the clip's scores.
        over_time: `[G, T, M]` points of each frame's scores.
        pieces: `[P, 2]` frames, first and one past the last; together they are the clip.
        by_piece: `[P, M]` points of the clip's scores.
    """

    groups: tuple[str, ...]
    by_group: Floats
    over_time: Floats
    pieces: Floats
    by_piece: Floats


def explain(
    network: FusionArrays, rows: Mapping[str, Floats], present: Mapping[str, Mask], whole: Judgement
) -> Explanation:
    """Withhold each feature from the whole clip, and all features from each piece of it.

    A feature that is withheld is marked absent, as one that a file lacks is. Training withholds features at random, so
    the network knows clips without them. Two features that say the same thing stand in for each other: then neither
    moves much alone.

    Args:
        network: the trained network.
        rows: its inputs, `[T, D]` each, normalised.
        present: `[T]` each.
        whole: what it says of the clip with everything there.
    """
    frames = len(whole.over_time)
    known = tuple(name for name in rows if present[name].any())
    pieces = _pieces(frames)
    without = [judge(network, *_withheld(rows, present, (name,), slice(None))) for name in known]
    outside = [judge(network, *_withheld(rows, present, known, slice(*piece))) for piece in pieces]
    shape = whole.clip.shape
    return Explanation(
        known,
        np.array([whole.clip - other.clip for other in without]).reshape(-1, *shape),
        np.array([whole.over_time - other.over_time for other in without], np.float32).reshape(-1, frames, *shape),
        pieces,
        np.array([whole.clip - other.clip for other in outside]).reshape(-1, *shape),
    )


def _pieces(frames: int) -> Floats:
    """Spans of equal length, a second or more each, but never more of them than `MOST_PIECES`."""
    count = max(1, min(MOST_PIECES, math.ceil(timebase.seconds_of(frames) / PIECE_S)))
    edges = np.round(np.linspace(0, frames, count + 1)).astype(int)
    return np.stack([edges[:-1], edges[1:]], 1)


def _withheld(
    rows: Mapping[str, Floats], present: Mapping[str, Mask], names: tuple[str, ...], span: slice
) -> tuple[dict[str, Floats], dict[str, Mask]]:
    less_rows, less_present = dict(rows), dict(present)
    for name in names:
        less_rows[name], less_present[name] = rows[name].copy(), present[name].copy()
        less_rows[name][span], less_present[name][span] = 0.0, False
    return less_rows, less_present
