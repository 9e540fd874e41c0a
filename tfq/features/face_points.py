"""The Face Landmarker's points and blendshapes by name, and points in the face's own axes.

"Left" and "right" are the person's own, as MediaPipe names them.
"""

from __future__ import annotations

import numpy as np

from tfq.types import Floats

NOSE_TIP, SUBNASALE, NASION, FOREHEAD, CHIN = 1, 2, 168, 10, 152
LIP_TOP, LIP_BOTTOM, INNER_TOP, INNER_BOTTOM = 0, 17, 13, 14
CORNER_RIGHT, CORNER_LEFT = 61, 291
EYE_RIGHT, EYE_LEFT = (33, 133), (263, 362)  # outer and inner corner
CHEEKS = (205, 425)
# p1..p6 of the eye aspect ratio (Soukupova and Cech 2016).
LIDS_RIGHT, LIDS_LEFT = (33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373)
BROW_RIGHT, BROW_LEFT = (70, 63, 105, 66, 107), (300, 293, 334, 296, 336)
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
UPPER_FACE = (*BROW_RIGHT, *BROW_LEFT, 9, 8, 50, 280, 101, 330, 67, 297)

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
INDEX = {name: i for i, name in enumerate(BLENDSHAPES)}
# Each shape's partner in a mirror; shapes without one are their own.
MIRRORED = tuple(
    INDEX.get(name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left"), i)
    for i, name in enumerate(BLENDSHAPES)
)


def eye_distance(landmarks: Floats) -> Floats:
    """Distance between the middles of the eyes in three dimensions, `[T]` px: turning the head does not shorten it."""
    right, left = landmarks[:, EYE_RIGHT].mean(1), landmarks[:, EYE_LEFT].mean(1)
    return np.asarray(np.linalg.norm(left - right, axis=1))


def distance(points: Floats, one: int, other: int) -> Floats:
    """Distance of two points over time, `[T]` in the unit of `points` `[T, 478, 3]`."""
    return np.asarray(np.linalg.norm(points[:, one] - points[:, other], axis=1))


def in_head_axes(landmarks: Floats) -> Floats:
    """Points free of the head's place, pose and size, `[T, 478, 3]` in eye distances.

    The origin is between the eyes; x runs along the eyes to the person's left, y down the face, z out of the face.
    """
    right, left = landmarks[:, EYE_RIGHT].mean(1), landmarks[:, EYE_LEFT].mean(1)
    size = np.linalg.norm(left - right, axis=1, keepdims=True)
    x = (left - right) / size
    down = landmarks[:, CHIN] - landmarks[:, FOREHEAD]
    down = down - (down * x).sum(1, keepdims=True) * x
    y = down / np.linalg.norm(down, axis=1, keepdims=True)
    # Image axes are right, down, away from the camera: y cross x points at the viewer for a face seen from the front.
    axes = np.stack([x, y, np.cross(y, x)], 2)
    return np.asarray(((landmarks - (right + left)[:, None] / 2) / size[:, None]) @ axes)


def polygon_area(points: Floats) -> Floats:
    """Area of closed polygons `[T, P, 2]` by the shoelace formula, `[T]`."""
    following = np.roll(points, -1, 1)
    doubled: Floats = (points[..., 0] * following[..., 1] - points[..., 1] * following[..., 0]).sum(1)
    return np.abs(doubled) / 2
