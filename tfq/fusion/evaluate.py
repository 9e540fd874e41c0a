"""What a model is worth on clips it never saw: agreement with labels, and original against degraded copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfq.fusion import agreement
from tfq.fusion.batches import Example
from tfq.types import Floats

STRONG = 1.0  # a copy labelled this many points under its original is strongly degraded in that dimension


def table(examples: Sequence[Example], predicted: Floats, dimensions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Figures per dimension, each with its 95 % interval over speakers.

    Args:
        examples: `N` held-out clips.
        predicted: `[N, M]` scores.
        dimensions: names of the `M` columns.
    """
    labels = np.stack([example.labels for example in examples]).astype(float)
    speakers = np.array([example.speaker for example in examples])
    figures = {}
    for i, name in enumerate(dimensions):
        known = ~np.isnan(labels[:, i])
        mine, truth, who = predicted[known, i], labels[known, i], speakers[known]
        won, whose = _pairs(examples, predicted, labels, i)
        figures[name] = {
            "clips": int(known.sum()),
            "srcc": _measured(agreement.srcc, mine, truth, who),
            "plcc": _measured(agreement.plcc, mine, truth, who),
            "rmse": _measured(agreement.rmse, mine, truth, who),
            "pairs": len(won),
            "pair_accuracy": _measured(lambda a, _: float(np.mean(a)) if len(a) else float("nan"), won, won, whose),
        }
    return figures


def _pairs(examples: Sequence[Example], predicted: Floats, labels: Floats, column: int) -> tuple[Floats, Floats]:
    """1.0 where an original is above its strongly degraded copy, 0.5 for ties, and the speaker of each pair."""
    originals = {example.source: i for i, example in enumerate(examples) if example.name == example.source}
    won, whose = [], []
    for i, example in enumerate(examples):
        original = originals.get(example.source)
        if original is None or original == i or not labels[original, column] - labels[i, column] >= STRONG:
            continue
        apart = predicted[original, column] - predicted[i, column]
        won.append(0.5 + 0.5 * np.sign(apart))
        whose.append(example.speaker)
    return np.array(won), np.array(whose)


def _measured(measure: Any, predicted: Floats, labels: Floats, groups: Floats) -> list[float]:
    if not len(labels):
        return [float("nan")] * 3
    return [float(measure(predicted, labels)), *agreement.bootstrap(measure, predicted, labels, groups)]
