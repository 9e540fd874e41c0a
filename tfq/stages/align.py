"""Landmarks, blendshapes, pose and crops of the judged face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tfq import timebase
from tfq.config import AlignConfig
from tfq.faces.align import eye_distance, fit_similarity, five_points, warp
from tfq.faces.landmarks import BLENDSHAPES, MISSING, Face, Finder
from tfq.faces.mouth import HIDDEN, contrasts, covered, mouth_crop
from tfq.faces.portrait import EVERY, portrait
from tfq.faces.texture import Grain
from tfq.media.guarded import frames
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import GroupWriter, Stamp, TfqFile
from tfq.types import Boxes, Floats, Picture

VERSION = 3
NEEDS = ("extract", "detect")

BLOCK = 25 * EVERY  # frames written at a time
LEAST_FRAMES = 5  # with a face, under which there is nothing to judge


def weights(_config: AlignConfig) -> tuple[str, ...]:
    return ("face_landmarker",)


def run(file: TfqFile, config: AlignConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`, `detect`; replaces `align`.

    Its status is that of `detect` or `no_face` where there is none, and `mouth_hidden` where no landmarks are found on the
    one there is.
    """
    count, distances, contrast = 0, [np.zeros(0)], [np.zeros((0, 2))]
    with file.replacing("align", stamp) as group:
        for block in _blocks(file, config, models):
            _append(group, block, config)
            points = np.array(block.points)
            known = np.isfinite(points[:, 0, 0])
            count += int(known.sum())
            distances.append(eye_distance(points)[known])
            contrast.append(np.reshape(block.contrast, (-1, 2)))
        length = file.info("extract")["frames"]
        group.status = "ok" if count >= LEAST_FRAMES else _reason(file)
        group.info = {
            "coverage": count / length,
            "mouth_covered": covered(*_medians(np.concatenate(contrast))),
            "eye_distance_px": float(np.median(np.concatenate(distances))) if count else None,
            "blendshapes": list(BLENDSHAPES),
        }


def _reason(file: TfqFile) -> str:
    """Why there are no landmarks."""
    if file.status("detect") != "ok":
        return file.status("detect")
    return HIDDEN if file.array("detect/valid").sum() >= LEAST_FRAMES else "no_face"


def _medians(values: Floats) -> Floats:
    """Median of each column, NaN where nothing is known."""
    known = values[np.isfinite(values).all(axis=1)]
    return np.asarray(np.median(known, axis=0) if len(known) else np.full(values.shape[1], np.nan))


@dataclass
class _Block:
    grain: Grain
    points: list[Floats] = field(default_factory=list)
    shapes: list[Floats] = field(default_factory=list)
    pose: list[Floats] = field(default_factory=list)
    transform: list[Floats] = field(default_factory=list)
    crops: list[Picture] = field(default_factory=list)
    large: list[Picture] = field(default_factory=list)
    mouths: list[Picture] = field(default_factory=list)
    texture: list[Floats] = field(default_factory=list)
    portraits: list[Picture] = field(default_factory=list)
    contrast: list[tuple[float, float]] = field(default_factory=list)

    def add(self, face: Face | None, picture: Picture, config: AlignConfig) -> None:
        face = face or MISSING
        five = five_points(face.points[None])
        self.points.append(face.points)
        self.shapes.append(face.blendshapes)
        self.pose.append(face.pose)
        self.transform.append(fit_similarity(five, config.size, config.margin)[0])
        self.crops.append(warp(picture, self.transform[-1], config.size))
        self.mouths.append(mouth_crop(picture, face.points))
        self.texture.append(self.grain(picture, face.points))
        if (len(self.points) - 1) % EVERY == 0:
            self.portraits.append(portrait(picture, face.points))
            if np.isfinite(self.transform[-1]).all():
                turn, shift = self.transform[-1][:, :2], self.transform[-1][:, 2]
                self.contrast.append(contrasts(self.crops[-1], face.points[:, :2] @ turn.T + shift))
        if config.large_size:
            transform = fit_similarity(five, config.large_size, config.margin)[0]
            self.large.append(warp(picture, transform, config.large_size))


def _blocks(file: TfqFile, config: AlignConfig, models: Models) -> Iterator[_Block]:
    grain = Grain()
    block = _Block(grain)
    for face, picture in _faces(file, config, models):
        block.add(face, picture, config)
        if len(block.points) == BLOCK:
            yield block
            block = _Block(grain)
    if block.points:
        yield block


def _faces(file: TfqFile, config: AlignConfig, models: Models) -> Iterator[tuple[Face | None, Picture]]:
    """The judged face of each frame; a new landmarker for each scene, since its tracker remembers."""
    boxes, cuts = _boxes(file), set(file.info("detect")["cuts"])
    landmarker, finder = None, None
    try:
        for frame, picture in frames(
            open_source(file), file.array("extract/picture"), threads=models.threads or 0, lent=True
        ):
            if frame in cuts and landmarker is not None:
                landmarker.close()
                landmarker = None
            if not np.isfinite(boxes[frame, 0]):
                yield None, picture
                continue
            if landmarker is None:
                landmarker = models.landmarker()
                finder = Finder(landmarker, config.reach)
            if finder is not None:
                yield finder.find(picture, boxes[frame], round(timebase.milliseconds_of(frame))), picture
    finally:
        if landmarker is not None:
            landmarker.close()


def _boxes(file: TfqFile) -> Boxes:
    """Box of the judged track in each frame, `[T, 4]`; NaN where it is not there or the picture is no good."""
    chosen = file.info("detect")["judged_track"]
    valid = file.array("detect/valid")
    if chosen is None:
        return np.full((len(valid), 4), np.nan, np.float32)
    return np.where(valid[:, None], file.array("detect/boxes")[chosen], np.nan)


def _append(group: GroupWriter, block: _Block, config: AlignConfig) -> None:
    points = np.array(block.points, np.float32)
    group.append("landmarks", points)
    group.append("blendshapes", np.array(block.shapes, np.float32))
    group.append("pose", np.array(block.pose, np.float32))
    group.append("transform", np.array(block.transform, np.float32))
    group.append("crops", np.array(block.crops))
    group.append("mouths", np.array(block.mouths))
    group.append("texture", np.array(block.texture))
    group.append("portraits", np.array(block.portraits))
    if config.large_size:
        group.append("large_crops", np.array(block.large))
    group.append("valid", np.isfinite(points[:, 0, 0]))
