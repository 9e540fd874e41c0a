"""478 points, 52 blendshapes and the head's pose, from MediaPipe's Face Landmarker on a crop around the face.

The landmarker misses faces that are small in the frame, so it is shown a square around the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from tfq.faces.detect import overlap
from tfq.types import Boxes, Floats, Picture

POINTS = 478
VIEW = 256  # side of the crop that is shown, in pixels, at most twice as large
LEAST_FIT = 0.2  # IoU of the points' box with the detector's under which the points are of something else
STEADY = 0.15  # the crop stays where it is while the face's centre moves by less than this part of its side

BLENDSHAPES = (
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
)


@dataclass(frozen=True)
class Face:
    """What was found in one frame: `points` `[478, 3]` in source pixels, `blendshapes` `[52]`, `pose` `[3]` degrees."""

    points: Floats
    blendshapes: Floats
    pose: Floats


MISSING = Face(np.full((POINTS, 3), np.nan), np.full(len(BLENDSHAPES), np.nan), np.full(3, np.nan))


class Landmarks(NamedTuple):
    """What a landmarker finds in a view.

    `points` `[478, 3]` in sides of the view, `blendshapes` `[52]`, and the `[4, 4]` matrix that puts the canonical face
    before the camera; all float32.
    """

    points: Floats
    blendshapes: Floats
    matrix: Floats


class Landmarker(Protocol):
    """Finds the points of one face in the views of one video."""

    def find(self, view: Picture, time_ms: int) -> Landmarks | None:
        """The face in `[S, S, 3]` uint8 RGB; times rise strictly."""


class Finder:
    """Follows one face through a video with a landmarker of its own.

    The square it looks at holds still while the face does, because the landmarker's tracker works in its coordinates.
    """

    def __init__(self, landmarker: Landmarker, reach: float) -> None:
        """`landmarker` is fresh; `reach` is the room around the box, in box sides on each side."""
        self._landmarker = landmarker
        self._reach = reach
        self._square: tuple[float, float, float] | None = None

    def find(self, picture: Picture, box: Boxes, time_ms: int) -> Face | None:
        """The face in a box, or None; times must rise strictly."""
        left, top, side = self._where(box)
        found = self._landmarker.find(crop(picture, left, top, side), time_ms)
        if found is None:
            return None
        points = found.points * side
        points[:, :2] += (left, top)
        corners = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
        if overlap(corners[None], box[None])[0, 0] < LEAST_FIT:
            return None
        return Face(points, found.blendshapes, head_pose(found.matrix))

    def _where(self, box: Boxes) -> tuple[float, float, float]:
        centre = (box[:2] + box[2:]) / 2
        side = float(max(box[2:] - box[:2])) * (1 + 2 * self._reach) * 0.7
        if self._square is not None:
            x, y, old = self._square
            moved = np.hypot(centre[0] - x - old / 2, centre[1] - y - old / 2)
            if moved < STEADY * old and 0.8 < side / old < 1.25:
                return self._square
        self._square = (float(centre[0]) - side / 2, float(centre[1]) - side / 2, side)
        return self._square


def crop(picture: Picture, left: float, top: float, side: float) -> Picture:
    """A square of the picture at `VIEW` to twice `VIEW` pixels; black where it reaches outside."""
    size = int(np.clip(side, VIEW, 2 * VIEW))
    scale = size / side
    if scale < 0.5:
        # Shrink by averaging first: a warp reads four pixels and would skip the others.
        x0, y0 = max(0, int(left)), max(0, int(top))
        piece = picture[y0 : int(np.ceil(top + side)), x0 : int(np.ceil(left + side))]
        picture = np.asarray(cv2.resize(piece, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        left, top, scale = (left - x0) * scale, (top - y0) * scale, 1.0
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR))


def head_pose(matrix: Floats) -> Floats:
    """Yaw, pitch and roll in degrees from the 4 x 4 matrix that puts the canonical face before the camera.

    Positive: the head turns to the image's right, up, and clockwise as seen in the image.
    """
    rotation = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0, keepdims=True)
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(rotation[1, 2], -1, 1))
    roll = -np.arctan2(rotation[1, 0], rotation[1, 1])
    return np.asarray(np.degrees([yaw, pitch, roll]), np.float32)
