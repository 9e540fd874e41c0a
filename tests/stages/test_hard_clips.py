"""Faces and voices that are hard to judge, or none: each clip ends with its status and one sentence.

Every picture is made of the clip that comes with tfq, or drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator

from tests.lines import DEMO, cut
from tfq.cli.inputs import Item
from tfq.cli.work import Done, Task, do
from tfq.config import Settings
from tfq.media import writer
from tfq.media.frames import frames, timeline
from tfq.media.samples import whole
from tfq.store import TfqFile
from tfq.types import Floats, Picture, Sound

LENGTH_S = 1.2
SHAPE = (360, 640, 3)
GREY = 110
# Landmarks around what a mask covers, from ear to ear and over the bridge of the nose.
MASK = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 195)


@dataclass(frozen=True)
class Speaker:
    """A clip with a face, its pictures `[T, H, W, 3]`, and its landmarks `[T, 478, 3]`."""

    path: Path
    pictures: Picture
    points: Floats
    offset_ms: float


Draw = Callable[[Speaker], Iterator[Picture]]


def grey() -> Picture:
    return np.full(SHAPE, GREY, np.uint8)


def shrunk(picture: Picture, side: int) -> Picture:
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


def placed(picture: Picture, side: int, *corners: tuple[int, int]) -> Picture:
    """Copies of a picture with their upper left corners there."""
    out = grey()
    for x, y in corners:
        out[y : y + side, x : x + side] = shrunk(picture, side)
    return out


def nobody(speaker: Speaker) -> Iterator[Picture]:
    ramp = np.tile(np.linspace(0, 255, SHAPE[1], dtype=np.uint8)[None, :, None], (SHAPE[0], 1, 3))
    return (np.roll(ramp, index, 1) for index in range(len(speaker.pictures)))


def tiny(speaker: Speaker) -> Iterator[Picture]:
    return (placed(picture, 20, (300, 170)) for picture in speaker.pictures)


def cartoon(speaker: Speaker) -> Iterator[Picture]:
    for index in range(len(speaker.pictures)):
        out = grey()
        cv2.circle(out, (320, 180), 110, (250, 220, 60), -1)
        for x in (280, 360):
            cv2.circle(out, (x, 150), 14, (0, 0, 0), -1)
        cv2.ellipse(out, (320, 220), (50, 8 + index % 12), 0, 0, 360, (120, 0, 0), -1)
        yield out


def upside_down(speaker: Speaker) -> Iterator[Picture]:
    return (np.ascontiguousarray(picture[::-1, ::-1]) for picture in speaker.pictures)


def mirrored_in_water(speaker: Speaker) -> Iterator[Picture]:
    """The rows in the other order: the detector takes it for a face, and landmarks are found on it the wrong way up."""
    return (np.ascontiguousarray(picture[::-1]) for picture in speaker.pictures)


def on_its_side(speaker: Speaker) -> Iterator[Picture]:
    return (np.ascontiguousarray(np.rot90(picture)) for picture in speaker.pictures)


def masked(speaker: Speaker) -> Iterator[Picture]:
    """A mask with folds and shade over mouth and nose."""
    ys, xs = np.mgrid[: speaker.pictures.shape[1], : speaker.pictures.shape[2]]
    for picture, points in zip(speaker.pictures, speaker.points, strict=True):
        left, right, low = points[234, 0], points[454, 0], points[152, 1]
        across = (xs - (left + right) / 2) / (right - left)
        cloth = (1 - 0.5 * np.abs(across)) * (0.95 + 0.05 * np.sin(ys / (low / 60)))
        covered = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(covered, [points[list(MASK), :2].astype(np.int32)], 1)
        yield np.where(covered[..., None] == 1, cloth[..., None] * (150, 185, 215), picture).astype(np.uint8)


def turned_away(speaker: Speaker) -> Iterator[Picture]:
    """The head seen from the side: every pixel is moved by its depth, and what is nearer hides what is farther."""
    half = [shrunk(picture, 240) for picture in speaker.pictures]
    points = speaker.points[0] * (240 / speaker.pictures.shape[1])
    edge = np.linspace(0, 239, 9)
    width = float(np.ptp(points[:, 0]))
    back = [(x, y, width) for x in edge for y in edge if x in (0, 239) or y in (0, 239)]
    known = np.concatenate([points, back])
    ys, xs = np.mgrid[:240.0, 0:239:0.0625]
    depth = LinearNDInterpolator(known[:, :2], known[:, 2])(xs, ys)
    turn, beside = np.radians(80), xs - points[:, 0].mean()
    shown = np.clip(np.round(np.cos(turn) * beside + np.sin(turn) * (depth - width / 2) + 120), 0, 239).astype(int)
    order = np.argsort(np.sin(turn) * beside - np.cos(turn) * depth, axis=None)
    rows, columns = ys.astype(int).ravel()[order], shown.ravel()[order]
    for picture in half:
        out = np.full_like(picture, GREY)
        out[rows, columns] = cv2.resize(picture, xs.shape[::-1]).reshape(-1, 3)[order]
        yield out


def ten_people(speaker: Speaker) -> Iterator[Picture]:
    places = [(5 + 126 * column, 40 + 150 * row) for column in range(5) for row in range(2)]
    return (placed(picture, 120, *places) for picture in speaker.pictures)


def a_cut(speaker: Speaker) -> Iterator[Picture]:
    """Another person, as far as colour and side tell, from the middle on."""
    for index, picture in enumerate(speaker.pictures):
        if index < len(speaker.pictures) // 2:
            yield placed(picture, 240, (20, 60))
        else:
            yield placed(picture[:, ::-1] // 2, 240, (380, 60)) // 2


def photo_behind(speaker: Speaker) -> Iterator[Picture]:
    """A photo of a face on the wall, not much smaller than the one that speaks."""
    for picture in speaker.pictures:
        out = placed(picture, 300, (330, 40))
        out[20:260, 20:260] = shrunk(speaker.pictures[0], 240)
        yield out


SEVERAL = (
    r"{} faces were found \(or one in pieces\); number \d+ is judged, which is there {} % of the time; see --track"
)

# What is drawn, the status, the sentence, and how many faces there are.
CASES = [
    (nobody, 4, "no face was found", 0),
    (tiny, 4, "no face was found", 0),
    (cartoon, 4, "no face was found", 0),
    (turned_away, 4, "the mouth is hidden, or the head is turned away", 1),
    (masked, 4, "the mouth is hidden, or the head is turned away", 1),
    (upside_down, 4, "the face is upside down; turn the video", 0),
    (mirrored_in_water, 4, "the face is upside down; turn the video", 0),
    (on_its_side, 0, "the face lies on its side", 1),
    (ten_people, 0, SEVERAL.format(10, 100), 10),
    (a_cut, 0, SEVERAL.format(2, 50), 2),
    (photo_behind, 0, SEVERAL.format(2, 100), 2),
]


def synced(path: Path) -> Done:
    out = path.with_suffix(".h5")
    return do(Item(str(path), path, out, out), Task("sync", Settings()))


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    path = tmp_path_factory.mktemp("faces") / "clip.mp4"
    cut(DEMO, path, LENGTH_S)
    done = synced(path)
    assert (done.status, done.message) == (0, "")
    pictures = np.array([picture for _, picture in frames(path, timeline(path).picture)])
    with TfqFile(path.with_suffix(".h5"), read_only=True) as file:
        return Speaker(path, pictures, file.array("align/landmarks"), file.info("sync")["offset_ms"])


@pytest.mark.weights
@pytest.mark.parametrize(("draw", "status", "sentence", "faces"), CASES, ids=[case[0].__name__ for case in CASES])
def test_hard_faces_end_with_their_status(
    tmp_path: Path, speaker: Speaker, draw: Draw, status: int, sentence: str, faces: int
) -> None:
    path = tmp_path / "a.mp4"
    writer.with_pictures(speaker.path, path, draw(speaker), 0.0)
    done = synced(path)
    with TfqFile(path.with_suffix(".h5"), read_only=True) as file:
        found, sync = file.info("detect"), file.info("sync")
        boxes = file.array("detect/boxes")
    assert done.status == status
    assert re.fullmatch(sentence, done.message.removeprefix(f"{path}: ")), done.message
    assert found["tracks"] == faces
    if status == 0 and draw not in (a_cut, ten_people):
        assert abs(sync["offset_ms"] - speaker.offset_ms) < 40
    if draw is photo_behind:
        assert np.nanmean(boxes[found["judged_track"], :, 0]) > 330  # the one that speaks, not the photo


# What becomes of the sound, the status and the sentence.
SOUNDS = [
    ("silent", np.zeros_like, 4, "the sound is silent"),
    ("direct current", lambda sound: np.full_like(sound, 0.5), 4, "there is no speech"),
    ("a tone", lambda sound: 0.3 * np.sin(np.arange(len(sound)) / 5), 4, "there is no speech"),
    ("clipped", lambda sound: np.clip(50 * sound, -1, 1), 0, ""),
    ("very quiet", lambda sound: 0.002 * sound, 0, ""),
    ("only at the end", lambda sound: np.where(np.arange(len(sound)) < 0.9 * len(sound), 0, sound), 4, "the clip is too short"),
]  # fmt: skip


@pytest.mark.weights
@pytest.mark.parametrize(
    ("change", "status", "sentence"), [case[1:] for case in SOUNDS], ids=[case[0] for case in SOUNDS]
)
def test_hard_sounds_end_with_their_status(
    tmp_path: Path, speaker: Speaker, change: Callable[[Sound], Sound], status: int, sentence: str
) -> None:
    path = tmp_path / "a.mp4"
    sound = whole(speaker.path)
    assert sound is not None
    writer.with_sound(speaker.path, path, change(sound).astype(np.float32), 0.0)
    done = synced(path)
    assert (done.status, done.message.removeprefix(f"{path}: ")) == (status, sentence)


@pytest.mark.weights
def test_no_sound_at_all(tmp_path: Path, speaker: Speaker) -> None:
    path = tmp_path / "a.mp4"
    writer.write(path, speaker.pictures, None)
    done = synced(path)
    assert (done.status, done.message) == (4, f"{path}: the file has no sound")
