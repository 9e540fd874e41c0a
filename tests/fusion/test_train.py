from functools import partial

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from tests.fusion.makers import clips, example, spec
from tfq.config import LOSSES, TrainConfig
from tfq.errors import UsageError
from tfq.fusion.batches import Held
from tfq.fusion.judge import judge
from tfq.fusion.train import Watch, fit
from tfq.models import training

QUICK = TrainConfig(epochs=4, batch=8, learning_rate=5e-3, patience=9, average=0.5)
EVERYTHING = dict.fromkeys(LOSSES, 0.3)


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def scores(network, examples) -> np.ndarray:
    plain = network.plain()
    return np.array([judge(plain, e.rows, e.present).clip for e in examples])


def test_it_learns_what_clips_are_worth():
    epochs = []
    network = fit(
        Held(clips(12)),
        Held(clips(4, first=20)),
        spec(),
        TrainConfig(epochs=15, batch=8, learning_rate=1e-2, average=0.9),
        Watch(epochs.append),
    )
    unseen = clips(4, first=30)
    assert np.abs(scores(network, unseen) - np.stack([e.labels for e in unseen])).max() < 0.7
    assert epochs[-1].held_out < 0.5 * epochs[0].held_out
    assert {"regression", "ranking", "time", "contrast"} <= set(epochs[0].terms)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"balance": "uncertainty", "accumulate": 2},
        {"balance": "gradnorm"},
        {"loss": EVERYTHING, "average": 0.0},
    ],
)
def test_a_training_that_was_killed_ends_with_the_same_weights(changes, tmp_path):
    config = TrainConfig(**{**QUICK.__dict__, **changes})
    made = spec(teachers=("voice",), spread=True) if "loss" in changes else spec()
    whole = fit(Held(clips(6)), Held(clips(2, first=20)), made, config)
    file = tmp_path / "state.pt"

    def die(epoch: int, batch: int, _: int) -> None:
        if (epoch, batch) == (2, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(
            Held(clips(6)),
            Held(clips(2, first=20)),
            made,
            config,
            Watch(step=die, keep=partial(training.save, file, "this")),
        )
    torch.manual_seed(99)  # another process: nothing of the first one's chance is left
    kept = training.load(file, "this")
    assert len(kept["history"]) == 2
    assert same(fit(Held(clips(6)), Held(clips(2, first=20)), made, config, kept=kept), whole)
    other = TrainConfig(**{**config.__dict__, "seed": 1})
    assert not same(fit(Held(clips(6)), Held(clips(2, first=20)), made, other), whole)


def test_gradients_added_up_are_those_of_the_larger_batch():
    """Without dropout and chance, two halves of four families teach what all of them teach at once."""
    still = TrainConfig(epochs=1, batch=16, learning_rate=1e-3, loss={"regression": 1.0}, average=0.0)
    halves = TrainConfig(**{**still.__dict__, "batch": 8, "accumulate": 2})
    torch.use_deterministic_algorithms(True)
    networks = []
    for config in (still, halves):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tfq.fusion.objective.DROPPED", -1.0)
            networks.append(fit(Held(clips(4)), Held(clips(2, first=20)), spec(dropout=0.0), config))
    torch.use_deterministic_algorithms(False)
    for one, other in zip(networks[0].state_dict().values(), networks[1].state_dict().values(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=0)


def test_it_stops_when_nothing_improves():
    epochs = []
    config = TrainConfig(epochs=20, batch=8, learning_rate=0.0, patience=2, average=0.0)
    fit(Held(clips(4)), Held(clips(2, first=20)), spec(), config, Watch(epochs.append))
    assert len(epochs) == 3


def test_clips_that_nobody_judged_are_put_in_the_order_they_are_known_to_have():
    unknown = np.full(2, np.nan, np.float32)

    def generated(i: int, value: float):
        made = example(f"g{i}", 3.0, 100 + i, labels=unknown, ranks={f"pair{i // 2}": np.array([value, np.nan])})
        made.rows["face"][:, 1] = value  # what shows it, and what no label speaks of
        return made

    pairs = [generated(i, float(i % 2) * 3) for i in range(24)]
    network = fit(
        Held([*clips(6), *pairs]),
        Held(clips(2, first=20)),
        spec(),
        TrainConfig(epochs=12, batch=8, learning_rate=1e-2, average=0.5, patience=99),
    )
    fresh = [generated(i, float(i % 2) * 3) for i in range(50, 70)]
    judged = scores(network, fresh)[:, 0]
    assert (judged[1::2] > judged[::2]).mean() > 0.9


def test_half_precision_trains():
    AcceleratorState._reset_state()  # it keeps the first precision that a process asked for
    config = TrainConfig(**{**QUICK.__dict__, "precision": "bf16", "epochs": 2})
    network = fit(Held(clips(4)), Held(clips(2, first=20)), spec(), config)
    AcceleratorState._reset_state()
    assert all(weight.isfinite().all() and weight.dtype == torch.float32 for weight in network.parameters())


@pytest.mark.skipif(torch.cuda.is_available(), reason="speaks of machines without a GPU")
def test_a_precision_that_the_machine_lacks_is_said_in_a_sentence():
    AcceleratorState._reset_state()
    with pytest.raises(UsageError, match="--precision fp16"):
        fit(Held(clips(1)), Held(clips(1)), spec(), TrainConfig(precision="fp16"))
    AcceleratorState._reset_state()
