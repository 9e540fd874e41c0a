"""The learned quality: which pictures the network sees, and where its answers lie."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tests.features.clips import clip, pieces
from tfq.faces.portrait import EVERY
from tfq.features import MEASUREMENTS, chosen
from tfq.features.face_quality import NETWORK, SEEN
from tfq.nets.spec import FACE_QUALITY_EMBEDDING

ROW = MEASUREMENTS["face_quality"]
QUALITY = FACE_QUALITY_EMBEDDING


class Watch:
    """Says of each face the brightness of its portrait, and keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[dict[str, np.ndarray]] = []

    def run(self, _: None, inputs: dict[str, Any], /) -> list[Any]:
        self.seen.append(inputs)
        brightness = inputs["portrait"].mean((1, 2, 3))
        return [np.repeat(brightness[:, None], FACE_QUALITY_EMBEDDING, 1), brightness]


def watched(frames: int, **changes: Any) -> tuple[Any, dict[str, np.ndarray], Any]:
    given, watch = clip(frames, **changes), Watch()
    found = ROW(dataclasses.replace(given, networks={NETWORK: watch}))
    seen = {name: np.concatenate([each[name] for each in watch.seen]) for name in ("portrait", "crop")}
    return found, seen, given


def test_each_portrait_goes_with_the_crop_of_its_frame() -> None:
    found, seen, given = watched(93)
    crops, portraits = np.concatenate(list(given.crops())), np.concatenate(list(given.portraits()))
    np.testing.assert_allclose(seen["crop"], crops[::EVERY].transpose(0, 3, 1, 2) / 255, atol=1e-6)
    np.testing.assert_allclose(seen["portrait"][:, 0], portraits[:, SEEN, SEEN] / 255, atol=1e-6)
    held = np.repeat(seen["portrait"].mean((1, 2, 3)), EVERY)[:93]
    np.testing.assert_allclose(found.values[:, QUALITY], held, atol=1e-5)


def test_a_frame_without_a_face_has_no_quality_and_is_not_shown() -> None:
    face = np.ones(60, bool)
    face[20:35] = False
    found, seen, _ = watched(60, face=face)
    assert len(seen["crop"]) == 12 - 3
    np.testing.assert_array_equal(np.isnan(found.values[:, QUALITY]), ~face)
    np.testing.assert_array_equal(found.valid, face)


def test_the_clip_has_mean_spread_and_low_end() -> None:
    portraits = np.zeros((20, 192, 192), np.uint8) + np.arange(20, dtype=np.uint8)[:, None, None] * 5
    found, _, _ = watched(100, portraits=pieces(portraits, 7))
    levels = np.repeat(np.arange(20) * 5 / 255, EVERY)
    np.testing.assert_allclose(found.clip, [levels.mean(), levels.std(), np.quantile(levels, 0.05)], atol=1e-6)


def test_it_is_computed_only_where_it_is_named() -> None:
    assert ROW not in chosen()
    assert chosen(only=("face_quality",)) == (ROW,)
