"""The trained face-quality network as one sealed safetensors file, and the graph that ONNX Runtime runs of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tfq.errors import WeightsError
from tfq.models import sealed

if TYPE_CHECKING:
    from tfq.nets.face_quality import FaceQuality

FORMAT = "tfq-face-quality-1"
TOWERS = ("portrait", "crop")
_EPSILON = np.array(1e-4, np.float32)  # as in `tfq.nets.face_quality`, in the deviations over a map


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
    from onnx import TensorProto, helper

    description, arrays = sealed.read(path, FORMAT, "a face-quality network of tfq", ("format", "strides"))
    maker = _Maker(arrays)
    try:
        pooled = [maker.tower(name, description["strides"][name]) for name in TOWERS]
        both = maker.op("Concat", *pooled, axis=1)
        embedded = maker.op("Gemm", both, maker.array("embed.weight"), maker.array("embed.bias"), transB=1)
        embedding = maker.op("Tanh", embedded, out="embedding")
        score = maker.op("Gemm", embedding, maker.array("judge.weight"), maker.array("judge.bias"), transB=1)
        maker.op("Squeeze", score, maker.constant(np.array([1])), out="quality")
    except (LookupError, TypeError) as error:
        raise WeightsError(f"{path}: the network does not fit its own description") from error
    number = TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info(name, number, ["faces", c, None, None])
        for name, c in zip(TOWERS, (1, 3), strict=True)
    ]
    outputs = [
        helper.make_tensor_value_info("embedding", number, ["faces", None]),
        helper.make_tensor_value_info("quality", number, ["faces"]),
    ]
    made = helper.make_graph(maker.nodes, "face_quality", inputs, outputs, maker.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


class _Maker:
    """Adds one operation after the other; names are counted."""

    def __init__(self, arrays: sealed.Arrays) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy, self._arrays = helper, numpy_helper, arrays
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def op(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        name = out or f"v{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self._numpy.from_array(np.ascontiguousarray(value), name))
        return name

    def array(self, name: str) -> str:
        return self.constant(self._arrays[name])

    def tower(self, name: str, strides: list[int]) -> str:
        """Mean and deviation of each of its last maps, `[B, 2 C]`."""
        four, two = (self.constant(np.array(value, np.float32)) for value in (4, 2))
        value = self.op("Sub", self.op("Mul", name, four), two)
        for i, stride in enumerate(strides):
            weight = self._arrays[f"{name}.{i}.weight"]
            inner, kernel = weight.shape[1], weight.shape[2]
            value = self.op(
                "Conv",
                value,
                self.array(f"{name}.{i}.weight"),
                self.array(f"{name}.{i}.bias"),
                strides=[stride, stride],
                pads=[kernel // 2] * 4,
                group=len(weight) if inner == 1 and kernel == 3 else 1,
            )
            value = self.op("Relu", value)
        mean = self.op("ReduceMean", value, axes=[2, 3], keepdims=1)
        apart = self.op("Sub", value, mean)
        variance = self.op("ReduceMean", self.op("Mul", apart, apart), axes=[2, 3], keepdims=1)
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(_EPSILON)))
        return self.op("Flatten", self.op("Concat", mean, deviation, axis=1))
