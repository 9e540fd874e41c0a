"""Two processes of the CPU share one training, as two GPUs would."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fusion.makers import clips, spec
from tfq.config import LOSSES, TrainConfig
from tfq.errors import UsageError
from tfq.fusion.batches import Held
from tfq.fusion.train import Epoch, Watch, fit

# Heads that no loss reaches in a batch must not make one process wait for the other's gradients.
CONFIG = TrainConfig(
    epochs=2, batch=4, average=0.5, loss={**LOSSES, "contrast": 0, "teacher": 0.3}, balance="uncertainty"
)


def digest() -> tuple[str, list[Epoch]]:
    epochs: list[Epoch] = []
    made = spec(teachers=("voice",))
    network = fit(Held(clips(6)), Held(clips(2, first=20)), made, CONFIG, Watch(epochs.append))
    weights = b"".join(tensor.numpy().tobytes() for tensor in network.state_dict().values())
    return hashlib.sha256(weights).hexdigest(), epochs


def test_all_processes_end_with_the_same_weights_and_one_tells(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*command, __file__, tmp_path], check=True, capture_output=True, cwd=Path.cwd(), timeout=120)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first["weights"] == second["weights"]
    assert (first["told"], second["told"]) == (2, 0)
    assert first["weights"] != digest()[0]  # half the steps, each over twice the clips


def test_processes_that_do_not_find_each_other_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr("accelerate.Accelerator.num_processes", 1)
    with pytest.raises(UsageError, match="3 processes were launched, but 1 found each other"):
        fit(Held(clips(1)), Held(clips(1)), spec(), CONFIG)


if __name__ == "__main__":
    weights, epochs = digest()
    found = {"weights": weights, "told": len(epochs)}
    (Path(sys.argv[1]) / f"{os.environ['RANK']}.json").write_text(json.dumps(found))
