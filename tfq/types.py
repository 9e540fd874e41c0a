"""Array aliases and the small records that stages hand to one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]
Mask: TypeAlias = NDArray[np.bool_]
Picture: TypeAlias = NDArray[np.uint8]  # [H, W, 3] RGB
Pictures: TypeAlias = NDArray[np.uint8]  # [T, H, W, 3] RGB
Sound: TypeAlias = NDArray[np.float32]  # [N] mono, 16 kHz, full scale is 1.0
Boxes: TypeAlias = NDArray[np.float32]  # [..., 4] left, top, right, bottom in source pixels
Points: TypeAlias = NDArray[np.float32]  # [..., K, 2] x, y in source pixels


@dataclass(frozen=True)
class Span:
    """A piece of time, in seconds from the start of the picture; `end_s` is excluded."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s
