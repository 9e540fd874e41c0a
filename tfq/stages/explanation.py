"""What moved the scores: kept in the file, and as the JSON of a result shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tfq import timebase
from tfq.config import DIMENSIONS
from tfq.fusion.explain import Explanation
from tfq.store import TfqFile
from tfq.store.file import GroupWriter
from tfq.types import Floats

GROUP = "score/explained"
MOST, LEAST = 3, 0.05  # groups told of a weak segment, and the points from which one is worth telling


def put(group: GroupWriter, moved: Explanation, judged: Sequence[str], unjudged: Collection[str]) -> None:
    """Write it into `score`; `judged` are the checkpoint's dimensions, `unjudged` those that have no score."""
    group.put("explained/by_group", _spread(moved.by_group, judged, unjudged))
    group.put("explained/pieces_s", timebase.seconds_of(1) * moved.pieces)
    group.put("explained/by_piece", _spread(moved.by_piece, judged, unjudged))
    group.describe("explained", {"groups": list(moved.groups)})


def read(file: TfqFile) -> dict[str, Any] | None:
    """By dimension the points of each group, the strongest first, and of each piece in order of time; None: not kept."""
    if not file.has(GROUP):
        return None
    names, spans = file.info(GROUP)["groups"], file.array(f"{GROUP}/pieces_s")
    by_group, by_piece = file.array(f"{GROUP}/by_group"), file.array(f"{GROUP}/by_piece")
    found: dict[str, Any] = {}
    for i, dimension in enumerate(DIMENSIONS):
        if not len(names) or np.isnan(by_group[0, i]):
            continue
        points = {name: round(float(value), 4) for name, value in zip(names, by_group[:, i], strict=True)}
        found[dimension] = {
            "groups": dict(sorted(points.items(), key=lambda item: -abs(item[1]))),
            "pieces": [
                {"start_s": round(float(start), 3), "end_s": round(float(end), 3), "points": round(float(value), 4)}
                for (start, end), value in zip(spans, by_piece[:, i], strict=True)
            ],
        }
    return {"method": "occlusion", "dimensions": found}


def of_segments(weak: Sequence[Mapping[str, Any]], moved: Explanation, judged: Sequence[str]) -> list[dict[str, Any]]:
    """Weak segments, each with the groups that lowered its frames most, in points."""
    told = []
    for segment in weak:
        span = slice(timebase.frame_at(segment["start_s"]), timebase.frame_at(segment["end_s"]))
        points = moved.over_time[:, span, judged.index(segment["dimension"])].mean(1)
        lowest = np.argsort(points)[:MOST]
        lowered = {moved.groups[i]: round(float(points[i]), 4) for i in lowest if points[i] <= -LEAST}
        told.append({**segment, "lowered_by": lowered})
    return told


def _spread(points: Floats, judged: Sequence[str], unjudged: Collection[str]) -> Floats:
    """From the checkpoint's dimensions to all; NaN where there is no score."""
    out = np.full((len(points), len(DIMENSIONS)), np.nan)
    out[:, [DIMENSIONS.index(name) for name in judged]] = points
    out[:, [i for i, name in enumerate(DIMENSIONS) if name in unjudged]] = np.nan
    return out
