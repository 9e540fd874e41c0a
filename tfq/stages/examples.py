"""Rows of an index become examples for the multi-task network.

Beside labels, a row may say:

- `"doubt": {"overall": 0.3}`: the standard error of a label, in points, where raters disagreed. The label then counts less.
- `"rank": [{"group": "s1", "values": {"overall": 2}}]`: the clip's place in a group of clips of different content. Values
  are of any scale, higher is better, and only their order inside the group is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.config import TrainConfig
from tfq.errors import UsageError
from tfq.features import MEASUREMENTS
from tfq.fusion.batches import Example
from tfq.fusion.rows import normalise
from tfq.nets.spec import FusionSpec
from tfq.stages import inputs
from tfq.store import TfqFile
from tfq.types import Floats

Scale = Mapping[str, tuple[Floats, Floats]]

STREAMS = ("picture", "sound", "cross")
TEACHERS = ("dnsmos",)
_STREAM_OF: Mapping[tuple[str, ...], str] = {
    ("face",): "picture",
    ("picture",): "picture",
    ("sound",): "sound",
}

# Sound and picture of these copies do not belong to the same moment: no positives for the contrastive loss.
APART = ("lip_sync", "consistency")


def scales(header: Mapping[str, Any], modalities: tuple[str, ...]) -> Scale:
    """Mean and deviation of each feature that takes part, by name.

    Raises:
        UsageError: one of `modalities` is neither a stream nor a feature of the index.
    """
    known = {name: (np.array(s["mean"]), np.array(s["std"])) for name, s in header["statistics"].items()}
    for name in modalities:
        if name not in known and name not in STREAMS:
            raise UsageError(f"--modalities {name}: choose from {', '.join((*STREAMS, *sorted(known)))}")
    return {n: s for n, s in known.items() if not modalities or n in modalities or _stream(n) in modalities}


def spec_of(scale: Scale, config: TrainConfig) -> FusionSpec:
    """The network for these features.

    Raises:
        UsageError: the heads do not share the width evenly.
    """
    if config.width % (2 * config.heads):
        raise UsageError(f"--width {config.width}: must be a multiple of twice --heads {config.heads}")
    streams: dict[str, dict[str, int]] = {stream: {} for stream in STREAMS}
    for name, (mean, _) in scale.items():
        streams[_stream(name)][name] = len(mean)
    return FusionSpec(
        picture=streams["picture"],
        sound=streams["sound"],
        cross=streams["cross"],
        dimensions=config.tasks,
        fusion=config.fusion,
        pooling=config.pooling,
        views=config.views,
        positions=config.positions,
        summary=config.summary,
        overall=config.overall,
        spread=config.spread,
        teachers=tuple(name for name in TEACHERS if name in scale) if config.loss.get("teacher") else (),
        width=config.width,
        layers=config.layers,
        heads=config.heads,
        dropout=config.dropout,
    )


def example(
    root: Path,
    row: Mapping[str, Any],
    scale: Scale,
    tasks: tuple[str, ...],
    through: Callable[[inputs.Readable], inputs.Readable] = lambda file: file,
) -> Example:
    """One row, with its file's features normalised; `through` may change what is read."""
    with TfqFile(root / row["file"], read_only=True) as file:
        raw = inputs.read(through(file), tuple(scale))
        frames = file.shape("extract/time_s")[0]
    ready = {
        n: normalise(raw.get(n, np.full((frames, len(mean)), np.nan)), mean, std) for n, (mean, std) in scale.items()
    }
    given = row.get("labels", {})
    labels = _values(given, tasks)
    strong = row.get("degraded", {}).get("severity", 0) >= 3
    return Example(
        name=row["sha256"],
        source=row["family"],
        speaker=speaker(row),
        rows={n: values for n, (values, _) in ready.items()},
        present={n: present for n, (_, present) in ready.items()},
        labels=labels,
        over_time=over_time(row, labels, frames, tasks),
        together=not strong or all(given.get(dimension, 5.0) >= 4 for dimension in APART),
        doubt=_values(row.get("doubt", {}), tasks),
        ranks={entry["group"]: _values(entry["values"], tasks) for entry in row.get("rank", ())} or None,
    )


def speaker(row: Mapping[str, Any]) -> str:
    """Who is counted as one person."""
    return str(row.get("speaker") or row.get("group") or row["family"])


def over_time(row: Mapping[str, Any], labels: Floats, frames: int, tasks: tuple[str, ...]) -> Floats:
    """Labels of each frame `[T, M]`: the clip's own, save where the sidecar says what a piece is worth.

    A piece is `{"start_s", "end_s", "labels": {dimension: MOS}}`; outside all pieces a degraded clip is worth what
    `"outside"` says.
    """
    grid = np.repeat(labels[None], frames, 0).astype(np.float32)
    for piece in row.get("over_time") or []:
        span = slice(timebase.frame_at(piece["start_s"]), timebase.frame_at(piece["end_s"]))
        for i, dimension in enumerate(tasks):
            if dimension in piece["labels"]:
                grid[span, i] = piece["labels"][dimension]
    return grid


def _values(given: Mapping[str, float | None], tasks: tuple[str, ...]) -> Floats:
    return np.array([np.nan if (value := given.get(task)) is None else value for task in tasks], dtype=np.float32)


def _stream(name: str) -> str:
    needs = MEASUREMENTS[name].needs if name in MEASUREMENTS else ()
    return _STREAM_OF.get(needs, "cross")
