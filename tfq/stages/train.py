"""An index becomes a checkpoint: the multi-task network, trained, calibrated and measured."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfq import disk
from tfq.config import ScoreConfig, TrainConfig
from tfq.diagnosis import segments
from tfq.errors import InputError
from tfq.fusion import additive, calibrate, evaluation, localisation, memory
from tfq.fusion.batches import Clips, Example, Held
from tfq.fusion.judge import LONGEST, Judgement, judge
from tfq.fusion.split import PARTS, folds
from tfq.fusion.train import Epoch, Watch, fit
from tfq.models import checkpoint, training
from tfq.nets.fusion import Fusion
from tfq.nets.fusion_arrays import FusionArrays
from tfq.stages.clips import Stored
from tfq.stages.examples import example, scales, speaker, spec_of
from tfq.stages.index_file import Row, load
from tfq.stages.index_split import keys
from tfq.stages.training_log import TrainingLog
from tfq.types import Floats, Mask

Tell = Callable[[str], None]
Step = Callable[[int, int, int], None]
Figures = dict[str, dict[str, Any]]

GB = 1e9
SPOTLESS = 4.5  # labels over this are those of recordings that nothing was done to


def train(
    index: Path,
    out: Path,
    config: TrainConfig,
    name: str = "",
    tell: Tell = lambda _: None,
    step: Step = lambda *_: None,
    *,
    fresh: bool = False,
) -> Figures:
    """Train on an index, write the checkpoint and a log beside it, and return the figures on the test part.

    A training that was killed goes on after its last whole pass, unless `fresh`. Several processes, as `torchrun`
    and `accelerate launch` start them, share the work; the first of them writes.

    Args:
        index: what `tfq index` wrote.
        out: the checkpoint.
        config: the network and how it is trained.
        name: of the model, in results.
        tell: told in words how it goes.
        step: told the pass, the batch, and how many batches it has.
        fresh: start anew.

    Raises:
        InputError: a part of the index is empty, or no clip in it carries a label.
    """
    header, rows = load(index)
    scale = scales(header, config.modalities)
    parts = {part: [row for row in rows if row["split"] == part] for part in PARTS}
    for part, held in parts.items():
        _check(index, part, held, config.tasks, tell)
    validation, test = (
        [example(index.parent, row, scale, config.tasks) for row in parts[part]] for part in ("validation", "test")
    )
    clips: Clips = Stored(index.parent, parts["train"], scale, config.tasks)
    if not config.workers and not config.shifted:
        clips = Held([example(index.parent, row, scale, config.tasks) for row in parts["train"]])
    spec = spec_of(scale, config)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    sharing = f", in each of {processes} processes" if processes > 1 else ""
    tell(f"needs about {memory.needed(spec, config.batch, LONGEST) / GB:.1f} GB beside the clips{sharing}")
    resume = out.with_suffix(".resume.pt")
    identity = _identity(index, config)
    kept = None if fresh else training.load(resume, identity)
    if kept is not None:
        tell(f"goes on after epoch {len(kept['history']) - 1} of {resume}")
    log = TrainingLog(out, config) if main_process() else None
    watch = Watch(_teller(log, tell), step, lambda state: training.save(resume, identity, state))
    network = fit(clips, Held(validation), spec, config, watch, kept)
    if log is None:
        return {}
    log.close()
    plain = located(finished(network, clips, validation, config), validation)
    figures, widths = measure(plain, validation, test, config.tasks)
    checkpoint.save(out, checkpoint.Checkpoint(name or out.stem, plain, scale, widths, figures))
    resume.unlink(missing_ok=True)
    if bare := [name for name, width in zip(config.tasks, widths, strict=True) if np.isnan(width)]:
        tell(
            f"no interval for {', '.join(bare)}: under {calibrate.LEAST_CLIPS} clips to calibrate on have a label of it"
        )
    tell(f"peak memory {peak() / GB:.1f} GB")
    return figures


def cross_validate(
    index: Path, out: Path, config: TrainConfig, count: int, tell: Tell = lambda _: None, step: Step = lambda *_: None
) -> Figures:
    """Train `count` networks, each measured on a fold of people it has not seen, and write the figures as JSON.

    All clips but those of the test part take part, which stays unseen. Each fold serves the next as validation.

    Raises:
        InputError: a fold has no clip with a label.
    """
    header, rows = load(index)
    rows = [row for row in rows if row["split"] in ("train", "validation")]
    scale = scales(header, config.modalities)
    clips = [example(index.parent, row, scale, config.tasks) for row in rows]
    place = folds([keys(row) for row in rows], count, config.seed)
    for i in range(count):
        held = [row for row, fold in zip(rows, place, strict=True) if fold == i]
        _check(index, f"fold {i}", held, config.tasks, tell)
    groups = [[clip for clip, fold in zip(clips, place, strict=True) if fold == i] for i in range(count)]
    judged: list[Judgement] = []
    half: list[Floats] = []
    for i, group in enumerate(groups):
        held_out = groups[(i + 1) % count]
        rest = [clip for j, other in enumerate(groups) if j not in (i, (i + 1) % count) for clip in other]
        network = fit(
            Held(rest), Held(held_out), spec_of(scale, config), config, Watch(_teller(None, tell, f"fold {i}, "), step)
        )
        plain = finished(network, Held(rest), held_out, config)
        judged += judge_all(plain, group)
        half.append(np.tile(calibrated(plain, held_out), (len(group), 1)))
    clips = [clip for group in groups for clip in group]
    widths = np.concatenate(half)
    figures = table(clips, judged, widths, config.tasks)
    if main_process():
        text = json.dumps({"folds": count, "config": asdict(config), "figures": figures}, indent=1)
        with disk.written(out) as sibling:
            sibling.write_text(text + "\n", encoding="utf-8")
    tell(f"peak memory {peak() / GB:.1f} GB")
    return figures


def finished(network: Fusion, clips: Clips, validation: Sequence[Example], config: TrainConfig) -> FusionArrays:
    """The network for inference, with the additive model where it is asked for."""
    plain = network.plain()
    return additive.shared(additive.fit(plain, clips, config.seed), validation) if config.additive else plain


def measure(
    network: FusionArrays, validation: Sequence[Example], test: Sequence[Example], tasks: tuple[str, ...]
) -> tuple[Figures, Floats]:
    """Figures on `test`, and half the widths of the intervals, calibrated on `validation`."""
    widths = calibrated(network, validation)
    return table(test, judge_all(network, test), widths, tasks), widths


def table(examples: Sequence[Example], judged: Sequence[Judgement], widths: Floats, tasks: tuple[str, ...]) -> Figures:
    """Figures by dimension, see `tfq.fusion.evaluation`.

    Args:
        examples: `N` clips.
        judged: what the network says of each.
        widths: `[M]` or `[N, M]`, half the widths of the intervals in units of the spread that the network tells.
        tasks: names of the `M` dimensions.
    """
    spread, scores = (np.stack(rows) for rows in zip(*((j.spread, j.clip) for j in judged), strict=True))
    labels = np.stack([example.labels for example in examples]).astype(float)
    _, speakers = np.unique([example.speaker for example in examples], return_inverse=True)
    place = {example.name: i for i, example in enumerate(examples)}
    originals = [-1 if e.source == e.name else place.get(e.source, -1) for e in examples]
    beside = evaluation.Judged(
        calibrate.interval(scores, widths * spread),
        labels,
        np.full_like(labels, np.nan),
        speakers,
        np.array(originals),
    )
    return {task: evaluation.figures(beside, i) for i, task in enumerate(tasks)}


def calibrated(network: FusionArrays, examples: Sequence[Example]) -> Floats:
    """Half the widths of the intervals, in units of the spread that the network tells.

    Clips that nothing was done to are left out where there are enough others: their label is a convention that a network
    soon knows by heart, and the more of them take part, the narrower the intervals of all others become.
    """
    judged = judge_all(network, examples)
    labels = np.stack([example.labels for example in examples])
    predicted, spread = (np.stack(rows) for rows in zip(*((j.clip, j.spread) for j in judged), strict=True))
    touched = ~(labels > SPOTLESS).all(1) & np.isfinite(labels).any(1)
    chosen = touched if touched.sum() >= calibrate.LEAST_CLIPS else np.ones(len(labels), bool)
    return calibrate.half_widths(predicted[chosen], labels[chosen], spread[chosen])


def located(network: FusionArrays, examples: Sequence[Example]) -> FusionArrays:
    """The network with its scores over time moved to where weak segments overlap best with what is weak."""
    judged = [judge(network, e.rows, e.present).over_time for e in examples]
    clean = [bool((e.labels > SPOTLESS).all()) for e in examples]
    below, shortest = ScoreConfig().weak_below, ScoreConfig().min_weak_s

    def find(time: Floats) -> Mask:
        found = np.zeros(len(time), bool)
        for piece in segments.find(time, np.ones(len(time), bool), "", below, shortest):
            found[piece.start : piece.stop] = True
        return found

    moments = [
        localisation.weak_from(
            [time[:, i] for time in judged], [e.over_time[:, i] < below for e in examples], clean, find
        )
        if name != "overall"
        else 0.0  # no segments are told of it
        for i, name in enumerate(network.spec.dimensions)
    ]
    return FusionArrays(replace(network.spec, moments=tuple(moments)), network.arrays)


def judge_all(network: FusionArrays, examples: Sequence[Example]) -> list[Judgement]:
    return [judge(network, e.rows, e.present) for e in examples]


def main_process() -> bool:
    """Whether this process is the one that writes; launchers number them in the environment."""
    return os.environ.get("RANK", "0") == "0"


def peak() -> int:
    """The most memory that this process held, in bytes; on a GPU, the GPU's."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _check(index: Path, part: str, rows: Sequence[Row], tasks: tuple[str, ...], tell: Tell) -> None:
    labelled = sum(any(name in tasks for name in row.get("labels") or {}) for row in rows)
    ranked = sum(bool(row.get("rank")) for row in rows)
    told = f"{len(rows)} clips, {labelled} with labels, {len({speaker(row) for row in rows})} speakers"
    tell(f"{part}: {told}{f', {ranked} ranked' if ranked else ''}")
    if labelled == 0:
        raise InputError(f"{index}: the {part} part holds no clip with a label; index more clips or give --table")


def _teller(log: TrainingLog | None, tell: Tell, prefix: str = "") -> Callable[[Epoch], None]:
    def told(epoch: Epoch) -> None:
        if log is not None:
            log.epoch(epoch)
        tell(f"{prefix}epoch {epoch.number}: loss {epoch.trained:.4f}, on validation {epoch.held_out:.4f}")

    return told


def _identity(index: Path, config: TrainConfig) -> str:
    """A training goes on only with the same index and the same configuration."""
    settings = json.dumps(asdict(config), sort_keys=True)
    return hashlib.sha256(index.read_bytes() + settings.encode()).hexdigest()
