"""Everything the network is trained on, weighed as the configuration says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tfq.config import TrainConfig
from tfq.fusion import losses
from tfq.fusion.batches import Batch

DROPPED = 0.12  # share of the batches in which a feature is withheld from training
FORETOLD = 0.5  # the same for a feature that the rest of the sound has to foretell


@dataclass(frozen=True)
class Losses:
    """`tasks` `[M]`, `shared` one number, both weighed; `terms` the same by name, unweighed, for the log."""

    tasks: Tensor
    shared: Tensor
    terms: dict[str, float]


def withhold(present: Mapping[str, Tensor], teachers: tuple[str, ...]) -> tuple[dict[str, Tensor], set[str]]:
    """Take whole features away at random: one whose weights are missing later must not break the model."""
    share = {name: FORETOLD if name in teachers else DROPPED for name in present}
    gone = {name for name in present if float(torch.rand(())) <= share[name]}
    return {name: there & (name not in gone) for name, there in present.items()}, gone


def compute(
    network: nn.Module, batch: Batch, config: TrainConfig, teachers: tuple[str, ...], *, training: bool
) -> Losses:
    """All losses of one batch. Contrast and teacher only help the network to learn: held-out clips go without."""
    present, gone = withhold(batch.present, teachers) if training else (batch.present, set())
    out = network(batch.features, present, batch.inside)
    weight = config.loss
    tasks = _labelled(out, batch, weight)
    shared = _shared(out, batch, weight, gone & set(teachers)) if training else {}
    none = out["clip"].sum(0) * 0
    return Losses(
        sum((weight[name] * loss for name, loss in tasks.items()), none),
        sum((weight[name] * loss for name, loss in shared.items()), none.sum()),
        {name: float(loss.detach().sum()) for name, loss in {**tasks, **shared}.items()},
    )


def _labelled(out: Mapping[str, Tensor], batch: Batch, weight: Mapping[str, float]) -> dict[str, Tensor]:
    clip, time, labels, group = out["clip"], out["time"], batch.labels, batch.group

    def regression() -> Tensor:
        if "spread" in out:
            return losses.uncertain(clip, out["spread"], labels, batch.doubt)
        return losses.regression(clip, labels, batch.doubt)

    known: dict[str, Callable[[], Tensor]] = {
        "regression": regression,
        "ranking": lambda: losses.ranking(clip, labels, group),
        "order": lambda: losses.order(clip[batch.rank_clip], batch.rank_values, batch.rank_group),
        "listwise": lambda: losses.listwise(clip, labels, group),
        "specificity": lambda: losses.specificity(clip, labels, group),
        "time": lambda: losses.regression(time, batch.over_time),
        "spans": lambda: losses.spans(time, batch.over_time),
    }
    return {name: loss() for name, loss in known.items() if weight.get(name)}


def _shared(
    out: Mapping[str, Tensor], batch: Batch, weight: Mapping[str, float], withheld: set[str]
) -> dict[str, Tensor]:
    found = {}
    if weight.get("contrast"):
        found["contrast"] = losses.contrast(out["picture"], out["sound"], batch.inside, batch.together)
    if weight.get("teacher") and withheld:
        parts = [
            losses.teacher(out[f"teacher.{name}"], batch.features[name], batch.present[name] & batch.inside)
            for name in sorted(withheld)
        ]
        found["teacher"] = torch.stack(parts).mean()
    return found
