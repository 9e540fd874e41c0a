"""A face made to say other sound by the generator of Wav2Lip, and put back where it was (Prajwal et al. 2020).

The steps around the network are those of the authors' inference: 80 mel rows a second of which each picture gets 16, a
face of 96 x 96 whose lower half is hidden, boxes smoothed over five frames, the whole box replaced by what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeAlias

import cv2
import numpy as np

from tfq import timebase
from tfq.artefacts import region
from tfq.artefacts.scene import Scene
from tfq.audio.spectrum import mel_filters
from tfq.types import Boxes, Floats, Picture, Points, Sound

SIDE, BANDS, STEPS = 96, 80, 16
WINDOW, HOP = 800, 200
LOW_HZ, HIGH_HZ = 55.0, 7600.0
ROWS_PER_FRAME = timebase.SAMPLE_RATE / HOP / timebase.FPS
SMOOTH = 5  # frames
BELOW = 0.05  # of the face's height that the box reaches below the chin
BATCH = 16

Generator: TypeAlias = Callable[[Floats, Floats], Floats]


def spoken(pictures: Iterable[Picture], scene: Scene, mel: Floats, generate: Generator) -> Iterator[Picture]:
    """Pictures whose face says what is in `mel`; frames without a face or outside the span stay as they are.

    Args:
        pictures: `[H, W, 3]` uint8 RGB each.
        scene: the span and the landmarks.
        mel: `[N, 80]` of `spectrogram`, one row every 12.5 ms from the first frame on.
        generate: `[B, 80, 16]` mel and `[B, 96, 96, 6]` BGR in 0-1, hidden faces first, to `[B, 96, 96, 3]`.
    """
    boxes = face_boxes(scene.landmarks if scene.landmarks is not None else np.zeros((0, 478, 3), np.float32))
    ahead = enumerate(pictures)
    while some := list(islice(ahead, BATCH)):
        inside = [i for i, (frame, _) in enumerate(some) if frame in scene.span and _usable(boxes, frame)]
        places = {i: _place(boxes[some[i][0]], some[i][1]) for i in inside}
        chosen = [i for i in inside if min(some[i][1][places[i]].shape[:2]) > 1]
        if chosen:
            faces = np.stack([_face(some[i][1][places[i]]) for i in chosen])
            said = generate(np.stack([rows_of(mel, some[i][0]).T for i in chosen]), faces)
            for i, face in zip(chosen, said, strict=True):
                some[i] = some[i][0], _laid(some[i][1], places[i], face)
        yield from (picture for _, picture in some)


def spectrogram(sound: Sound) -> Floats:
    """`[N, 80]` mel spectrogram in -4 to 4 as the generator knows it: pre-emphasis, dB, 20 dB down, over 100 dB."""
    emphasised = np.append(sound[:1], sound[1:] - 0.97 * sound[:-1]).astype(np.float64)
    padded = np.pad(emphasised, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(WINDOW + 1)[:-1], axis=1))
    decibels = 20 * np.log10(np.maximum(1e-5, magnitude @ mel_filters(BANDS, WINDOW, LOW_HZ, HIGH_HZ).T)) - 20
    rows: Floats = np.clip(8 * (decibels + 100) / 100 - 4, -4, 4).astype(np.float32)
    return rows


def rows_of(mel: Floats, frame: int) -> Floats:
    """`[16, 80]` rows of a frame: from its own time on; the last ones stand for what lies behind the end."""
    start = int(frame * ROWS_PER_FRAME)
    start = max(0, min(start, len(mel) - STEPS))
    rows = mel[start : start + STEPS]
    return rows if len(rows) == STEPS else np.pad(rows, ((0, STEPS - len(rows)), (0, 0)), constant_values=-4)


def shifted(mel: Floats, late_s: float) -> Floats:
    """Mel rows so many seconds later, negative: earlier; silence where there are none."""
    rows = round(late_s * timebase.SAMPLE_RATE / HOP)
    out = np.full_like(mel, -4.0)
    count = max(0, len(mel) - abs(rows))
    out[max(0, rows) :][:count] = mel[max(0, -rows) :][:count]
    return out


def perturbed(mel: Floats, share: float, random: np.random.Generator) -> Floats:
    """A share of the rows, in runs of 0.2 s, taken from elsewhere in the same sound."""
    out = mel.copy()
    for start in range(0, len(mel), STEPS):
        if random.random() < share and len(mel) > STEPS:
            at = int(random.integers(0, len(mel) - STEPS))
            piece = mel[at : at + STEPS]
            out[start : start + STEPS] = piece[: len(out[start : start + STEPS])]
    return out


def face_boxes(landmarks: Points) -> Boxes:
    """`[T, 4]` boxes around faces, the mean over five frames from each on; NaN: no face."""
    if not len(landmarks):
        return np.zeros((0, 4), np.float32)
    oval = landmarks[:, list(region.OVAL), :2]
    low, high = oval.min(1), oval.max(1)
    high[:, 1] += BELOW * (high[:, 1] - low[:, 1])
    boxes = np.concatenate([low, high], 1)
    smooth = boxes.copy()
    for i in np.flatnonzero(np.isfinite(boxes).all(1)):
        window = boxes[i : i + SMOOTH]
        smooth[i] = window[np.isfinite(window).all(1)].mean(0)
    return smooth.astype(np.float32)


def _usable(boxes: Boxes, frame: int) -> bool:
    return frame < len(boxes) and bool(np.isfinite(boxes[frame]).all())


def _place(box: Boxes, picture: Picture) -> tuple[slice, slice]:
    left, top, right, bottom = (round(float(side)) for side in box)
    height, width = picture.shape[:2]
    return slice(max(0, top), max(0, min(height, bottom))), slice(max(0, left), max(0, min(width, right)))


def _face(piece: Picture) -> Floats:
    """`[96, 96, 6]` BGR in 0-1: the face with its lower half hidden, then the whole face."""
    face = cv2.resize(piece[..., ::-1], (SIDE, SIDE)).astype(np.float32) / 255
    hidden = face.copy()
    hidden[SIDE // 2 :] = 0
    return np.concatenate([hidden, face], -1)


def _laid(picture: Picture, place: tuple[slice, slice], face: Floats) -> Picture:
    out = picture.copy()
    size = out[place].shape[1::-1]
    bigger = cv2.resize(np.ascontiguousarray(face, np.float32), size)
    out[place] = np.clip(np.rint(bigger[..., ::-1] * 255), 0, 255).astype(np.uint8)
    return out
