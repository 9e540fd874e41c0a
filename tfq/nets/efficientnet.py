"""EfficientNet-Lite2 (Tan and Le 2019; Lite: no squeeze, ReLU6) up to its global average pool."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 1280
SIDE = 260  # pixels, what the weights were trained on
_EPSILON = 1e-3  # of the batch norms, TensorFlow's
# Repeats, kernel, stride, expansion, channels in and out of each stage: Lite0's with 1.1 times the channels and 1.2 times
# the repeats, of which the first and the last stage keep theirs.
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (3, 3, 2, 6, 16, 24),
    (3, 5, 2, 6, 24, 48),
    (4, 3, 2, 6, 48, 88),
    (4, 5, 1, 6, 88, 120),
    (5, 5, 2, 6, 120, 208),
    (1, 3, 1, 6, 208, 352),
)


class EfficientNetLite2(nn.Module):
    """Pictures `[B, 3, H, W]`, normalised, in; `[B, 1280]` out. Parameters are named as in the published file."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Conv(3, 32, 3, 2)
        self._bn0 = nn.BatchNorm2d(32, eps=_EPSILON)
        self._blocks = nn.ModuleList(
            _Block(before if i == 0 else after, after, kernel, stride if i == 0 else 1, expansion)
            for repeats, kernel, stride, expansion, before, after in _STAGES
            for i in range(repeats)
        )
        self._conv_head = _Conv(352, WIDTH, 1, 1)
        self._bn1 = nn.BatchNorm2d(WIDTH, eps=_EPSILON)

    def forward(self, pictures: Tensor) -> Tensor:
        rows: Tensor = functional.relu6(self._bn0(self._conv_stem(pictures)))
        for block in self._blocks:
            rows = block(rows)
        return functional.relu6(self._bn1(self._conv_head(rows))).mean((2, 3))


class _Block(nn.Module):
    """Widen, filter each channel, narrow; the input is added where it has the output's shape."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        if expansion > 1:
            self._expand_conv = _Conv(before, wide, 1, 1)
            self._bn0 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._depthwise_conv = _Conv(wide, wide, kernel, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._project_conv = _Conv(wide, after, 1, 1)
        self._bn2 = nn.BatchNorm2d(after, eps=_EPSILON)
        self._expands, self._adds = expansion > 1, stride == 1 and before == after

    def forward(self, given: Tensor) -> Tensor:
        rows = functional.relu6(self._bn0(self._expand_conv(given))) if self._expands else given
        rows = functional.relu6(self._bn1(self._depthwise_conv(rows)))
        rows = cast("Tensor", self._bn2(self._project_conv(rows)))
        return given + rows if self._adds else rows


class _Conv(nn.Conv2d):
    """Without bias, padded as TensorFlow's "same": the odd pixel goes to the right and the bottom."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(before, after, kernel, stride, groups=groups, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads: list[int] = []
        for size in (int(rows.shape[3]), int(rows.shape[2])):  # numbers, so that an exported graph has constant pads
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(functional.pad(rows, pads))


def load(state: dict[str, torch.Tensor]) -> EfficientNetLite2:
    """With the arrays of the published file, whose classifier is left out.

    Raises:
        RuntimeError: an array is missing or has another shape.
    """
    network = EfficientNetLite2().eval().requires_grad_(False)
    network.load_state_dict({name: array for name, array in state.items() if not name.startswith("_fc.")})
    return network
