"""An index becomes a checkpoint: the multi-task network, trained, calibrated and measured."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.config import DIMENSIONS, TrainConfig
from tfq.errors import InputError
from tfq.features import MEASUREMENTS
from tfq.fusion import calibrate, evaluate
from tfq.fusion.batches import Example
from tfq.fusion.rows import normalise
from tfq.fusion.train import fit, judge
from tfq.models import checkpoint
from tfq.nets.fusion import FusionSpec
from tfq.stages import inputs
from tfq.stages.index import load
from tfq.store import TfqFile
from tfq.types import Floats

Tell = Callable[[str], None]
Scale = Mapping[str, tuple[Floats, Floats]]

_STREAMS: dict[tuple[str, ...], str] = {("face",): "picture", ("sound",): "sound"}

# Sound and picture of these copies do not belong to the same moment: no positives for the contrastive loss.
APART = ("lip_sync", "consistency")


def train(index: Path, out: Path, config: TrainConfig, name: str = "", tell: Tell = lambda _: None) -> dict[str, Any]:
    """Train on an index, write the checkpoint and a log `OUT.csv`, and return the figures on the test part.

    Raises:
        InputError: a part of the index is empty, or no clip in it carries a label.
    """
    header, rows = load(index)
    scale = {name: (np.array(s["mean"]), np.array(s["std"])) for name, s in header["statistics"].items()}
    parts = {
        part: [_example(index.parent, row, scale) for row in rows if row["split"] == part]
        for part in ("train", "validation", "test")
    }
    for part, examples in parts.items():
        labelled = sum(bool(np.isfinite(example.labels).any()) for example in examples)
        tell(f"{part}: {len(examples)} clips, {labelled} with labels, {len({e.speaker for e in examples})} speakers")
        if labelled == 0:
            raise InputError(f"{index}: the {part} part holds no clip with a label; index more clips or give --table")
    spec = _spec(scale, config)
    network = fit(parts["train"], parts["validation"], spec, config, _log(out.with_suffix(".csv"), tell))

    def scores(examples: Sequence[Example]) -> Floats:
        return np.stack([judge(network, e.rows, e.present, len(DIMENSIONS)).clip for e in examples])

    held_out = np.stack([example.labels for example in parts["validation"]])
    widths = calibrate.half_widths(scores(parts["validation"]), held_out)
    predicted = scores(parts["test"])
    truth = np.stack([example.labels for example in parts["test"]])
    figures = evaluate.table(parts["test"], predicted, DIMENSIONS)
    for i, dimension in enumerate(DIMENSIONS):
        known = ~np.isnan(truth[:, i])
        figures[dimension]["coverage"] = float(np.mean(np.abs(predicted[known, i] - truth[known, i]) <= widths[i]))
    checkpoint.save(out, checkpoint.Checkpoint(name or out.stem, network, scale, widths, figures))
    return figures


def _spec(scale: Scale, config: TrainConfig) -> FusionSpec:
    streams: dict[str, dict[str, int]] = {"picture": {}, "sound": {}, "cross": {}}
    for name, (mean, _) in scale.items():
        needs = MEASUREMENTS[name].needs if name in MEASUREMENTS else ()
        streams[_STREAMS.get(needs, "cross")][name] = len(mean)
    return FusionSpec(
        **streams,
        dimensions=DIMENSIONS,
        fusion=config.fusion,
        pooling=config.pooling,
        views=config.views,
        width=config.width,
        layers=config.layers,
        heads=config.heads,
        dropout=config.dropout,
    )


def _example(root: Path, row: Mapping[str, Any], scale: Scale) -> Example:
    with TfqFile(root / row["file"], read_only=True) as file:
        raw = inputs.read(file, tuple(scale))
        frames = file.shape("extract/time_s")[0]
    ready = {
        n: normalise(raw.get(n, np.full((frames, len(mean)), np.nan)), mean, std) for n, (mean, std) in scale.items()
    }
    given = row.get("labels", {})
    labels = np.array([given.get(dimension, np.nan) for dimension in DIMENSIONS], dtype=np.float32)
    touched = set(given) if row.get("degraded", {}).get("severity", 0) >= 3 else set()
    clean = all(given.get(dimension, 5.0) >= 4 for dimension in APART) or not touched
    return Example(
        name=row["sha256"],
        source=row["family"],
        speaker=row.get("speaker") or row.get("group") or row["family"],
        rows={n: values for n, (values, _) in ready.items()},
        present={n: present for n, (_, present) in ready.items()},
        labels=labels,
        over_time=over_time(row, labels, frames),
        together=clean,
    )


def over_time(row: Mapping[str, Any], labels: Floats, frames: int) -> Floats:
    """Labels of each frame `[T, M]`: the clip's own, save where the sidecar says what a piece is worth.

    A piece is `{"start_s", "end_s", "labels": {dimension: MOS}}`; outside all pieces a degraded clip is worth what
    `"outside"` says.
    """
    pieces = row.get("over_time") or []
    grid = np.repeat(labels[None], frames, 0).astype(np.float32)
    for piece in pieces:
        span = slice(timebase.frame_at(piece["start_s"]), timebase.frame_at(piece["end_s"]))
        for i, dimension in enumerate(DIMENSIONS):
            if dimension in piece["labels"]:
                grid[span, i] = piece["labels"][dimension]
    return grid


def _log(path: Path, tell: Tell) -> Callable[[int, float, float], None]:
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerow(["epoch", "train_loss", "validation_loss"])

    def write(epoch: int, trained: float, held_out: float) -> None:
        with path.open("a", newline="", encoding="utf-8") as lines:
            csv.writer(lines).writerow([epoch, f"{trained:.6f}", f"{held_out:.6f}"])
        tell(f"epoch {epoch}: loss {trained:.4f}, on validation {held_out:.4f}")

    return write
