"""The trained face-quality network as one sealed safetensors file, and the graph that ONNX Runtime runs of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tfq.errors import WeightsError
from tfq.models import sealed
from tfq.models.graphs import Graph
from tfq.nets.spec import FACE_QUALITY_EPSILON

if TYPE_CHECKING:
    from tfq.nets.face_quality import FaceQuality

FORMAT = "tfq-face-quality-1"
TOWERS = ("portrait", "crop")


def save(path: Path, network: FaceQuality) -> None:
    """Write the network in half precision, each norm put into the layer beside it."""
    from torch import nn

    arrays: dict[str, NDArray[Any]] = {}
    strides: dict[str, list[int]] = {}
    for name in TOWERS:
        layers = list(getattr(network, name))
        convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in layers if isinstance(layer, nn.BatchNorm2d)]
        strides[name] = [convolution.stride[0] for convolution in convolutions]
        for i, (convolution, norm) in enumerate(zip(convolutions, norms, strict=True)):
            scale, shift = _affine(norm)
            arrays[f"{name}.{i}.weight"] = convolution.weight.detach().numpy() * scale[:, None, None, None]
            arrays[f"{name}.{i}.bias"] = shift
    scale, shift = _affine(network.norm)
    weight, bias = network.embed.weight.detach().numpy(), network.embed.bias.detach().numpy()
    arrays |= {"embed.weight": weight * scale, "embed.bias": bias + weight @ shift}
    arrays |= {f"judge.{name}": array.detach().numpy() for name, array in network.judge.named_parameters()}
    sealed.write(path, arrays, {"format": FORMAT, "strides": strides})


def _affine(norm: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a norm multiplies by, and what it adds then."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale.detach().numpy(), (norm.bias - norm.running_mean * scale).detach().numpy()


def graph(path: Path) -> bytes:
    """A serialised ONNX model, from `portrait` `[B, 1, H, W]` and `crop` `[B, 3, S, S]` to `embedding` and `quality`.

    Raises:
        WeightsError: the file is damaged, or not a face-quality network.
    """
    description, arrays = sealed.read(path, FORMAT, "a face-quality network of tfq", ("format", "strides"))
    built = _FaceQuality(arrays)
    try:
        pooled = [built.tower(name, description["strides"][name]) for name in TOWERS]
        both = built.op("Concat", *pooled, axis=1)
        embedded = built.op("Gemm", both, arrays["embed.weight"], arrays["embed.bias"], transB=1)
        embedding = built.op("Tanh", embedded, out="embedding")
        score = built.op("Gemm", embedding, arrays["judge.weight"], arrays["judge.bias"], transB=1)
        built.op("Squeeze", score, np.array([1]), out="quality")
    except (LookupError, TypeError) as error:
        raise WeightsError(f"{path}: the network does not fit its own description") from error
    inputs = {name: ["faces", channels, None, None] for name, channels in zip(TOWERS, (1, 3), strict=True)}
    return built.serialised("face_quality", inputs, {"embedding": ["faces", None], "quality": ["faces"]})


class _FaceQuality(Graph):
    def __init__(self, arrays: sealed.Arrays) -> None:
        super().__init__()
        self._arrays = arrays

    def tower(self, name: str, strides: list[int]) -> str:
        """Mean and deviation of each of its last maps, `[B, 2 C]`."""
        value = self.op("Sub", self.op("Mul", name, np.array(4, np.float32)), np.array(2, np.float32))
        for i, stride in enumerate(strides):
            weight = self._arrays[f"{name}.{i}.weight"]
            inner, kernel = weight.shape[1], weight.shape[2]
            value = self.op(
                "Conv",
                value,
                weight,
                self._arrays[f"{name}.{i}.bias"],
                strides=[stride, stride],
                pads=[kernel // 2] * 4,
                group=len(weight) if inner == 1 and kernel == 3 else 1,
            )
            value = self.op("Relu", value)
        mean = self.op("ReduceMean", value, axes=[2, 3], keepdims=1)
        apart = self.op("Sub", value, mean)
        variance = self.op("ReduceMean", self.op("Mul", apart, apart), axes=[2, 3], keepdims=1)
        deviation = self.op("Sqrt", self.op("Add", variance, np.array(FACE_QUALITY_EPSILON, np.float32)))
        return self.op("Flatten", self.op("Concat", mean, deviation, axis=1))
