"""Detail, noise and squares of made faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tfq.faces.texture import COLUMNS, Grain, texture
from tfq.features import MEASUREMENTS

POINTS = np.concatenate([np.random.default_rng(0).uniform(20, 236, (478, 2)), np.zeros((478, 1))], 1)
SKIN = cv2.GaussianBlur(np.random.default_rng(1).normal(128, 60, (256, 256, 3)), (0, 0), 2).clip(0, 255)


def of(picture: np.ndarray, points: np.ndarray = POINTS) -> dict[str, float]:
    measured = texture(picture.clip(0, 255).astype(np.uint8), points)
    return dict(zip(COLUMNS, measured.tolist(), strict=True))


def squared(side: int, share: float) -> np.ndarray:
    small = cv2.resize(SKIN, (256 // side, 256 // side), interpolation=cv2.INTER_AREA)
    flat = np.repeat(np.repeat(small, side, 0), side, 1)
    piece = SKIN.copy()
    piece[: len(flat), : len(flat)] = share * flat + (1 - share) * SKIN[: len(flat), : len(flat)]
    return piece


@pytest.mark.parametrize("side", [4, 8, 13, 16])
def test_squares_of_any_side_are_found_and_grow_with_their_share(side: int):
    found = [of(squared(side, share))["squares"] for share in (0.0, 0.4, 0.9)]
    assert found[0] < 0.4
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize("sigma", [1.0, 4.0, 10.0])
def test_noise_is_measured_in_grey_levels(sigma: float):
    smooth = np.tile(np.linspace(60, 180, 256)[None, :, None], (256, 1, 3))
    noisy = smooth + np.random.default_rng(2).normal(0, sigma, (256, 256, 1))
    assert 10 ** of(noisy)["noise"] == pytest.approx(sigma, rel=0.1)


def test_blur_takes_the_finest_detail_first():
    lost = {name: of(SKIN)[name] - of(cv2.GaussianBlur(SKIN, (0, 0), 1.5))[name] for name in COLUMNS[:4]}
    assert lost["detail_1"] > lost["detail_2"] > lost["detail_8"] > 0


def test_a_blurred_mouth_stands_out():
    points = POINTS.copy()
    points[[61, 291, 0, 17], :2] = [(90, 180), (166, 180), (128, 165), (128, 200)]
    blurred = SKIN.copy()
    blurred[130:240, 60:200] = cv2.GaussianBlur(SKIN, (0, 0), 3)[130:240, 60:200]
    assert of(blurred, points)["mouth_detail_1"] < of(SKIN, points)["mouth_detail_1"] - 0.2


def test_a_flat_face_is_flat_and_has_no_squares():
    found = of(np.full((256, 256, 3), 90.0))
    assert found["flat"] == 1
    assert found["squares"] == 0


def test_no_face_or_a_tiny_one_is_nan():
    assert np.isnan(list(of(SKIN, np.full((478, 3), np.nan)).values())).all()
    assert np.isnan(list(of(SKIN, POINTS / 20).values())).all()
    assert np.isnan(list(of(SKIN, POINTS + 1000).values())).all()


def test_it_is_held_between_looks_and_not_over_frames_without_a_face():
    grain, picture = Grain(), SKIN.astype(np.uint8)
    first = grain(picture, POINTS)
    assert np.array_equal(grain(picture[::-1], POINTS), first)
    assert np.isnan(grain(picture, np.full((478, 3), np.nan))).all()
    assert not np.array_equal(grain(np.ascontiguousarray(picture[::-1]), POINTS), first)


def test_the_table_of_features_names_the_columns():
    assert tuple(column.name for column in MEASUREMENTS["texture"].columns) == COLUMNS
