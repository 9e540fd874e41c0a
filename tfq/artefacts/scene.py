"""What a degradation knows besides the pictures or the sound it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tfq import timebase
from tfq.types import Line, Picture, Points, Sound

PictureSender: TypeAlias = Callable[[Iterable[Picture], Line], Iterator[Picture]]
SoundCoder: TypeAlias = Callable[[Sound, str, int], Sound]


@dataclass(frozen=True)
class Scene:
    """Where a degradation happens, and what it may use.

    Attributes:
        span: grid frames that are touched; the others stay as they are.
        frames: length of the clip, T.
        seed: the same seed gives the same bytes.
        landmarks: `[T, 478, 3]` Face Landmarker points, x, y and depth in source pixels; NaN: no face, and the frame is
            left alone.
        other: speech of another clip, 16 kHz mono.
        send_pictures: encodes pictures, loses packets of them, and decodes what is left.
        code_sound: encodes and decodes sound with a named codec at a bit rate.
    """

    span: range
    frames: int
    seed: int = 0
    landmarks: Points | None = None
    other: Sound | None = None
    send_pictures: PictureSender | None = None
    code_sound: SoundCoder | None = None

    @property
    def samples(self) -> slice:
        """The samples under the span."""
        return slice(timebase.samples_of(self.span.start), timebase.samples_of(self.span.stop))

    def random(self, *place: int) -> np.random.Generator:
        """A generator of its own for each place (a frame, say), so that the order of drawing does not matter."""
        return np.random.default_rng([self.seed, *place])

    def face(self, frame: int) -> Points | None:
        """`[478, 2]` x and y of a frame inside the span; None where the frame is to be left alone."""
        if self.landmarks is None or frame not in self.span or frame >= len(self.landmarks):
            return None
        points = self.landmarks[frame]
        return points[:, :2] if np.isfinite(points).all() else None
