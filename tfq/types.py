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


@dataclass(frozen=True)
class Line:
    """How pictures are sent.

    Attributes:
        codec: `libx264` or `libx265`.
        quantiser: 0 to 51, the same for every picture; with `rates` it is the constant rate factor.
        lost: share of the packets that are lost.
        rates: of each picture, its share of the usual bit rate (H.264 only); empty: all of it.
        seed: which packets are lost.
    """

    codec: str = "libx264"
    quantiser: int = 23
    lost: float = 0.0
    rates: tuple[float, ...] = ()
    seed: int = 0
