"""A clip made of numbers: a symmetric face that talks, nods and blinks, a voice, and textured crops."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tests.audio.voices import voice
from tfq.audio import loudness
from tfq.faces.portrait import EVERY
from tfq.features import deep
from tfq.features import face_points as at
from tfq.features.measurement import Clip, Measurement
from tfq.features.regions import OVAL
from tfq.nets.spec import FACE_QUALITY_EMBEDDING
from tfq.timebase import FPS, samples_of
from tfq.types import Floats

SIDE = 64
_RING = [(10 - i) % 20 for i in range(20)]  # place of a lip point's mirror image in its ring
_PAIRS = {
    **dict(zip(at.LIDS_RIGHT, at.LIDS_LEFT, strict=True)),
    **dict(zip(at.BROW_RIGHT, at.BROW_LEFT, strict=True)),
    **dict(zip(at.EYE_RIGHT, at.EYE_LEFT, strict=True)),
    **{ring[i]: ring[_RING[i]] for ring in (at.OUTER_LIPS, at.INNER_LIPS) for i in range(20)},
    **{OVAL[i]: OVAL[36 - i] for i in range(19, 36)},
    **{50: 280, 101: 330, 205: 425, 214: 434, 117: 346, 129: 358, 468: 473},
}
PARTNER = np.arange(478)
for _one, _other in _PAIRS.items():
    PARTNER[[_one, _other]] = _other, _one


def face() -> Floats:
    """A face at rest, `[478, 3]` in units of its eye distance, origin between the eyes, image axes."""
    points = np.random.default_rng(1).normal(0, 0.3, (478, 3))
    angles = np.linspace(np.pi, 3 * np.pi, 20, endpoint=False)
    for ring, width, height in ((at.OUTER_LIPS, 0.42, 0.2), (at.INNER_LIPS, 0.33, 0.07)):
        points[list(ring)] = np.stack([width * np.cos(angles), 1.1 + height * np.sin(angles), -0.1 + 0 * angles], 1)
    turns = np.array([np.pi, 4 * np.pi / 3, 5 * np.pi / 3, 0, np.pi / 3, 2 * np.pi / 3])
    points[list(at.LIDS_RIGHT)] = np.stack([-0.5 + 0.2 * np.cos(turns), 0.07 * np.sin(turns), 0 * turns], 1)
    points[list(at.BROW_RIGHT)] = [[-0.75 + 0.12 * i, -0.3, -0.05] for i in range(5)]
    for index, place in {
        50: (-0.6, 0.6),
        101: (-0.4, 0.5),
        117: (-0.65, 0.3),
        129: (-0.25, 0.65),
        205: (-0.5, 0.75),
        214: (-0.65, 1.3),
        468: (-0.5, 0.0),
    }.items():
        points[index] = (*place, 0.0)
    turns = 2 * np.pi * np.arange(36) / 36
    points[list(OVAL)] = np.stack([1.1 * np.sin(turns), 0.4 - 1.3 * np.cos(turns), 0.3 + 0 * turns], 1)
    middle = {at.NOSE_TIP: 0.6, at.SUBNASALE: 0.75, at.NASION: 0, at.FOREHEAD: -0.9, at.CHIN: 1.7, 8: -0.1, 9: -0.3}
    for index, height in middle.items():
        points[index] = (0, height, -0.4 if index == at.NOSE_TIP else 0)
    for one, other in _PAIRS.items():
        if one not in (*at.OUTER_LIPS, *at.INNER_LIPS):
            points[other] = points[one] * (-1, 1, 1)
    return points


def talking(frames: int, size_px: float = 60.0) -> Floats:
    """The face opening its mouth twice a second and drifting over the picture, `[T, 478, 3]` px."""
    t = np.arange(frames) / FPS
    points = np.repeat(face()[None], frames, 0)
    opening = 0.05 + 0.12 * (1 + np.sin(2 * np.pi * 2 * t - np.pi / 2))
    for ring in (at.OUTER_LIPS, at.INNER_LIPS):
        lower = list(ring[11:])
        points[:, lower, 1] += opening[:, None]
    points[:, list(at.BROW_LEFT + at.BROW_RIGHT), 1] -= 0.04 * np.sin(2 * np.pi * 0.8 * t)[:, None]
    points[:, at.CHIN, 1] += opening
    points[..., 0] += 0.2 * np.sin(2 * np.pi * 0.4 * t)[:, None]
    return (points * size_px + [320, 200, 0]).astype(np.float32)


def shapes(frames: int) -> Floats:
    """Blendshapes between 0 and 1, smooth, with two blinks a three seconds."""
    numbers = np.random.default_rng(2)
    t = np.arange(frames)[:, None] / FPS
    values = 0.25 + 0.2 * np.sin(2 * np.pi * numbers.uniform(0.3, 2, 52) * t + numbers.uniform(0, 6, 52))
    blink = ((np.arange(frames) % 38) >= 30) & ((np.arange(frames) % 38) < 34)
    values[:, [at.INDEX["eyeBlinkLeft"], at.INDEX["eyeBlinkRight"]]] = np.where(blink, 0.9, 0.05)[:, None]
    return values.astype(np.float32)


def picture(frames: int, seed: int = 3) -> Floats:
    """Smooth textured crops that glide steadily, `[T, S, S, 3]` float, grey levels."""
    numbers = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = [(numbers.uniform(2, 20, 2), numbers.uniform(0, 6), numbers.uniform(4, 12)) for _ in range(12)]
    drift = 0.003 * np.arange(frames)
    crops = np.zeros((frames, SIDE, SIDE))
    for (fx, fy), phase, height in waves:
        crops += height * np.sin(2 * np.pi * (fx * (x + drift[:, None, None]) + fy * y) + phase)
    return np.clip(128 + crops[..., None] + [6, 0, -6], 0, 255)


def shown(frames: int) -> Any:
    """Portraits of that face: grey noise of two sizes and a dark mouth, one every fifth frame."""
    numbers = np.random.default_rng(5)
    coarse = np.kron(numbers.normal(0, 20, (24, 24)), np.ones((8, 8)))
    still = 120 + coarse + numbers.normal(0, 6, (192, 192))
    still[115:125, 85:107] = 40
    count = -(-frames // EVERY)
    return np.clip(still + numbers.normal(0, 2, (count, 192, 192)), 0, 255).round().astype(np.uint8)


NIQE = {"mean": np.full(36, 0.5), "covariance": np.eye(36) / 10}
BRISQUE = {
    "vectors": np.zeros((2, 36)),
    "weights": np.array([9.0, -4.0]),
    "gamma": np.full(1, 0.05),
    "rho": np.full(1, -20.0),
}


def clip(frames: int = 100, **changes: Any) -> Clip:
    """A talking clip; `changes` replace fields."""
    sound = loudness.normalise(voice(frames / FPS, 0.002), -1.0)
    landmarks = talking(frames)
    crops = picture(frames).round().astype(np.uint8)
    to_crop = np.array([[0.25, 0, 32 - 0.25 * 320], [0, 0.25, 22 - 0.25 * 200]], np.float32)
    plain = Clip(
        sound=sound,
        silent="",
        speech=np.arange(frames) % 50 < 38,
        level_db=loudness.level_db(sound, frames),
        shown=np.ones(frames, bool),
        repeated=np.zeros(frames, bool),
        picture=np.arange(frames),
        source_time_s=np.arange(frames) / FPS,
        broken=np.zeros(frames, bool),
        black=np.zeros(frames, bool),
        face=np.ones(frames, bool),
        landmarks=landmarks,
        blendshapes=shapes(frames),
        pose=(10 * np.sin(np.arange(frames)[:, None] / FPS * [2.0, 3.0, 4.0])).astype(np.float32),
        transform=np.repeat(to_crop[None], frames, 0),
        texture=(0.1 * np.sin(np.arange(frames)[:, None] / 5 + np.arange(9))).astype(np.float32),
        crops=pieces(crops),
        networks={
            "dnsmos": _Opinion(3),
            "dnsmos-p808": _Opinion(1),
            "distillmos-arrays": _Opinion(1),
            "tfq-face-quality": _Contrast(),
        },
        encoders={row.name: _encoder(row) for row in deep.MEASUREMENTS},
        dnsmos_hop_s=3,
        portraits=pieces(shown(frames), 7),
        parameters={"niqe": NIQE, "brisque": BRISQUE},
    )
    return dataclasses.replace(plain, **changes)


def pieces(crops: Any, size: int = 37) -> Any:
    """Crops as a stage hands them over."""
    return lambda: (crops[start : start + size] for start in range(0, len(crops), size))


def _encoder(row: Measurement) -> Any:
    """A network without weights: loudness of 20 ms, or the mean of the picture, in another measure in every column."""
    measure = 1 + np.arange(len(row.columns)) / len(row.columns)
    if "face" in row.needs:
        return lambda crops: crops.mean((1, 2, 3))[:, None] * measure
    return lambda sound: np.sqrt((sound[: len(sound) // 320 * 320].reshape(-1, 320) ** 2).mean(1))[:, None] * measure


class _Opinion:
    def __init__(self, outputs: int) -> None:
        self._outputs = outputs

    def run(self, _: None, inputs: dict[str, Any], /) -> list[Any]:
        (heard,) = inputs.values()
        return [np.full((1, self._outputs), np.abs(heard).mean())]


class _Contrast:
    """A face-quality network without weights: contrast of the crop, and of the portrait."""

    def run(self, _: None, inputs: dict[str, Any], /) -> list[Any]:
        crop, portrait = (inputs[name].std((1, 2, 3)) for name in ("crop", "portrait"))
        return [np.repeat(np.tanh(crop)[:, None], FACE_QUALITY_EMBEDDING, 1), portrait]


def later(given: Clip, frames: int) -> Clip:
    """The same clip after some frames of silence without a face."""

    def before(values: Any, fill: float | bool) -> Any:
        return np.concatenate([np.full((frames, *values.shape[1:]), fill, values.dtype), values])

    crops = np.concatenate(list(given.crops()))
    portraits = np.concatenate(list(given.portraits()))
    return dataclasses.replace(
        given,
        sound=np.concatenate([np.zeros(samples_of(frames), np.float32), given.sound]),
        speech=before(given.speech, False),
        level_db=before(given.level_db, loudness.FLOOR_DB),
        shown=before(given.shown, True),
        repeated=before(given.repeated, False),
        picture=np.arange(frames + given.length),
        source_time_s=np.arange(frames + given.length) / FPS,
        broken=before(given.broken, False),
        black=before(given.black, False),
        face=before(given.face, False),
        landmarks=before(given.landmarks, np.nan),
        blendshapes=before(given.blendshapes, np.nan),
        pose=before(given.pose, np.nan),
        transform=before(given.transform, np.nan),
        texture=before(given.texture, np.nan),
        crops=pieces(before(crops, 0)),
        portraits=pieces(np.concatenate([np.zeros((frames // EVERY, 192, 192), np.uint8), portraits]), 7),
    )
