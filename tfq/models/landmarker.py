"""MediaPipe's Face Landmarker."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from tfq.faces.landmarks import Landmarks
from tfq.types import Floats, Picture

log = logging.getLogger(__name__)


class Landmarker:
    """MediaPipe's Face Landmarker for one face in video, without its chatter on standard error.

    A context manager. What it finds is read from the library's own memory: MediaPipe makes an object of each of 478 points
    and 52 scores for every frame, which costs more than drawing the picture it looks at.
    """

    def __init__(self, model: bytes) -> None:
        from mediapipe.tasks.python import BaseOptions, vision
        from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarkerResultC

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO,
            num_faces=1,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        with hushed():
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
        self._result = FaceLandmarkerResultC
        self._ran = False

    def find(self, view: Picture, time_ms: int) -> Landmarks | None:
        """Find the face in a picture; times must rise strictly."""
        if self._ran:
            return self._find(view, time_ms)
        with hushed():
            found = self._find(view, time_ms)
        self._ran = True
        return found

    def _find(self, view: Picture, time_ms: int) -> Landmarks | None:
        import mediapipe

        image = mediapipe.Image(mediapipe.ImageFormat.SRGB, view)
        result, library = self._result(), self._landmarker._lib
        # The names with an underscore are MediaPipe's own; its version is pinned.
        library.MpFaceLandmarkerDetectForVideo(
            self._landmarker._handle, image._image_ptr, None, time_ms, ctypes.byref(result)
        )
        try:
            return _landmarks(result) if result.face_landmarks_count else None
        finally:
            library.MpFaceLandmarkerCloseResult(ctypes.byref(result))

    def close(self) -> None:
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _landmarks(result: Any) -> Landmarks:
    """Copied out of the C structures of the first face."""
    points, shapes = result.face_landmarks[0], result.face_blendshapes[0]
    return Landmarks(
        _floats(points.landmarks, points.landmarks_count, "x", "y", "z"),
        _floats(shapes.categories, shapes.categories_count, "score")[:, 0],
        result.facial_transformation_matrixes[0].to_numpy(),
    )


def _floats(first: Any, count: int, *fields: str) -> Floats:
    """Float fields of `count` C structures that lie one after the other, `[count, len(fields)]` float32."""
    kind = type(first.contents)
    step = ctypes.sizeof(kind)
    memory = memoryview((ctypes.c_char * (step * count)).from_address(ctypes.addressof(first.contents)))
    columns = [np.ndarray(count, np.float32, memory, getattr(kind, name).offset, (step,)) for name in fields]
    return np.stack(columns, axis=1)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what native code writes to file descriptor 2 for the debug log: no setting of MediaPipe stops its lines."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                said.seek(0)
                for line in said.read().decode(errors="replace").splitlines():
                    log.debug("mediapipe: %s", line)
    finally:
        os.close(kept)
