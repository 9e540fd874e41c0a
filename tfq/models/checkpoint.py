"""A trained model as one safetensors file: tensors, and beside them all that scoring needs to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq import disk
from tfq.errors import WeightsError
from tfq.fusion.judge import LONGEST
from tfq.nets.fusion_arrays import FusionArrays
from tfq.nets.spec import FusionSpec
from tfq.types import Floats

FORMAT = "tfq-fusion-1"


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to score.

    `scale` maps a feature to the mean and standard deviation of its columns; `half_widths` `[M]` are those of the 90 %
    interval, in units of the spread that the network tells, where it tells one; `figures` are what the training printed.
    """

    name: str
    network: FusionArrays
    scale: Mapping[str, tuple[Floats, Floats]]
    half_widths: Floats
    figures: Mapping[str, Any]

    @property
    def spec(self) -> FusionSpec:
        return self.network.spec


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; half precision for the network, whose scores move by less than a hundredth."""
    from safetensors.numpy import save

    description = {
        "format": FORMAT,
        "name": checkpoint.name,
        "spec": asdict(checkpoint.spec),
        "scale": {name: [mean.tolist(), deviation.tolist()] for name, (mean, deviation) in checkpoint.scale.items()},
        "half_widths": [None if np.isnan(width) else float(width) for width in checkpoint.half_widths],
        "figures": dict(checkpoint.figures),
    }
    arrays = {name: array.astype(np.float16) for name, array in checkpoint.network.arrays.items()}
    with disk.written(path) as sibling:
        sibling.write_bytes(save(arrays, metadata={"tfq": json.dumps(description, ensure_ascii=False)}))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        WeightsError: the file is missing, damaged, or not a checkpoint of this tfq.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            description = json.loads((file.metadata() or {}).get("tfq", "{}"))
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such checkpoint") from error
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise WeightsError(f"{path}: not a safetensors file, or a damaged one") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise WeightsError(f"{path}: not a checkpoint written by `tfq train`")
    try:
        lists = {name: tuple(description["spec"].get(name, ())) for name in ("dimensions", "teachers", "moments")}
        spec = FusionSpec(**{**description["spec"], **lists})
        network = FusionArrays(spec, arrays)
        _try(network)
        scale = {name: (np.array(pair[0]), np.array(pair[1])) for name, pair in description["scale"].items()}
        widths = np.array([np.nan if width is None else width for width in description["half_widths"]])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise WeightsError(f"{path}: the checkpoint does not fit its own description") from error
    return Checkpoint(description["name"], network, scale, widths, description["figures"])


def _try(network: FusionArrays) -> None:
    """Run it over two frames; arrays that do not fit their description fail here, and not over somebody's clip."""
    features = network.spec.features.items()
    nothing = {name: np.zeros((2, size), np.float32) for name, size in features}
    scores = network(nothing, {name: np.ones(2, bool) for name in nothing})
    if scores.time.shape != (2, len(network.spec.dimensions)):
        raise ValueError(scores.time.shape)
    if network.spec.positions == "learned" and len(network.arrays["places"]) < LONGEST:
        raise ValueError("places")
