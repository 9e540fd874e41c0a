"""Faces bent: the picture is warped so that landmarks come to lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from tfq.artefacts import region
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Mask, Picture, Points

GRID = 40  # nodes along each side of the field of displacements
SPREAD = 0.045  # reach of a landmark's displacement, in face sizes
ROOM = 0.35  # of the field around the face, in face sizes; it fades to nothing there
LATE_FRAMES = 3  # how late the weak half of a lopsided face moves
LONGEST_WAY = 0.3  # face sizes that a head is moved at most
FEATURES, FEATURE_SIZE = 6, 0.16  # parts of the face that become another's, and their reach in face sizes
NODES = 9  # of the swimming background, along each side
SWIM_FRAMES = 1.6  # frames over which the swimming changes


def mumbling(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Lips and chin drawn towards the clip's closed mouth."""
    return _towards(pictures, scene, _closed, share, _below_nose)


def exaggerating_mouth(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Lips and chin driven away from the clip's closed mouth."""
    return _towards(pictures, scene, _closed, -share, _below_nose)


def damped(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Every point of the face drawn towards its place in the clip's usual face."""
    return _towards(pictures, scene, _usual, share, _everywhere)


def exaggerated(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Every point of the face driven away from its place in the clip's usual face."""
    return _towards(pictures, scene, _usual, -share, _everywhere)


def lopsided(pictures: Iterable[Picture], scene: Scene, hang: float) -> Iterator[Picture]:
    """One half of the mouth, cheek and brow hangs, and shows where it was a moment ago."""
    side = int(scene.random().integers(2))
    laid, back = region.steady(_landmarks(scene))
    usual = np.nanmean(laid, 0) if np.isfinite(laid).any() else laid[0]
    # The weak half: beyond the line from nasion to chin, most at the corner of mouth and brow.
    axis = usual[region.CHIN] - usual[region.NASION]
    beside = (usual - usual[region.NASION]) @ np.cross(axis, (0, 0, 1)) / np.linalg.norm(axis)
    size = region.size_of(usual[:, :2].astype(np.float32)) if np.isfinite(usual).all() else 1.0
    weak = np.clip((beside if side else -beside) / (0.2 * size), 0, 1) * ~np.isin(np.arange(len(usual)), region.OVAL)
    late = np.clip(hang / 0.03, 0, 1)

    def shift(i: int, points: Points) -> Floats:
        before = laid[max(0, i - LATE_FRAMES)]
        lag = np.nan_to_num(before - laid[i]) * late
        sag = axis / np.linalg.norm(axis) * hang * size
        there: Floats = region.moved(laid[i] + weak[:, None] * (lag + sag), back[i])[:, :2] - points
        return there

    return _bent(pictures, scene, shift)


def trembling(pictures: Iterable[Picture], scene: Scene, amount: float) -> Iterator[Picture]:
    """Each frame's face moved by a step of its own, eyes and mouth a little differently."""

    def shift(i: int, points: Points) -> Floats:
        random, size = scene.random(i), region.size_of(points)
        whole, parts = random.normal(0, amount * size, 2), random.normal(0, 0.5 * amount * size, (2, 2))
        low = np.linalg.norm(points - points[region.NASION], axis=1) / (1.0 * size)
        low = np.clip(low, 0, 1)[:, None]
        step: Floats = whole + low * parts[0] + (1 - low) * parts[1]
        return step

    return _bent(pictures, scene, shift)


def still_head(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """The head drawn towards its usual place and pose in the span; a far way is not gone to its end."""
    laid, back = region.steady(_landmarks(scene))
    inside = back[scene.span.start : scene.span.stop]
    known = inside[np.isfinite(inside).all((1, 2))]
    usual = np.median(known, 0) if len(known) else np.zeros((3, 4))

    def shift(i: int, points: Points) -> Floats:
        way = region.moved(laid[i], usual)[:, :2] - points
        length = np.linalg.norm(way, axis=1, keepdims=True)
        longest = LONGEST_WAY * region.size_of(points)
        there: Floats = share * way * longest / (longest + length)
        return there

    return _bent(pictures, scene, shift)


def drifting(pictures: Iterable[Picture], scene: Scene, amount: float) -> Iterator[Picture]:
    """The shape of the face changes from its own, at the start of the span, to another one at the end."""
    laid, back = region.steady(_landmarks(scene))
    usual = _usual(laid)
    size = region.size_of(usual[:, :2].astype(np.float32)) if np.isfinite(usual).all() else 1.0
    other = _other_shape(usual, size, scene.random())

    def shift(i: int, points: Points) -> Floats:
        grown = amount * size * (i - scene.span.start + 1) / len(scene.span)
        return region.moved(laid[i] + grown * other, back[i])[:, :2] - points

    return _bent(pictures, scene, shift)


def _other_shape(face: Floats, size: float, random: np.random.Generator) -> Floats:
    """`[478, 3]` how another person's points lie, alike on both sides; 1 is the root mean square over the inner face."""
    down = face[region.CHIN] - face[region.NASION]
    down = down / max(float(np.linalg.norm(down)), 1e-9)
    across = np.cross(down, (0, 0, 1))
    place = (face - face[region.NASION]) / size
    x, y = place @ across, place @ down
    step = np.zeros(face.shape)
    for _ in range(FEATURES):
        centre, way = (random.uniform(0, 0.4), random.uniform(-0.3, 0.7)), random.normal(size=2)
        near = np.exp(-(np.square(np.abs(x) - centre[0]) + np.square(y - centre[1])) / (2 * FEATURE_SIZE**2))
        step += near[:, None] * (way[0] * np.tanh(x / 0.1)[:, None] * across + way[1] * down)
    return step / max(float(np.sqrt(np.mean(np.sum(step**2, 1)))), 1e-9)


def wobbling(pictures: Iterable[Picture], scene: Scene, amount: float) -> Iterator[Picture]:
    """The picture swims like seen through water, outside the inner face and most at its edge."""
    random = scene.random()
    field = random.normal(size=(len(scene.span), NODES, NODES, 2))
    field = gaussian_filter1d(gaussian_filter1d(gaussian_filter1d(field, SWIM_FRAMES, 0), 0.7, 1), 0.7, 2)
    field /= max(field.std(), 1e-9)
    for i, picture in enumerate(pictures):
        points = scene.face(i)
        patch = region.soft(points, [region.OVAL], picture.shape, 0.06) if points is not None else None
        if points is None or patch is None:
            yield picture
            continue
        height, width = picture.shape[:2]
        size = region.size_of(points)
        outside = np.ones((height, width), np.float32)
        outside[patch.rows, patch.columns] = 1 - patch.weight[..., 0]
        # Renderers swim at the outline; far away from the face they mostly copy.
        far = _distance_from(points, (height, width)) / size
        strength = outside * (0.35 + 0.65 * np.exp(-np.square(far / 0.35))) * amount * size
        waves = field[i - scene.span.start].astype(np.float32)
        flow = cv2.resize(waves, (width, height), interpolation=cv2.INTER_CUBIC)
        yield _resampled(picture, flow * strength[..., None], 0, 0)


def _landmarks(scene: Scene) -> Points:
    return scene.landmarks if scene.landmarks is not None else np.full((scene.frames, 478, 3), np.nan, np.float32)


def _towards(
    pictures: Iterable[Picture],
    scene: Scene,
    target: Callable[[Floats], Floats],
    share: float,
    which: Callable[[Floats], Mask],
) -> Iterator[Picture]:
    """Chosen points moved by a share of the way to where they lie in the target face, under the head's own pose."""
    laid, back = region.steady(_landmarks(scene))
    goal = target(laid)
    chosen = which(goal)[:, None]

    def shift(i: int, points: Points) -> Floats:
        there = region.moved(laid[i] + share * (goal - laid[i]), back[i])[:, :2]
        return np.where(chosen, there - points, 0.0)

    return _bent(pictures, scene, shift)


def _usual(laid: Floats) -> Floats:
    known = laid[np.isfinite(laid).all((1, 2))]
    usual: Floats = np.median(known, 0) if len(known) else laid[0]
    return usual


def _closed(laid: Floats) -> Floats:
    """The mean of the tenth of the faces whose lips are closest together."""
    known = laid[np.isfinite(laid).all((1, 2))]
    if not len(known):
        return _usual(laid)
    opening = np.linalg.norm(known[:, region.INNER_TOP] - known[:, region.INNER_BOTTOM], axis=1)
    shut: Floats = known[np.argsort(opening)[: max(1, len(known) // 10)]].mean(0)
    return shut


def _below_nose(face: Floats) -> Mask:
    axis = face[region.CHIN] - face[region.NASION]
    below: Mask = face @ axis > face[region.NOSE_BASE] @ axis
    return below


def _everywhere(face: Floats) -> Mask:
    return np.ones(len(face), bool)


def _bent(pictures: Iterable[Picture], scene: Scene, shift: Callable[[int, Points], Floats]) -> Iterator[Picture]:
    """Pictures in which each landmark lies `shift(frame, points)` `[478, 2]` px from where it was."""
    for i, picture in enumerate(pictures):
        points = scene.face(i)
        if points is None:
            yield picture
            continue
        size = region.size_of(points)
        low = np.maximum(np.floor(points.min(0) - ROOM * size), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + ROOM * size), picture.shape[1::-1]).astype(int)
        if (high - low < GRID // 4).any():
            yield picture
            continue
        flow = _field(points, shift(i, points), low, high, size)
        out = picture.copy()
        inside = slice(low[1], high[1]), slice(low[0], high[0])
        out[inside] = _resampled(picture, flow, low[0], low[1])
        yield out


def _field(points: Points, shift: Floats, low: Floats, high: Floats, size: float) -> Floats:
    """Displacements of every pixel between two corners, `[h, w, 2]`: means of the landmarks' own, by nearness.

    Where no landmark is near, the field fades to nothing, and so it does towards the border of the piece.
    """
    x, y = (np.linspace(low[axis], high[axis] - 1, GRID) for axis in (0, 1))
    arrived = points + shift
    near_x = np.exp(-np.square((x[:, None] - arrived[:, 0]) / (SPREAD * size)) / 2)  # [GRID, 478]
    near_y = np.exp(-np.square((y[:, None] - arrived[:, 1]) / (SPREAD * size)) / 2)
    weight = near_y @ near_x.T + 0.02
    flow = np.stack([near_y @ (near_x * shift[:, axis]).T / weight for axis in (0, 1)], -1)
    ramp = np.clip(np.minimum(np.arange(GRID), np.arange(GRID)[::-1]) / 4, 0, 1)
    flow *= (ramp[:, None] * ramp)[..., None]
    extent = (int(high[0] - low[0]), int(high[1] - low[1]))
    return np.asarray(cv2.resize(flow.astype(np.float32), extent, interpolation=cv2.INTER_CUBIC), np.float32)


def _resampled(picture: Picture, flow: Floats, left: int, top: int) -> Picture:
    """The piece of the picture under `flow`, each pixel fetched from where it came."""
    height, width = flow.shape[:2]
    x = np.arange(left, left + width, dtype=np.float32) - flow[..., 0]
    y = np.arange(top, top + height, dtype=np.float32)[:, None] - flow[..., 1]
    x, y = x.astype(np.float32), y.astype(np.float32)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8)


def _distance_from(points: Points, shape: tuple[int, int]) -> Floats:
    """Distance of each pixel from the face's outline, 0 inside; `[H, W]` px."""
    outside = np.ones(shape, np.uint8)
    outline = cv2.convexHull(points[list(region.OVAL)].astype(np.float32))
    cv2.fillConvexPoly(outside, np.rint(outline).astype(np.int32), 0)
    distance: Floats = np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, 3), np.float32)
    return distance
