"""How the picture is rendered: sharpness, patches, colour, grain, squares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from tfq.artefacts import region
from tfq.artefacts.scene import Scene
from tfq.types import Picture, Points

SQUARES = 60  # blocks along the height of the picture: 8 px at 480 lines, as H.264 and MPEG have them


def blur(pictures: Iterable[Picture], scene: Scene, width: float) -> Iterator[Picture]:
    """Gaussian blur of the face with a soft edge."""

    def change(picture: Picture, points: Points, _: np.random.Generator) -> Picture:
        patch = region.soft(points, [region.OVAL], picture.shape, 0.03, grow=0.04)
        if patch is None:
            return picture
        blurred = cv2.GaussianBlur(patch.cut(picture), (0, 0), width * region.size_of(points))
        return patch.laid(picture, np.asarray(blurred, np.float32))

    return _each_face(pictures, scene, change)


def mouth_patch(pictures: Iterable[Picture], scene: Scene, across: float, border: float) -> Iterator[Picture]:
    """A box around the lower face made of few pixels and a little brighter or darker, as Wav2Lip leaves it."""
    sign = scene.random().choice([-1.0, 1.0])

    def change(picture: Picture, points: Points, _: np.random.Generator) -> Picture:
        lower, size = points[list(region.LOWER)], region.size_of(points)
        left, right = lower[:, 0].min(), lower[:, 0].max()
        top, bottom = points[region.NOSE_BASE, 1] - 0.12 * size, lower[:, 1].max() + 0.03 * size
        rows = slice(max(0, round(top)), min(picture.shape[0], round(bottom)))
        columns = slice(max(0, round(left)), min(picture.shape[1], round(right)))
        piece = picture[rows, columns]
        if min(piece.shape[:2], default=0) < 4:
            return picture
        small = (max(3, round(across)), max(3, round(across * piece.shape[0] / piece.shape[1])))
        few = cv2.resize(piece, small, interpolation=cv2.INTER_AREA) if small[0] < piece.shape[1] else piece
        coarse = cv2.resize(few, piece.shape[1::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32) + sign * border
        out = picture.copy()
        out[rows, columns] = np.clip(np.rint(coarse), 0, 255).astype(np.uint8)
        return out

    return _each_face(pictures, scene, change)


def smoothing(pictures: Iterable[Picture], scene: Scene, levels: float) -> Iterator[Picture]:
    """Edge-preserving smoothing (Tomasi and Manduchi 1998) of the face."""

    def change(picture: Picture, points: Points, _: np.random.Generator) -> Picture:
        patch = region.soft(points, [region.OVAL], picture.shape, 0.03)
        if patch is None:
            return picture
        # At a fixed size of the face: the cost of the filter grows with the square of its reach.
        piece, scale = patch.cut(picture), min(1.0, 160 / region.size_of(points))
        small = cv2.resize(piece, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        flat = cv2.bilateralFilter(small, 15, levels, 6.0)
        lost = cv2.resize(small - flat, piece.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        finest = piece - cv2.resize(small, piece.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return patch.laid(picture, piece - lost - np.clip(finest, -levels / 2, levels / 2))

    return _each_face(pictures, scene, change)


def colour_shift(pictures: Iterable[Picture], scene: Scene, levels: float) -> Iterator[Picture]:
    """The lower face in another hue and brightness, from the seed and the same through the span."""
    turn = scene.random().uniform(0, 2 * np.pi)
    # Along two axes of chroma and, weaker, luma.
    shift = levels * (np.cos(turn) * np.array([1.0, -0.4, -0.5]) + np.sin(turn) * np.array([-0.35, -0.25, 1.0]) + 0.25)

    def change(picture: Picture, points: Points, _: np.random.Generator) -> Picture:
        patch = region.soft(points, [(*region.LOWER, 2)], picture.shape, 0.012)
        return picture if patch is None else patch.laid(picture, patch.cut(picture) + shift.astype(np.float32))

    return _each_face(pictures, scene, change)


def flicker(pictures: Iterable[Picture], scene: Scene, amount: float) -> Iterator[Picture]:
    """The face brighter and darker from frame to frame, unevenly."""

    def change(picture: Picture, points: Points, random: np.random.Generator) -> Picture:
        patch = region.soft(points, [region.OVAL], picture.shape, 0.04, grow=0.03)
        if patch is None:
            return picture
        piece = patch.cut(picture)
        uneven = random.normal(0, 0.6 * amount, (3, 3)) + random.normal(0, amount)
        gain = cv2.resize(uneven.astype(np.float32), piece.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return patch.laid(picture, piece * (1 + gain[..., None]))

    return _each_face(pictures, scene, change)


def grain(pictures: Iterable[Picture], scene: Scene, levels: float) -> Iterator[Picture]:
    """Gaussian noise of its own in every frame, mostly in brightness."""

    def change(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        luma = cv2.GaussianBlur(random.standard_normal((height, width), np.float32), (0, 0), 0.6)
        # Sensors and encoders both keep less of colour: its grain is twice as coarse.
        coarse = random.standard_normal((-(-height // 2), -(-width // 2), 3), np.float32)
        chroma = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        noisy = picture + np.float32(levels) * (luma[..., None] / luma.std() + np.float32(0.3) * chroma)
        return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)

    return _each(pictures, scene, change)


def blocking(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Squares drawn towards their own mean."""

    def change(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        side = max(4, round(height / SQUARES))
        rows, columns = -(-height // side), -(-width // side)
        whole = cv2.copyMakeBorder(picture, 0, rows * side - height, 0, columns * side - width, cv2.BORDER_REPLICATE)
        mean = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
        flat = cv2.resize(mean, whole.shape[1::-1], interpolation=cv2.INTER_NEAREST)[:height, :width]
        return np.asarray(cv2.addWeighted(flat, share, picture, 1 - share, 0), np.uint8)

    return _each(pictures, scene, change)


def _each(
    pictures: Iterable[Picture], scene: Scene, change: Callable[[Picture, np.random.Generator], Picture]
) -> Iterator[Picture]:
    for i, picture in enumerate(pictures):
        yield change(picture, scene.random(i)) if i in scene.span else picture


def _each_face(
    pictures: Iterable[Picture], scene: Scene, change: Callable[[Picture, Points, np.random.Generator], Picture]
) -> Iterator[Picture]:
    for i, picture in enumerate(pictures):
        points = scene.face(i)
        yield picture if points is None else change(picture, points, scene.random(i))
