"""Parts of the face, or whole pictures, held still for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tfq import timebase
from tfq.artefacts import region
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Ints, Mask, Picture, Points

CLOSED = 0.6  # an eye is shut under this part of its usual aspect ratio
LID_FRAMES = 2  # frames that lids take to close and to open
PAUSE_OPENING = 0.25  # lips are closed under this share of the way from their closest to their widest
PAUSE_FRAMES = 4  # for which they must have been closed


def frozen_mouth(pictures: Iterable[Picture], scene: Scene, held_s: float) -> Iterator[Picture]:
    """The mouth of one moment pasted over the next ones, turned and scaled with the head."""
    return _held(pictures, scene, _every(scene, held_s), _Part((region.MOUTH,), 0.035))


def frozen_upper_face(pictures: Iterable[Picture], scene: Scene, held_s: float) -> Iterator[Picture]:
    """Brows, eyes and forehead of one moment over the next ones."""
    return _held(pictures, scene, _every(scene, held_s), _Part((region.UPPER,), 0.05))


def late_onsets(pictures: Iterable[Picture], scene: Scene, late_s: float) -> Iterator[Picture]:
    """The mouth that ends a pause held a while longer, and so the one that begins the span."""
    shown = np.arange(scene.frames)
    for onset in onsets(scene):
        stop = min(onset + max(2, round(late_s * timebase.FPS) + 1), scene.span.stop)
        shown[onset:stop] = np.minimum(shown[onset:stop], onset)
    return _held(pictures, scene, shown, _Part((region.MOUTH,), 0.035))


def onsets(scene: Scene) -> list[int]:
    """Frames of the span at which lips that were closed for a while begin to open; the first frame is one."""
    first = [scene.span.start] if len(scene.span) else []
    if scene.landmarks is None or not first:
        return first
    lips = scene.landmarks[: scene.frames, [region.INNER_TOP, region.INNER_BOTTOM], :2]
    gap = np.linalg.norm(lips[:, 0] - lips[:, 1], axis=1)
    inside = gap[scene.span.start : scene.span.stop]
    if not np.isfinite(inside).any():
        return first
    low, high = np.nanquantile(inside, (0.1, 0.9))
    shut = np.nan_to_num(gap, nan=np.inf) < low + PAUSE_OPENING * (high - low)
    length = 0
    for i in scene.span:
        if not shut[i] and length >= PAUSE_FRAMES and i - 1 - first[-1] >= PAUSE_FRAMES:
            first.append(i - 1)
        length = length + 1 if shut[i] else 0
    return first


def no_blinks(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """The eyes as they were before each blink, shown over it as strongly as `share` says.

    Where nobody blinks, every picture stays as it is.
    """
    return _held(pictures, scene, _open_eyes(scene), _Part(region.EYES, 0.012, share))


def repeated(pictures: Iterable[Picture], scene: Scene, held: float) -> Iterator[Picture]:
    """Each picture is shown for `held` frames."""
    kept: Picture | None = None
    for i, picture in enumerate(pictures):
        if i not in scene.span:
            yield picture
            continue
        if kept is None or (i - scene.span.start) % int(held) == 0:
            kept = picture
        yield kept


def blinks(landmarks: Points) -> Mask:
    """`[T]` the frames in which the eyes are shut or on their way (eye aspect ratio, Soukupova and Cech 2016)."""
    ratio = np.mean([_aspect(landmarks[:, list(lids), :2]) for lids in region.LIDS], axis=0)
    known = np.isfinite(ratio)
    usual = float(np.quantile(ratio[known], 0.7)) if known.any() else np.nan
    shut = known & (ratio < CLOSED * usual)
    wide = np.convolve(shut, np.ones(2 * LID_FRAMES + 1))[LID_FRAMES:-LID_FRAMES] > 0
    return np.asarray(wide & known, bool)


def has_blinks(scene: Scene) -> bool:
    """Some eye in the span is shut after it was open."""
    shown = _open_eyes(scene)
    return bool((shown != np.arange(len(shown))).any())


def _aspect(lids: Floats) -> Floats:
    width = np.linalg.norm(lids[:, 0] - lids[:, 3], axis=1)
    height = np.linalg.norm(lids[:, 1] - lids[:, 5], axis=1) + np.linalg.norm(lids[:, 2] - lids[:, 4], axis=1)
    ratio: Floats = height / (2 * np.maximum(width, 1e-6))
    return ratio


def _every(scene: Scene, held_s: float) -> Ints:
    """`[T]` the frame whose face each frame shows."""
    shown = np.arange(scene.frames)
    inside = np.arange(scene.span.start, scene.span.stop)
    hold = min(max(1, round(held_s * timebase.FPS)), scene.frames)
    shown[inside] = scene.span.start + (inside - scene.span.start) // hold * hold
    return shown


def _open_eyes(scene: Scene) -> Ints:
    """`[T]` the frame whose eyes each frame shows: during a blink, the one before it."""
    shown = np.arange(scene.frames)
    if scene.landmarks is None:
        return shown
    shut = blinks(scene.landmarks)[: scene.frames]
    for i in range(scene.span.start + 1, min(scene.span.stop, len(shut))):
        if shut[i]:
            shown[i] = shown[i - 1]
    return shown


@dataclass(frozen=True)
class _Part:
    """A part of the face: hulls of points, softness of its edge in face sizes, and how much of it is replaced."""

    outlines: tuple[tuple[int, ...], ...]
    feather: float
    share: float = 1.0


def _held(pictures: Iterable[Picture], scene: Scene, shown: Ints, part: _Part) -> Iterator[Picture]:
    """Paste a part of an earlier face over each one: `shown[i]` says of which frame; one picture is kept."""
    if scene.landmarks is None:
        yield from pictures
        return
    laid, back = region.steady(scene.landmarks)
    kept: tuple[Picture, int] | None = None
    for i, picture in enumerate(pictures):
        points = scene.face(i)
        # A frame without a face cannot be held: the next one with a face takes its place.
        fresh = points is not None and (shown[i] == i or kept is None)
        if fresh:
            kept = picture, i
        if points is None or kept is None or fresh:
            yield picture
            continue
        before = scene.landmarks[kept[1], :, :2]
        # Where the points would be, had the face not moved while the head did.
        after = region.moved(laid[kept[1]], back[i])[:, :2].astype(np.float32)
        yield _pasted(picture, points, kept[0], (before, after), part)


def _pasted(picture: Picture, points: Points, source: Picture, way: tuple[Points, Points], part: _Part) -> Picture:
    """The part of `source`, laid from its points before to those after, over a picture whose face is at `points`."""
    before, after = way
    count = len(points)
    hulls = [(*outline, *(i + count for i in outline)) for outline in part.outlines]
    both = np.concatenate([points, after])
    patch = region.soft(both, hulls, picture.shape, part.feather)
    if patch is None:
        return picture
    inside = sorted({i for outline in part.outlines for i in outline})
    matrix = region.fitted(before[inside], after[inside])
    matrix[:, 2] -= (patch.columns.start, patch.rows.start)
    size = patch.weight.shape[1::-1]
    piece = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return replace(patch, weight=patch.weight * part.share).laid(picture, piece.astype(np.float32))
