"""A graph for ONNX Runtime, put together one operation after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = Sequence[int | str | None]


class Graph:
    """Adds operations; names of values and constants are counted."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy = helper, numpy_helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def op(self, kind: str, *inputs: str | NDArray[Any], out: str = "", **attributes: Any) -> str:
        """The name of what an operation gives of values, by name, and of constants; `out` names it where it is an output."""
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        name = out or f"v{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(kind, names, [name], **attributes))
        return name

    def serialised(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> bytes:
        """The model; `inputs` and `outputs` are float32 of these shapes, by name."""
        from onnx import TensorProto

        told, given = (
            [self._helper.make_tensor_value_info(value, TensorProto.FLOAT, shape) for value, shape in each.items()]
            for each in (outputs, inputs)
        )
        made = self._helper.make_graph(self._nodes, name, given, told, self._constants)
        model = self._helper.make_model(made, opset_imports=[self._helper.make_opsetid("", 17)], ir_version=8)
        return bytes(model.SerializeToString())

    def _constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(self._numpy.from_array(np.ascontiguousarray(value), name))
        return name
