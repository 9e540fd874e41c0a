"""The trained sync network as one safetensors file: tensors, and beside them all that measuring needs to know."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfq.errors import WeightsError
from tfq.models import sealed
from tfq.nets.spec import SyncSpec
from tfq.nets.sync_arrays import SyncArrays
from tfq.sync.embed import MEL_ROWS, SPEECH_ROWS
from tfq.sync.offset import Calibration

if TYPE_CHECKING:
    from tfq.nets.sync import SyncNetwork

FORMAT = "tfq-sync-1"
KEYS = ("format", "spec", "calibration", "speech", "layers", "figures")  # of the description
LARGEST = 10**5  # any one size of a network
WHISPER = "whisper"


@dataclass(frozen=True)
class SyncModel:
    """A network ready to measure.

    Attributes:
        network: the trained network.
        calibration: turns its distances into probabilities and tells jumps and drifts from chance.
        speech: what it hears through, `whisper` or the SHA-256 of HuBERT's weights.
        layers: of the speech encoder, whose rows stand side by side in its input.
        figures: what its training and calibration printed.
    """

    network: SyncArrays
    calibration: Calibration
    speech: str = WHISPER
    layers: tuple[int, ...] = (2, 3)
    figures: Mapping[str, Any] = field(default_factory=dict)


def save(path: Path, model: SyncModel) -> None:
    """Write the model, half precision."""
    description = {
        "format": FORMAT,
        "spec": asdict(model.network.spec),
        "calibration": asdict(model.calibration),
        "speech": model.speech,
        "layers": model.layers,
        "figures": dict(model.figures),
    }
    sealed.write(path, model.network.arrays, description)


def load(path: Path) -> SyncModel:
    """Read a model.

    Raises:
        WeightsError: the file is damaged, or not a sync network of this tfq.
    """
    description, arrays = sealed.read(path, FORMAT, "a sync network written by `tfq train`", KEYS)
    try:
        spec = SyncSpec(**description["spec"])
        if not all(isinstance(size, int | float) and 0 <= size <= LARGEST for size in vars(spec).values()):
            raise ValueError(spec)
        network = SyncArrays(spec, arrays)
        _try(network)
        calibration = Calibration(**{name: tuple(values) for name, values in description["calibration"].items()})
        layers = tuple(int(layer) for layer in description["layers"])
        speech = str(description.get("speech", WHISPER))
        return SyncModel(network, calibration, speech, layers, dict(description["figures"]))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
        raise WeightsError(f"{path}: the network does not fit its own description") from error


def _try(network: SyncArrays) -> None:
    """Run it over one frame; arrays that do not fit their description fail here, and not over somebody's clip."""
    spec = network.spec
    network.picture(np.zeros((1, spec.shape), np.float32), np.zeros((1, 64, 64), np.uint8))
    speech, mel = np.zeros((SPEECH_ROWS, spec.speech), np.float32), np.zeros((MEL_ROWS, spec.bands), np.float32)
    network.sound(speech, mel)


def export(path: Path, network: SyncNetwork) -> None:
    """Write the network as ONNX: inputs `shape`, `crops` (grey, 0-1), `speech`, `mel`; outputs `picture`, `sound`."""
    import torch

    class Both(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, shape: Any, crops: Any, speech: Any, mel: Any) -> tuple[Any, Any]:
            return self.network.picture(shape, crops), self.network.sound(speech, mel)

    spec, frames = network.spec, 50
    inputs = (
        torch.zeros(1, frames, spec.shape),
        torch.zeros(1, frames, spec.crop, spec.crop),
        torch.zeros(1, 2 * frames, spec.speech),
        torch.zeros(1, 4 * frames, spec.bands),
    )
    times = {
        "shape": "frames",
        "crops": "frames",
        "speech": "speech_rows",
        "mel": "mel_rows",
        "picture": "frames",
        "sound": "heard",
    }
    with warnings.catch_warnings():
        # Torch's newer exporter needs a package more, for the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            Both().eval(),
            inputs,
            str(path),
            input_names=["shape", "crops", "speech", "mel"],
            output_names=["picture", "sound"],
            dynamic_axes={name: {1: axis} for name, axis in times.items()},
            opset_version=17,
            dynamo=False,
        )
