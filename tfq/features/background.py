"""Motion of what is behind the head, from portraits: a generated head often drags or bends it."""

from __future__ import annotations

import numpy as np

from tfq.faces.portrait import EVERY, SIDE, placed, within
from tfq.features import face_points as at
from tfq.features import portraits
from tfq.features.measurement import Clip, Column
from tfq.features.regions import OVAL, grown, hull
from tfq.types import Floats, Mask, Picture

_HEAD = 1.45  # size of the head with its hair over that of the face's outline
_LEAST = 300  # pixels with texture, without which no motion can be seen
_TEXTURE = 4.0  # grey levels of gradient
_MOVED = 0.03  # eye distances of head motion, under which nothing can follow it

_D = "eye distances"
COLUMNS = (
    Column("background_motion", _D, 0, 0.5, "none", "Shift of the background in 0.2 s, its median: the camera's."),
    Column("background_warp", _D, 0, 0.3, "lower", "Motion of the background that is no common shift."),
    Column(
        "background_residual", "grey levels", 0, 15, "lower", "Change of the background that motion does not explain."
    ),
    Column("background_along", _D, -0.5, 0.5, "none", "Shift of the background along the head's own, in 0.2 s."),
)


def measure(clip: Clip) -> dict[str, Floats]:
    """Columns `[T]`; NaN in the first portrait, without texture beside the head, and where there is no face."""
    rows, before, last = [], None, None
    flow = None
    for picture, frame in portraits.each(clip):
        row = np.full(len(COLUMNS), np.nan)
        if frame is not None and before is not None and last == frame - EVERY:
            import cv2

            flow = flow or cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
            row = _compare(picture, before, clip.landmarks[frame], clip.landmarks[last], flow)
        rows.append(row)
        before, last = (picture, frame) if frame is not None else (None, None)
    held = portraits.held(np.array(rows).reshape(-1, len(COLUMNS)), clip)
    return {column.name: series for column, series in zip(COLUMNS, held.T, strict=True)}


def follows(values: dict[str, Floats], clip: Clip) -> float:
    """Regression of the background's shift on the head's: 0 where it stands still, 1 where it sticks to the head."""
    shift = head_shift(clip)
    size = np.linalg.norm(shift, axis=1)
    along = values["background_along"]
    use = np.isfinite(along) & np.isfinite(size) & (size > _MOVED)
    use &= np.arange(clip.length) % EVERY == 0
    return float((along[use] * size[use]).sum() / (size[use] ** 2).sum()) if use.sum() >= 5 else float("nan")


def head_shift(clip: Clip) -> Floats:
    """Way of the face's middle since the portrait before, `[T, 2]` eye distances."""
    middle = clip.landmarks[:, list(OVAL), :2].mean(1)
    shift = np.full((clip.length, 2), np.nan)
    shift[EVERY:] = middle[EVERY:] - middle[:-EVERY]
    return shift / at.eye_distance(clip.landmarks)[:, None]


def _compare(picture: Picture, before: Picture, points: Floats, points_before: Floats, flow: object) -> Floats:
    import cv2

    now, then = placed(points), placed(points_before)
    scale = now[2] / then[2]
    shift = [(now[axis] - then[axis]) * SIDE / then[2] + 0.5 * (scale - 1) for axis in (0, 1)]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    size, inverse = (SIDE, SIDE), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    was = np.asarray(cv2.warpAffine(before, matrix, size, flags=inverse), np.uint8)
    seen = np.asarray(cv2.warpAffine(np.ones_like(before), matrix, size, flags=inverse)) > 0
    mask = _behind(points, points_before, seen, picture)
    if mask.sum() < _LEAST:
        return np.full(len(COLUMNS), np.nan)
    field = flow.calc(picture, was, None)  # type: ignore[attr-defined]
    x, y = np.meshgrid(*2 * [np.arange(SIDE, dtype=np.float32)])
    warped = cv2.remap(was, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    left = cv2.absdiff(picture, warped)[mask].astype(np.float32)
    eye = float(at.eye_distance(points[None])[0]) * SIDE / now[2]
    moved = -field[mask] / eye  # the flow leads back in time
    common = np.median(moved, axis=0)
    head = (points[list(OVAL), :2].mean(0) - points_before[list(OVAL), :2].mean(0)) * SIDE / now[2] / eye
    way = float(np.linalg.norm(head))
    along = float(common @ head) / way if way > 1e-6 else 0.0
    warp = float(np.linalg.norm(moved - common, axis=1).mean())
    return np.array([np.linalg.norm(common), warp, left.mean(), along])


def _behind(points: Floats, points_before: Floats, seen: Mask, picture: Picture) -> Mask:
    """Textured pixels beside and above the head in both portraits, not under the chin, where the body moves."""
    import cv2

    head = within(points)
    shown = seen & ~hull(grown(head[list(OVAL)], _HEAD), SIDE)
    old = within(points) + (points_before[:, :2] - points[:, :2]) * (SIDE / placed(points)[2])
    shown &= ~hull(grown(old[list(OVAL)], _HEAD), SIDE)
    shown &= np.arange(SIDE)[:, None] < head[at.CHIN, 1]
    gradient = np.abs(cv2.Sobel(picture, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(picture, cv2.CV_32F, 0, 1))
    return np.asarray(shown & (cv2.blur(gradient / 8, (5, 5)) > _TEXTURE / 2))
