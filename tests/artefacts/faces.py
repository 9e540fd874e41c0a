"""A drawn face whose landmarks are known, with a mouth that opens and eyes that blink."""

from __future__ import annotations

import cv2
import numpy as np

from tfq.artefacts import region
from tfq.types import Pictures, Points

SIDE = 128
MIDDLE = np.array([64.0, 66.0])
HALF = np.array([34.0, 44.0])
MOUTH_Y, EYE_Y, EYE_X = 24.0, -12.0, 14.0


def opening(frames: int) -> np.ndarray:
    """`[T]` px between the lips."""
    return 5 * (1 + np.sin(np.arange(frames) * 1.1))


def landmarks(frames: int, blink: int | None = None) -> Points:
    """`[T, 478, 3]` px; the head drifts to the right; the eyes are shut for three frames from `blink` on."""
    base = _still()
    every = np.repeat(base[None], frames, 0)
    gap = opening(frames)[:, None] / 2
    lips = _lips()
    every[:, lips, 1] += np.where(base[lips, 1] > MOUTH_Y, 0, -0.3 * gap)
    every[..., 1] += np.where(base[:, 1] > MOUTH_Y, gap, 0) * (1 - np.abs(base[:, 0]) / HALF[0])
    for lids in region.LIDS:
        for upper, lower in ((1, 5), (2, 4)):
            half = np.full(frames, 3.0)
            if blink is not None:
                half[blink : blink + 3] = 0.3
            every[:, lids[upper], 1], every[:, lids[lower], 1] = EYE_Y - half, EYE_Y + half
    every[:, :, :2] += MIDDLE
    every[:, :, 0] += np.linspace(-3, 3, frames)[:, None]
    return every.astype(np.float32)


def pictures(points: Points) -> Pictures:
    """`[T, S, S, 3]`: textured skin, dark mouth and eyes, over a textured background."""
    random = np.random.default_rng(5)
    background = cv2.GaussianBlur(random.uniform(40, 215, (SIDE, SIDE, 3)).astype(np.float32), (0, 0), 1.5)
    skin = cv2.GaussianBlur(random.uniform(0, 255, (SIDE, SIDE, 3)).astype(np.float32), (0, 0), 1.2)
    out = []
    for face in points[:, :, :2]:
        shift = np.float32([[1, 0, face[1, 0] - MIDDLE[0]], [0, 1, 0]])
        moving = cv2.warpAffine(skin, shift, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        picture = background.copy()
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [np.rint(face[list(region.OVAL)]).astype(np.int32)], 1)
        picture[mask > 0] = (0.3 * moving + (150, 110, 90))[mask > 0]
        for lids in region.LIDS:
            cv2.fillPoly(picture, [np.rint(face[list(lids)]).astype(np.int32)], (240, 240, 250))
        cv2.fillConvexPoly(picture, cv2.convexHull(np.rint(face[_lips()]).astype(np.int32)), (60, 10, 20))
        out.append(np.clip(picture, 0, 255).astype(np.uint8))
    return np.stack(out)


def _lips() -> list[int]:
    return [61, 291, 13, 14, 0, 17, 37, 267, 84, 314]


def _still() -> np.ndarray:
    """`[478, 3]` around (0, 0): known points in their places, the others strewn over the face."""
    random = np.random.default_rng(3)
    angle, radius = random.uniform(0, 2 * np.pi, 478), np.sqrt(random.uniform(0, 0.8, 478))
    points = np.stack([np.cos(angle) * radius, np.sin(angle) * radius], 1) * HALF
    turn = np.arange(len(region.OVAL)) / len(region.OVAL) * 2 * np.pi
    points[list(region.OVAL)] = np.stack([np.sin(turn), -np.cos(turn)], 1) * HALF
    places = {168: (0, -14), 6: (0, -9), 197: (0, -4), 195: (0, 1), 5: (0, 5), 4: (0, 8), 1: (0, 9), 2: (0, 12)}
    places |= {98: (-6, 11), 327: (6, 11), 164: (0, 15), 206: (-13, 16), 426: (13, 16), 212: (-16, 26), 432: (16, 26)}
    places |= {210: (-14, 31), 430: (14, 31), 204: (-10, 33), 424: (10, 33), 32: (-9, 36), 262: (9, 36), 200: (0, 35)}
    places |= {199: (0, 37), 175: (0, 40), 57: (-12, 24), 287: (12, 24), 117: (-20, 2), 346: (20, 2), 101: (-12, 3)}
    places |= {330: (12, 3), 61: (-10, 24), 291: (10, 24), 13: (0, 23.5), 14: (0, 24.5), 0: (0, 20), 17: (0, 28)}
    places |= {37: (-4, 20.5), 267: (4, 20.5), 84: (-4, 27.5), 314: (4, 27.5)}
    for index, place in places.items():
        points[index] = place
    for side, (ring, lids) in zip((-1, 1), zip(region.EYES, region.LIDS, strict=True), strict=True):
        around = np.arange(len(ring)) / len(ring) * 2 * np.pi
        points[list(ring)] = np.array([side * EYE_X, EYE_Y]) + np.stack([np.cos(around) * 9, np.sin(around) * 6], 1)
        for index, x in zip(lids, (6, 2, -2, -6, -2, 2), strict=True):
            points[index] = (side * (EYE_X + x), EYE_Y)
    depth = -20 * (1 - np.square(points[:, 0] / HALF[0]) - 0.5 * np.square(points[:, 1] / HALF[1]))
    return np.column_stack([points, depth])
