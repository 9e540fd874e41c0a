"""How a stored picture is turned and mirrored before it is shown, as the display matrix of its file asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from tfq.types import Picture


@dataclass(frozen=True)
class Orientation:
    """The picture's sides are exchanged, then it is mirrored across (left for right) and down (top for bottom)."""

    exchanged: bool = False
    across: bool = False
    down: bool = False

    def applied(self, pixels: Picture) -> Picture:
        """The picture as it is shown."""
        if not (self.exchanged or self.across or self.down):
            return pixels
        shown = pixels.swapaxes(0, 1) if self.exchanged else pixels
        return np.ascontiguousarray(shown[:: -1 if self.down else 1, :: -1 if self.across else 1])

    @property
    def degrees(self) -> int:
        """By how much a picture that is not mirrored is turned, counter-clockwise."""
        return {(True, False, True): 90, (False, True, True): 180, (True, True, False): -90}.get(
            (self.exchanged, self.across, self.down), 0
        )


def orientation(frame: VideoFrame) -> Orientation:
    """What the file asks for this picture, to the nearest quarter of a turn; a matrix that shows nothing is not obeyed.

    A stored pixel at (x, y) is shown at (a x + c y, b x + d y), y down; `a b` begins the matrix's first row and `c d`
    its second. FFmpeg's own angle of it takes a mirrored picture for one that stands on its head.
    """
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return Orientation()
    (a, b), (c, d) = np.frombuffer(bytes(found), np.int32).reshape(3, 3)[:2, :2].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, c < 0, b < 0)
    return Orientation(False, a < 0, d < 0)
