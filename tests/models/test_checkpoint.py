from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from tfq.errors import WeightsError
from tfq.models import checkpoint, own, sync
from tfq.nets.fusion import Fusion
from tfq.nets.fusion_arrays import FusionArrays
from tfq.nets.spec import FusionSpec
from tfq.nets.summary import knots

KINDS = {"tfq-embedded": checkpoint, "tfq-sync": sync}
PLACES = (0.2, 0.5, 0.9)


@pytest.fixture(params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, Path]:
    """The module that reads one of our networks, and a copy of it that has a seal."""
    module, path = KINDS[request.param], tmp_path / "a.safetensors"
    module.save(path, module.load(own.path(request.param)))
    return module, path


def test_a_network_reads_back_as_it_was(written: tuple[Any, Path]) -> None:
    module, path = written
    once = path.read_bytes()
    module.save(path, module.load(path))
    assert path.read_bytes() == once


def test_a_network_scores_as_before_it_was_written(tmp_path: Path) -> None:
    """A column that has one value in all clips stands in the middle of them, and not a rounding beside."""
    torch.manual_seed(0)
    fusion = Fusion(FusionSpec({"lips": 4}, {"mel": 3}, {}, ("lip_sync",), width=16, heads=2, summary="ranks")).eval()
    found = {"lips": torch.randn(40, 16), "mel": torch.full((40, 12), 0.1234567)}
    fusion.learn_ranks(found)
    plain = fusion.plain()
    plain.arrays["summary.mel.project.1.weight"][:] *= 20
    spec, sizes = replace(plain.spec, additive=True), {"lips": 16, "mel": 12}
    points = {f"additive.points.{name}": knots(found[name]).numpy() for name in sizes}
    weights = {f"additive.weights.{name}": np.full((1, 3 * size), 0.2, np.float32) for name, size in sizes.items()}
    rest = {"additive.constant": np.zeros(1, np.float32), "additive.share": np.array([[0.5, 0]], np.float32)}
    network = FusionArrays(spec, {**plain.arrays, **points, **weights, **rest})
    scale = {name: (np.zeros(size), np.ones(size)) for name, size in spec.features.items()}
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, checkpoint.Checkpoint("a", network, scale, np.ones(1), {}))
    rows = {
        "lips": np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32),
        "mel": np.zeros((9, 3), np.float32),
    }
    rows["mel"] += np.float32(0.1234567)
    there = {name: np.ones(9, bool) for name in rows}
    assert checkpoint.load(path).network(rows, there).clip == pytest.approx(network(rows, there).clip, abs=0.01)


@pytest.mark.parametrize("place", PLACES)
def test_a_flipped_bit_is_told(written: tuple[Any, Path], place: float) -> None:
    module, path = written
    damaged = bytearray(path.read_bytes())
    damaged[int(place * len(damaged))] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(WeightsError, match="damaged"):
        module.load(path)


def test_a_seal_whose_name_is_damaged_is_not_a_missing_one(written: tuple[Any, Path]) -> None:
    module, path = written
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'\\"seal\\"', b'\\"sKal\\"'))
    assert path.read_bytes() != whole
    with pytest.raises(WeightsError, match="damaged"):
        module.load(path)


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Rewrite the description, without a seal."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    head = json.loads(content[8 : 8 + length])
    description = json.loads(head["__metadata__"]["tfq"])
    description.pop("seal", None)
    change(description)
    head["__metadata__"] = {"tfq": json.dumps(description)}
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


LIES: list[Callable[[dict[str, Any]], Any]] = [
    lambda told: told.pop("spec"),
    lambda told: told.update(spec=None),
    lambda told: told.update(spec={}),
    lambda told: told.pop("figures"),
    lambda told: told.update(figures=3),
    lambda told: told["spec"].update(width=10**12),
    lambda told: told["spec"].update(width=-1),
    lambda told: told["spec"].update(width="256"),
    lambda told: told["spec"].update(layers=10**4),
    lambda told: told["spec"].update(surprise=1),
]
OF_SCORES: list[Callable[[dict[str, Any]], Any]] = [
    lambda told: told.pop("name"),
    lambda told: told["spec"].update(dimensions=["charm"]),
    lambda told: told["spec"].update(dimensions=[]),
    lambda told: told["spec"]["picture"].update(more=7),
    lambda told: told["spec"].update(picture={}),
    lambda told: told["scale"].popitem(),
    lambda told: told["scale"].update({name: [[float("nan")], [1.0]] for name in told["scale"]}),
    lambda told: told.update(half_widths=[1.0]),
    lambda told: told.update(half_widths="wide"),
]


@pytest.mark.parametrize("change", LIES)
def test_a_description_that_does_not_fit_is_told(written: tuple[Any, Path], change: Any) -> None:
    module, path = written
    changed(path, change)
    with pytest.raises(WeightsError, match="does not fit its own description"):
        module.load(path)


@pytest.mark.parametrize("change", OF_SCORES)
def test_a_description_of_scores_that_does_not_fit_is_told(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(own.path("tfq-embedded").read_bytes())
    changed(path, change)
    with pytest.raises(WeightsError, match="does not fit its own description"):
        checkpoint.load(path)


def test_what_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    array = {"a": np.zeros(3, np.float32)}
    contents = {
        "not a safetensors file": [b"", b"\x80\x04\x95cos\nsystem\n", b"PK\x03\x04", struct.pack("<Q", 2**62) + b"{}"],
        "not a checkpoint": [save(array), save(array, {"tfq": "[]"}), save(array, {"tfq": "{}"})],
        "damaged": [save(array, {"tfq": "{"}), save(array, {"tfq": "[" * 10**5})],
        "none": [save({"a": np.full(3, np.nan, np.float32)}, {"tfq": json.dumps({"format": checkpoint.FORMAT})})],
    }
    for told, files in contents.items():
        for number, content in enumerate(files):
            (tmp_path / f"{number}").write_bytes(content)
            with pytest.raises(WeightsError, match=told):
                checkpoint.load(tmp_path / f"{number}")
    with pytest.raises(WeightsError, match="no such checkpoint"):
        checkpoint.load(tmp_path / "nowhere")
