"""A trained model as one safetensors file: tensors, and beside them all that scoring needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq.config import DIMENSIONS
from tfq.errors import WeightsError
from tfq.fusion.judge import LONGEST
from tfq.models import sealed
from tfq.nets.fusion_arrays import FusionArrays
from tfq.nets.spec import FusionSpec
from tfq.types import Floats

FORMAT = "tfq-fusion-1"
KEYS = ("format", "name", "spec", "scale", "half_widths", "figures")  # of the description
LARGEST = 10**5  # any one size of a network


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
    """Write a checkpoint; half precision for the network, whose scores move by less than a hundredth.

    The points that statistics are ranked among stay as they are: a column that has one value in most clips must still
    equal them, or its rank goes from the middle to an end.
    """
    description = {
        "format": FORMAT,
        "name": checkpoint.name,
        "spec": asdict(checkpoint.spec),
        "scale": {name: [mean.tolist(), deviation.tolist()] for name, (mean, deviation) in checkpoint.scale.items()},
        "half_widths": [None if np.isnan(width) else float(width) for width in checkpoint.half_widths],
        "figures": dict(checkpoint.figures),
    }
    arrays = checkpoint.network.arrays
    sealed.write(path, arrays, description, exact={name for name in arrays if "points" in name.split(".")})


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        WeightsError: the file is missing, damaged, or not a checkpoint of this tfq.
    """
    description, arrays = sealed.read(path, FORMAT, "a checkpoint written by `tfq train`", KEYS)
    try:
        network = FusionArrays(_spec(description["spec"]), arrays)
        _try(network)
        scale = {str(name): _pair(pair, network.spec.features[name]) for name, pair in description["scale"].items()}
        widths = np.array([np.nan if width is None else float(width) for width in description["half_widths"]])
        if set(scale) != set(network.spec.features) or widths.shape != (len(network.spec.dimensions),):
            raise ValueError(scale.keys())
        return Checkpoint(str(description["name"]), network, scale, widths, dict(description["figures"]))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
        raise WeightsError(f"{path}: the checkpoint does not fit its own description") from error


def _spec(given: Mapping[str, Any]) -> FusionSpec:
    """What the network is built from, as far as it is such that a network can be built.

    Raises:
        ValueError: it is not.
    """
    lists = {name: tuple(given.get(name, ())) for name in ("dimensions", "teachers", "moments")}
    spec = FusionSpec(**{**given, **lists})
    sizes = [spec.width, spec.layers, spec.heads, spec.longest, *spec.features.values()]
    if not all(isinstance(size, int) and 0 <= size <= LARGEST for size in sizes):
        raise ValueError(sizes)
    if not spec.dimensions or not set(spec.dimensions) <= set(DIMENSIONS):
        raise ValueError(spec.dimensions)
    return spec


def _pair(pair: Any, columns: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of a feature's columns."""
    mean, deviation = (np.asarray(values, float) for values in pair)
    if not (mean.shape == deviation.shape == (columns,) and np.isfinite([mean, deviation]).all()):
        raise ValueError(mean.shape)
    return mean, deviation


def _try(network: FusionArrays) -> None:
    """Run it over two frames; arrays that do not fit their description fail here, and not over somebody's clip."""
    features = network.spec.features.items()
    nothing = {name: np.zeros((2, size), np.float32) for name, size in features}
    with np.errstate(all="ignore"):
        scores = network(nothing, {name: np.ones(2, bool) for name in nothing})
    if not np.isfinite(scores.clip).all() or scores.clip.shape != (len(network.spec.dimensions),):
        raise ValueError(scores.clip)
    if scores.time.shape != (2, len(network.spec.dimensions)):
        raise ValueError(scores.time.shape)
    if network.spec.positions == "learned" and len(network.arrays["places"]) < LONGEST:
        raise ValueError("places")
