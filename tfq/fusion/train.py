"""Training the multi-task network on examples in memory, and scoring with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from tfq.config import TrainConfig
from tfq.fusion import losses
from tfq.fusion.batches import Batch, Example, batches, collate
from tfq.nets.fusion import Fusion, FusionSpec
from tfq.types import Floats, Mask

LONGEST = 300  # frames the network sees at once; longer clips are scored in overlapping pieces
STEP = 250
DROPPED = 0.12  # share of the batches in which a feature is withheld from training

Report = Callable[[int, float, float], None]


@dataclass(frozen=True)
class Judgement:
    """Scores of one clip: `clip` `[M]`, `over_time` `[T, M]`, in [1, 5]."""

    clip: Floats
    over_time: Floats


def fit(
    examples: Sequence[Example],
    validation: Sequence[Example],
    spec: FusionSpec,
    config: TrainConfig,
    report: Report = lambda *_: None,
) -> Fusion:
    """Train a network and return the moving average of its weights, as it was after its best epoch.

    Args:
        examples: clips to learn from.
        validation: clips of other speakers; the epoch with the least loss on them is kept.
        spec: the network.
        config: how to train it.
        report: told epoch, training loss and validation loss.
    """
    torch.manual_seed(config.seed)
    generator = np.random.default_rng(config.seed)
    network = Fusion(spec)
    average = AveragedModel(network, avg_fn=partial(_moving, config.average))
    steady = cast("Fusion", average.module)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = max(1, config.epochs * (len(examples) // (config.batch * config.accumulate) + 1))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=steps + 1, pct_start=0.1
    )
    best, best_state, waited = float("inf"), copy.deepcopy(steady.state_dict()), 0
    for epoch in range(config.epochs):
        trained = _epoch(network, average, examples, optimiser, schedule, config, generator)
        held_out = evaluate(steady, validation, config)
        report(epoch, trained, held_out)
        waited += 1
        if held_out < best:
            best, best_state, waited = held_out, copy.deepcopy(steady.state_dict()), 0
        if waited >= config.patience:
            break
    network.load_state_dict(best_state)
    return network.eval()


def evaluate(network: Fusion, examples: Sequence[Example], config: TrainConfig) -> float:
    """Mean loss over examples, without the contrastive term; each batch holds whole families."""
    network.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for batch in batches(examples, config.batch, LONGEST, np.random.default_rng(0)):
            plain = _loss(network, batch, config, contrastive=False)
            total, count = total + float(plain) * len(batch.labels), count + len(batch.labels)
    return total / max(1, count)


def judge(network: Fusion, rows: Mapping[str, Floats], present: Mapping[str, Mask], dimensions: int) -> Judgement:
    """Score one clip of any length: pieces of `LONGEST` frames every `STEP`, weighed by the frames each alone covers."""
    length = len(next(iter(rows.values())))
    clip, weight = np.zeros(dimensions), 0.0
    over_time, seen = np.zeros((length, dimensions)), np.zeros((length, 1))
    network.eval()
    for start in range(0, max(1, length - (LONGEST - STEP)), STEP):
        piece = slice(start, min(length, start + LONGEST))
        blank = np.full((piece.stop - piece.start, dimensions), np.nan)
        example = Example(
            "",
            "",
            "",
            {n: r[piece] for n, r in rows.items()},
            {n: p[piece] for n, p in present.items()},
            blank[0],
            blank,
            True,
        )
        batch = collate([example], LONGEST)
        with torch.inference_mode():
            out = network(batch.features, batch.present, batch.inside)
        share = piece.stop - piece.start
        clip, weight = clip + out["clip"][0].double().numpy() * share, weight + share
        over_time[piece] += out["time"][0].double().numpy()
        seen[piece] += 1
    return Judgement(clip / weight, over_time / seen)


def _epoch(
    network: Fusion,
    average: AveragedModel,
    examples: Sequence[Example],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    config: TrainConfig,
    generator: np.random.Generator,
) -> float:
    network.train()
    seen: list[float] = []
    for step, batch in enumerate(batches(examples, config.batch, LONGEST, generator)):
        with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bf16"):
            loss = _loss(network, batch, config, contrastive=True)
        (loss / config.accumulate).backward()  # type: ignore[no-untyped-call]
        seen.append(float(loss.detach()))
        if (step + 1) % config.accumulate == 0:
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(network)
            optimiser.zero_grad()
            schedule.step()
    return float(np.mean(seen))


def _moving(decay: float, average: Tensor, value: Tensor, count: Tensor) -> Tensor:
    """An exponential moving average that forgets its beginnings sooner (Tarvainen and Valpola 2017)."""
    kept = torch.clamp((1 + count) / (10 + count), max=decay)
    return average.lerp(value, 1 - kept.to(average.dtype))


def _loss(network: Fusion, batch: Batch, config: TrainConfig, *, contrastive: bool) -> Tensor:
    present = batch.present
    if contrastive:
        # A feature that was not computed, or whose weights are missing, must not break the model.
        present = {name: there & (torch.rand(()) > DROPPED) for name, there in present.items()}
    out = network(batch.features, present, batch.inside)
    loss = losses.regression(out["clip"], batch.labels)
    loss = loss + config.rank_weight * losses.ranking(out["clip"], batch.labels, batch.group)
    loss = loss + config.time_weight * losses.regression(out["time"], batch.over_time)
    if contrastive:
        loss = loss + config.contrast_weight * losses.contrast(
            out["picture"], out["sound"], batch.inside, batch.together
        )
    return loss
