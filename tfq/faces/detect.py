"""Finding faces in one picture: SCRFD (Guo et al. 2021, arXiv:2105.04714) and BlazeFace (Bazarevsky et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np

from tfq.types import Boxes, Floats, Picture, Points

STRIDES = (8, 16, 32)
ANCHORS = 2  # a cell
SAME = 0.4  # IoU over which two boxes are one face
SMALL_FACE = 0.09  # of the longer side: below this, 320 px leave a face fewer than 30 pixels


@dataclass(frozen=True)
class Detections:
    """Faces of one picture, best first: `boxes` `[F, 4]`, `points` `[F, 5, 2]` in source pixels, `scores` `[F]`.

    The five points are eyes, nose tip and mouth corners, image-left first.
    """

    boxes: Boxes
    points: Points
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)


Detector: TypeAlias = Callable[[Picture], Detections]


def scrfd(session: Any, size: int, small_size: int, threshold: float) -> Detector:
    """A detector that looks at `size` pixels, and again at `small_size` where it finds nothing or only small faces.

    Args:
        session: ONNX Runtime session of SCRFD with free input size.
        size, small_size: longer side of the picture the network sees.
        threshold: least score of a face.
    """

    def detect(picture: Picture) -> Detections:
        found = _scrfd_at(session, picture, size, threshold)
        sides = found.boxes[:, 2] - found.boxes[:, 0]
        if small_size > size and (not len(found) or sides.max() < SMALL_FACE * max(picture.shape)):
            closer = _scrfd_at(session, picture, small_size, threshold)
            found = closer if len(closer) >= len(found) else found
        return found

    return detect


def blazeface(network: Any, threshold: float) -> Detector:
    """A detector on MediaPipe's short-range network (selfie distance).

    Args:
        network: a `FaceDetector` task of MediaPipe in picture mode.
        threshold: least score of a face.
    """

    def detect(picture: Picture) -> Detections:
        import mediapipe as mp

        height, width = picture.shape[:2]
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
        faces = [face for face in network.detect(image).detections if face.categories[0].score >= threshold]
        boxes = np.array([_corners(face.bounding_box) for face in faces], np.float32).reshape(-1, 4)
        # Eyes, nose, mouth (one point), ears: the mouth's corners are put a quarter of the eye distance to its sides.
        points = np.array([[(p.x * width, p.y * height) for p in face.keypoints[:4]] for face in faces], np.float32)
        points = points.reshape(-1, 4, 2)
        half = (points[:, 1:2] - points[:, 0:1]) * 0.4
        points = np.concatenate([points[:, :3], points[:, 3:] - half, points[:, 3:] + half], axis=1)
        return _best_first(boxes, points, np.array([face.categories[0].score for face in faces], np.float32))

    return detect


def overlap(one: Boxes, other: Boxes) -> Floats:
    """Intersection over union of each of `[A, 4]` with each of `[B, 4]` boxes, `[A, B]`; NaN boxes overlap nothing."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    sizes = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    return np.asarray(np.nan_to_num(shared / np.maximum(sizes[0][:, None] + sizes[1][None] - shared, 1e-9)))


def _scrfd_at(session: Any, picture: Picture, size: int, threshold: float) -> Detections:
    ratio = size / max(picture.shape[:2])
    height, width = (max(1, round(side * ratio)) for side in picture.shape[:2])
    shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR)
    # Only as much padding as the largest stride needs: a wide picture costs half of a square one.
    padded = np.zeros((-(-height // 32) * 32, -(-width // 32) * 32, 3), np.uint8)
    padded[:height, :width] = shrunk
    tensor = ((padded.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
    outputs = session.run(None, {session.get_inputs()[0].name: tensor})
    boxes, points, scores = [], [], []
    for level, stride in enumerate(STRIDES):
        score = outputs[level].reshape(-1)
        chosen = np.flatnonzero(score >= threshold)
        columns = padded.shape[1] // stride
        cell = chosen // ANCHORS
        centre = np.stack([cell % columns, cell // columns], axis=1) * float(stride)  # [F, 2]
        reach = outputs[level + 3].reshape(-1, 4)[chosen] * stride
        boxes.append(np.concatenate([centre - reach[:, :2], centre + reach[:, 2:]], axis=1))
        points.append(centre[:, None] + outputs[level + 6].reshape(-1, 5, 2)[chosen] * stride)
        scores.append(score[chosen])
    return _best_first(np.concatenate(boxes) / ratio, np.concatenate(points) / ratio, np.concatenate(scores))


def _best_first(boxes: Boxes, points: Points, scores: Floats) -> Detections:
    """Sorted by score, one box a face (greedy non-maximum suppression)."""
    order = np.argsort(-scores, kind="stable")
    shared = overlap(boxes, boxes)
    kept: list[int] = []
    for i in order:
        if not kept or shared[i, kept].max() < SAME:
            kept.append(int(i))
    return Detections(boxes[kept].astype(np.float32), points[kept].astype(np.float32), scores[kept].astype(np.float32))


def _corners(box: Any) -> tuple[float, float, float, float]:
    return box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height
