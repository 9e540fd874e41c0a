"""DistillMOS for ONNX Runtime: its authors' weights as plain arrays, and the graph around them.

The published file is a PyTorch state. Its arrays are written once as safetensors; the graph, six convolutions and seven
Transformer layers after each other (Stahl and Gamper 2025), is put together from them when it is loaded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfq.errors import WeightsError
from tfq.models import pickled
from tfq.models.graphs import Graph
from tfq.types import Floats

CONVOLUTIONS, LAYERS, HEADS = 6, 7, 8
_EPSILON = 1e-5


def write_arrays(source: Path, target: Path) -> None:
    """Copy the state in the authors' `distill_mos_v7.pt` into a safetensors file, names and values as they are.

    Raises:
        WeightsError: the file is not that state.
    """
    from safetensors.numpy import save

    try:
        state = pickled.load(source)["model"]
        arrays = {name: value.float().numpy() for name, value in state.items() if value.is_floating_point()}
    except (WeightsError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{source}: not the weights of DistillMOS: {error}") from error
    target.write_bytes(save(arrays))


def graph(path: Path) -> bytes:
    """A serialised ONNX model: `spectrum` `[1, 2, 161, 768]` to `mos` `[1, 1]`, from what `write_arrays` wrote."""
    from safetensors.numpy import load_file

    built = _DistillMos(load_file(path))
    mos = built.mos("spectrum")
    return built.serialised("distillmos", {"spectrum": [1, 2, 161, 768]}, {mos: [1, 1]})


class _DistillMos(Graph):
    def __init__(self, arrays: dict[str, Floats]) -> None:
        super().__init__()
        self.arrays = arrays

    def mos(self, spectrum: str) -> str:
        return self._pool(self._transformer(self._stack(spectrum)))

    def _stack(self, value: str) -> str:
        """The convolutions: `[1, 2, F, T]` to rows `[1, T / 2, channels * F']`."""
        for i in range(CONVOLUTIONS):
            weight, bias = self._pair(f"cnn.cnn.{2 * i}")
            strides = [2 if i else 1, 2 if i == CONVOLUTIONS - 1 else 1]
            value = self.op("Conv", value, weight, bias, strides=strides, pads=[0, 1, 0, 1])
            value = self.op("LeakyRelu", value, alpha=0.1)
        flat = self.op("Reshape", value, np.array([1, -1, 384]))
        return self.op("Transpose", flat, perm=[0, 2, 1])

    def _transformer(self, rows: str) -> str:
        base = "transformer_pool_attn"
        rows = self._batch_norm(rows, f"{base}.norm_input")
        rows = self._batch_norm(rows, f"{base}.transformer.norm")
        rows = self._linear(rows, f"{base}.transformer.linear_proj")
        rows = self.op("Add", rows, self.arrays[f"{base}.transformer.position_encoding.pe"])
        for i in range(LAYERS):
            layer = f"{base}.transformer.transformer_encoder.layers.{i}"
            rows = self._layer_norm(self.op("Add", rows, self._attention(rows, f"{layer}.self_attn")), f"{layer}.norm1")
            inner = self._linear(self.op("Relu", self._linear(rows, f"{layer}.linear1")), f"{layer}.linear2")
            rows = self._layer_norm(self.op("Add", rows, inner), f"{layer}.norm2")
        return self._batch_norm(rows, f"{base}.norm_trans")

    def _attention(self, rows: str, name: str) -> str:
        weight, bias = self.arrays[f"{name}.in_proj_weight"], self.arrays[f"{name}.in_proj_bias"]
        width = weight.shape[1]
        shape = np.array([1, -1, HEADS, width // HEADS])
        query, key, value = (
            self.op(
                "Transpose",
                self.op("Reshape", self._affine(rows, weight[part], bias[part]), shape),
                perm=[0, 2, 3, 1] if i == 1 else [0, 2, 1, 3],
            )
            for i, part in enumerate(slice(i * width, (i + 1) * width) for i in range(3))
        )
        scaled = self.op("Mul", query, np.array((width // HEADS) ** -0.5, np.float32))
        weights = self.op("Softmax", self.op("MatMul", scaled, key), axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self._linear(self.op("Reshape", mixed, np.array([1, -1, width])), f"{name}.out_proj")

    def _pool(self, rows: str) -> str:
        base = "transformer_pool_attn.pool"
        logits = self._linear(self.op("Relu", self._linear(rows, f"{base}.linear1")), f"{base}.linear2")
        weights = self.op("Softmax", self.op("Transpose", logits, perm=[0, 2, 1]), axis=-1)
        pooled = self.op("Reshape", self.op("MatMul", weights, rows), np.array([1, -1]))
        share = self.op("Sigmoid", self._linear(pooled, f"{base}.linear3"))
        return self.op("Add", self.op("Mul", share, np.array(4, np.float32)), np.array(1, np.float32))

    def _batch_norm(self, rows: str, name: str) -> str:
        weight, bias = self._pair(name)
        slope = weight / np.sqrt(self.arrays[f"{name}.running_var"] + _EPSILON)
        return self.op("Add", self.op("Mul", rows, slope), bias - slope * self.arrays[f"{name}.running_mean"])

    def _layer_norm(self, rows: str, name: str) -> str:
        return self.op("LayerNormalization", rows, *self._pair(name), axis=-1, epsilon=_EPSILON)

    def _linear(self, rows: str, name: str) -> str:
        return self._affine(rows, *self._pair(name))

    def _affine(self, rows: str, weight: Floats, bias: Floats) -> str:
        return self.op("Add", self.op("MatMul", rows, np.ascontiguousarray(weight.T)), bias)

    def _pair(self, name: str) -> tuple[Floats, Floats]:
        return self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"]
