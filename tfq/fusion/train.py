"""Training the multi-task network on examples in memory: one process or several, and again after a kill."""

from __future__ import annotations

import contextlib
import copy
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from tfq.config import TrainConfig
from tfq.errors import UsageError
from tfq.fusion.balance import RATE, Balance
from tfq.fusion.batches import Batch, Clips, batches, plan, wholes
from tfq.fusion.judge import LONGEST
from tfq.fusion.objective import Losses, compute
from tfq.nets.fusion import Fusion
from tfq.nets.spec import FusionSpec
from tfq.nets.summary_arrays import PARTS
from tfq.types import Floats

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Epoch:
    """What one pass gave: mean losses in training and on validation, and each term and dimension weight by name."""

    number: int
    trained: float
    held_out: float
    terms: Mapping[str, float]


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes, and who keeps what a killed training goes on from; all in the first process only.

    `epoch` is called after each pass, `step` after each batch with the pass, the batch and their number, `keep` with
    the state after each pass: plain values and tensors, to be stored at once, since training goes on in them.
    """

    epoch: Callable[[Epoch], None] = lambda _: None
    step: Callable[[int, int, int], None] = lambda *_: None
    keep: Callable[[dict[str, Any]], None] = lambda _: None


@dataclass
class _State:
    """All that changes while a network is trained, with what runs it."""

    accelerator: Accelerator
    plain: Fusion
    network: nn.Module
    average: AveragedModel
    balance: Balance
    optimiser: Any
    schedule: torch.optim.lr_scheduler.LRScheduler
    best: dict[str, Tensor]
    least: float = math.inf
    waited: int = 0
    history: list[Epoch] = field(default_factory=list)

    @property
    def steady(self) -> Fusion:
        """The network whose weights are the moving average."""
        return cast("Fusion", self.average.module)

    def parts(self) -> dict[str, Any]:
        scaler = self.accelerator.scaler
        return {
            "network": self.plain,
            "average": self.average,
            "balance": self.balance,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
            **({"scaler": scaler} if scaler is not None else {}),
        }

    def packed(self) -> dict[str, Any]:
        states = {name: part.state_dict() for name, part in self.parts().items()}
        history = [[e.number, e.trained, e.held_out, dict(e.terms)] for e in self.history]
        return {**states, "best": self.best, "least": self.least, "waited": self.waited, "history": history}

    def unpack(self, kept: Mapping[str, Any]) -> None:
        for name, part in self.parts().items():
            part.load_state_dict(kept[name])
        self.best, self.least, self.waited = kept["best"], kept["least"], kept["waited"]
        self.history = [Epoch(*entry) for entry in kept["history"]]


def fit(
    clips: Clips,
    validation: Clips,
    spec: FusionSpec,
    config: TrainConfig,
    watch: Watch = Watch(),
    kept: Mapping[str, Any] | None = None,
) -> Fusion:
    """Train a network and return the moving average of its weights, as it was after its best epoch.

    Chance is drawn anew for each pass from the seed and the pass's number, so that a training which goes on from what
    `Watch.keep` was given ends with the weights of one that was never stopped.

    Args:
        clips: what to learn from.
        validation: other speakers; the epoch with the least loss on them is kept.
        spec: the network.
        config: how to train it.
        watch: who is told how it goes.
        kept: the state that an earlier training of the same kind gave to `watch.keep`.
    """
    state = _begin(clips, len(plan(clips, config.batch, LONGEST, np.random.default_rng(0))), spec, config)
    if kept is not None:
        state.unpack(kept)
        for epoch in state.history:
            watch.epoch(epoch)
            watch.step(epoch.number, 1, 1)
    first = state.accelerator.is_main_process
    for number in range(len(state.history), config.epochs):
        if state.waited >= config.patience:
            break
        trained, terms = _epoch(state, clips, number, config, watch)
        held_out = evaluate(state.steady, validation, config)
        state.waited += 1
        if held_out < state.least:
            state.least, state.best, state.waited = held_out, copy.deepcopy(state.steady.state_dict()), 0
        state.history.append(Epoch(number, trained, held_out, terms))
        if first:
            watch.epoch(state.history[-1])
            watch.keep(state.packed())
    trained_network = Fusion(spec)
    trained_network.load_state_dict(state.best)
    return trained_network.eval()


def evaluate(network: Fusion, clips: Clips, config: TrainConfig) -> float:
    """Mean loss over clips, all dimensions alike, without what only helps to learn; batches hold whole families."""
    network.eval()
    device = next(network.parameters()).device
    total, count = 0.0, 0
    with torch.no_grad():
        for batch in batches(clips, plan(clips, config.batch, LONGEST, np.random.default_rng(0))):
            loss = compute(network, batch.to(device), config, network.spec.teachers, training=False).tasks.sum()
            total, count = total + float(loss) * len(batch.labels), count + len(batch.labels)
    return total / max(1, count)


def _begin(clips: Clips, passes: int, spec: FusionSpec, config: TrainConfig) -> _State:
    """Everything as it is before the first of passes of so many batches."""
    from accelerate import Accelerator
    from accelerate.utils import DistributedDataParallelKwargs

    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    # Unless told that there is only the CPU, accelerate lets each process of a launcher train for itself.
    alone = not torch.accelerator.is_available()
    accelerator = Accelerator(mixed_precision=config.precision, cpu=alone, kwargs_handlers=[unused])
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes != launched:
        raise UsageError(f"{launched} processes were launched, but {accelerator.num_processes} found each other")
    if config.precision == "fp16" and accelerator.device.type == "cpu":
        raise UsageError("--precision fp16 needs a GPU; bf16 runs everywhere")
    if passes < accelerator.num_processes:
        raise UsageError(f"{accelerator.num_processes} processes, but only {passes} batches; start fewer processes")
    torch.manual_seed(config.seed)
    plain, balance = Fusion(spec), Balance(config.balance, len(spec.dimensions))
    plain.learn_ranks(_statistics(clips, spec))
    average = AveragedModel(plain, avg_fn=partial(_moving, config.average)).to(accelerator.device)
    best = copy.deepcopy(cast("Fusion", average.module).state_dict())
    groups = [
        {"params": list(plain.parameters()), "weight_decay": config.weight_decay},
        {"params": list(balance.parameters()), "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, config.learning_rate)
    rates = [config.learning_rate, RATE]
    steps = config.epochs * math.ceil(passes / accelerator.num_processes / config.accumulate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps + 1, pct_start=0.1)
    network, prepared = accelerator.prepare(plain, optimiser)
    return _State(accelerator, plain, network, average, balance.to(accelerator.device), prepared, schedule, best)


def _statistics(clips: Clips, spec: FusionSpec) -> dict[str, Tensor]:
    """What each clip is as a whole, `[N, 4 D]` by feature; a clip that lacks a feature has no row there."""
    found: dict[str, list[Floats]] = {name: [] for name in spec.features}
    if spec.summary == "ranks":
        for _, whole in wholes(clips, range(len(clips.entries)), LONGEST):
            for name, rows in found.items():
                if (row := whole[name]) is not None:
                    rows.append(row)
    width = {name: PARTS * size for name, size in spec.features.items()}
    return {
        name: torch.from_numpy(np.array(rows or [np.zeros(width[name])], np.float32)) for name, rows in found.items()
    }


def _epoch(
    state: _State, clips: Clips, number: int, config: TrainConfig, watch: Watch
) -> tuple[float, dict[str, float]]:
    """One pass; the mean loss of its batches, and each term's mean."""
    rank, processes = state.accelerator.process_index, state.accelerator.num_processes
    torch.manual_seed(int(np.random.SeedSequence([config.seed, number, rank]).generate_state(1)[0]))
    generator = np.random.default_rng([config.seed, number])
    chosen = plan(clips, config.batch, LONGEST, generator, changed=config.shifted)
    # Every process takes the same number of steps, or else one would wait for the others for ever.
    mine = range(rank, len(chosen) // processes * processes, processes)
    seen: list[tuple[float, dict[str, float]]] = []
    state.network.train()
    for done, batch in enumerate(batches(clips, [chosen[i] for i in mine], config.workers), 1):
        seen.append(
            _step(
                state,
                batch.to(state.accelerator.device),
                config,
                last=done % config.accumulate == 0 or done == len(mine),
            )
        )
        if rank == 0:
            watch.step(number, done, len(mine))
    names = sorted({name for _, terms in seen for name in terms})
    means = {name: float(np.mean([terms[name] for _, terms in seen if name in terms])) for name in names}
    return float(np.mean([loss for loss, _ in seen])), means


def _step(state: _State, batch: Batch, config: TrainConfig, *, last: bool) -> tuple[float, dict[str, float]]:
    """Add up the gradients of one batch, and move the weights after the `last` one."""
    accelerator, network = state.accelerator, state.network
    with contextlib.nullcontext() if last else accelerator.no_sync(network):
        losses: Losses = compute(network, batch, config, state.plain.spec.teachers, training=True)
        state.balance.follow(losses.tasks, state.plain.norm.weight, partial(accelerator.reduce, reduction="mean"))
        loss = state.balance(losses.tasks) + losses.shared
        accelerator.backward(loss / config.accumulate)
    if last:
        _agree(state)
        accelerator.clip_grad_norm_(network.parameters(), 1.0)
        state.optimiser.step()
        state.average.update_parameters(state.plain)
        state.optimiser.zero_grad()
        state.schedule.step()
    return float(loss.detach()), losses.terms


def _agree(state: _State) -> None:
    """The mean over processes of the one gradient that is not the network's."""
    gradient = state.balance.log_variance.grad
    if gradient is not None:
        state.balance.log_variance.grad = state.accelerator.reduce(gradient, reduction="mean")


def _moving(decay: float, average: Tensor, value: Tensor, count: Tensor) -> Tensor:
    """An exponential moving average that forgets its beginnings sooner (Tarvainen and Valpola 2017)."""
    kept = torch.clamp((1 + count) / (10 + count), max=decay)
    return average.lerp(value, 1 - kept.to(average.dtype))
