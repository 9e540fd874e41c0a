"""Deep networks in fewer bits: bfloat16 through torch, int8 through ONNX Runtime, and how like fp32 either is.

int8 is static: weights by channel, and activations on a scale that was read off real crops or real sound (ONNX Runtime's
`quantize_static`). Calibrating takes a minute for the largest network, so its result is kept in the cache of weights, under a
name that says what it was made from.
"""

from __future__ import annotations

import copy
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from tfq import disk
from tfq.models import weights
from tfq.types import Floats

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

Precision = Literal["fp32", "bf16", "int8"]
Run = Callable[["Tensor"], "Tensor"]
Encode = Callable[[Any], Floats]

SAMPLE_CROPS, SAMPLE_SAMPLES = 16, 4 * 16_000  # of a clip, on which the cosine is measured
# Of a Transformer, the products with weights: with products of activations and the convolutions before them as well, the least
# cosine of a row of Whisper fell from 0.98 to 0.94.
_OPERATIONS: Mapping[str, list[str] | None] = {"sound": ["MatMul", "Gemm"], "crops": None}  # None: all there are
_CALIBRATED_ON = 24  # batches at most


class Encoder(Protocol):
    """A deep network with what is done before and after it."""

    @property
    def network(self) -> nn.Module:
        """From one float tensor to one."""

    @property
    def free(self) -> Mapping[str, Mapping[int, str]]:
        """Axes of its `given` and its `rows` that have no fixed length."""

    def through(self, run: Run) -> Encode:
        """Crops `[t, H, W, 3]` or sound `[N]` to rows, with `run` in the place of the network."""


@dataclass(frozen=True)
class Calibration:
    """Real inputs: `identity` says which, `inputs` gives those of a network of `sound` or of `crops`."""

    identity: str
    inputs: Callable[[Literal["sound", "crops"]], Sequence[Any]]


class Compared:
    """An encoder that is told how far its rows are from those of fp32, on a part of the first thing it is given.

    Attributes:
        cosine: mean and least cosine of its rows with fp32's; None: it has not seen anything.
    """

    def __init__(self, fast: Encode, exact: Encode) -> None:
        self._fast, self._exact = fast, exact
        self.cosine: tuple[float, float] | None = None

    def __call__(self, given: Any) -> Floats:
        rows = self._fast(given)
        if self.cosine is None and len(rows):
            part = given[:SAMPLE_SAMPLES] if given.ndim == 1 else given[:: -(-len(given) // SAMPLE_CROPS)]
            found = cosines(self._fast(part), self._exact(part))
            self.cosine = float(found.mean()), float(found.min())
        return rows


def cosines(one: Floats, other: Floats) -> Floats:
    """Of the rows of two `[R, W]`, `[R]`; 1 where both are nothing but zeros."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.where(lengths > 0, (one * other).sum(1) / np.maximum(lengths, 1e-30), 1.0)


def halved(encoder: Encoder) -> Encode:
    """Weights and activations in bfloat16."""
    module = copy.deepcopy(encoder.network).bfloat16()
    return encoder.through(lambda given: module(given.bfloat16()).float())


def quantised(
    name: str, encoder: Encoder, inputs: Calibration, kind: Literal["sound", "crops"], session: Callable[[bytes], Any]
) -> Encode:
    """Weights and activations in 8 bits.

    Args:
        name: of the network, for its file in the cache.
        encoder: the network in fp32.
        inputs: what it is calibrated on.
        kind: what it is given.
        session: starts ONNX Runtime on a serialised model.
    """
    import torch

    kept = _Kept(name, encoder.network, inputs.identity)
    model = kept.read()
    if model is None:
        log.info("calibrating %s in 8 bits, once for this machine", name)
        model = _calibrated(encoder, _batches(encoder, inputs.inputs(kind)), kind)
        kept.write(model)
    running = session(model)
    return encoder.through(lambda given: torch.from_numpy(running.run(None, {"given": given.numpy()})[0]))


def _batches(encoder: Encoder, inputs: Iterable[Any]) -> list[Floats]:
    """What the network itself is given of these inputs, spread evenly over them."""
    seen: list[Floats] = []

    def watched(given: Tensor) -> Tensor:
        seen.append(given.numpy().copy())
        rows: Tensor = encoder.network(given)
        return rows

    encode = encoder.through(watched)
    for given in inputs:
        encode(given)
    return [
        seen[i] for i in np.unique(np.linspace(0, len(seen) - 1, min(len(seen), _CALIBRATED_ON)).round().astype(int))
    ]


def _calibrated(encoder: Encoder, batches: Sequence[Floats], kind: Literal["sound", "crops"]) -> bytes:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> dict[str, Floats] | None:
            batch = next(self._left, None)
            return None if batch is None else {"given": batch}

    with TemporaryDirectory(prefix="tfq-") as folder:
        whole, ready, small = (Path(folder) / f"{name}.onnx" for name in ("fp32", "ready", "int8"))
        export(encoder, batches[0], whole)
        # A bias that two convolutions share is behind a node of its own, and would be left out of the scales.
        quant_pre_process(whole, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            small,
            Reader(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_OPERATIONS[kind],
            extra_options={"MatMulConstBOnly": True},
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return small.read_bytes()


def export(encoder: Encoder, example: Floats, path: Path) -> None:
    """Write the network as ONNX: `given` to `rows`."""
    import warnings

    import torch

    with warnings.catch_warnings():
        # Torch's newer exporter needs a package more, for the same graph; tracing warns of each length it looks at.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder.network,
            (torch.from_numpy(example),),
            str(path),
            input_names=["given"],
            output_names=["rows"],
            dynamic_axes={name: dict(axes) for name, axes in encoder.free.items()},
            opset_version=17,
            dynamo=False,
        )


class _Kept:
    """A calibrated network in the cache, behind its own SHA-256: one that does not match is made again."""

    def __init__(self, name: str, network: nn.Module, identity: str) -> None:
        self._name, self._network, self._identity = name, network, identity

    @cached_property
    def _path(self) -> Path:
        from importlib.metadata import version

        digest = hashlib.sha256(f"{self._identity} {version('onnxruntime')} {version('torch')}".encode())
        for name, tensor in sorted(self._network.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return weights.cache() / f"{self._name}-int8-{digest.hexdigest()[:16]}.onnx"

    def read(self) -> bytes | None:
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        return content[32:] if hashlib.sha256(content[32:]).digest() == content[:32] else None

    def write(self, model: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with disk.written(self._path) as sibling:
            sibling.write_bytes(hashlib.sha256(model).digest() + model)
