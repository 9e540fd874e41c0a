"""The picture's measures against crops with a known defect of known strength."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from tests.features.clips import clip, picture, pieces
from tfq.features import MEASUREMENTS
from tfq.features.picture import regions

ROW = MEASUREMENTS["picture"]
COUNT = 60


def measure(crops: np.ndarray, **changes: np.ndarray) -> dict[str, float]:
    whole = pieces(np.clip(crops, 0, 255).round().astype(np.uint8))
    found = ROW(clip(COUNT, crops=whole, **changes))
    return {column.name: float(value) for column, value in zip(ROW.clip_columns, found.clip, strict=True)}


def falls(values: list[float]) -> bool:
    return all(after < before for before, after in itertools.pairwise(values))


def test_blur_of_the_mouth_is_seen_on_the_mouth() -> None:
    where = regions(clip(COUNT)).mouth
    found = []
    for sigma in (0.0, 0.5, 1.0, 2.0):
        crops = picture(COUNT)
        crops[(slice(None), *where)] = gaussian_filter(crops, (0, sigma, sigma, 0))[(slice(None), *where)]
        found.append(measure(crops))
    assert falls([one["mouth_sharpness_mean"] for one in found])
    assert falls([one["mouth_to_face_sharpness_mean"] for one in found])
    assert found[3]["upper_sharpness_mean"] == pytest.approx(found[0]["upper_sharpness_mean"], abs=1e-6)


def test_sharpness_does_not_see_contrast() -> None:
    crops = picture(COUNT)
    flat = 128 + (crops - 128) * 0.5
    assert measure(flat)["face_sharpness_mean"] == pytest.approx(measure(crops)["face_sharpness_mean"], abs=0.02)


@pytest.mark.parametrize("sigma", [3.0, 6.0, 12.0])
def test_noise_is_measured_in_grey_levels(sigma: float) -> None:
    smooth = gaussian_filter(picture(COUNT), (0, 3, 3, 0))
    grey = np.random.default_rng(0).normal(0, sigma, smooth.shape[:3])[..., None]
    assert measure(smooth + grey)["noise_mean"] == pytest.approx(sigma, rel=0.1)


def test_trembling_and_flicker_are_told_apart_from_motion() -> None:
    numbers = np.random.default_rng(0)
    steady = measure(picture(COUNT))
    lit = measure(picture(COUNT) * (1 + numbers.normal(0, 0.03, (COUNT, 1, 1, 1))))
    shaken = measure(np.stack([shift(crop, (*numbers.normal(0, 0.5, 2), 0), order=1) for crop in picture(COUNT)]))
    assert lit["flicker_mean"] > 5 * steady["flicker_mean"]
    assert shaken["instability_mean"] > 2 * steady["instability_mean"]


def test_a_frozen_picture_is_told_but_a_repeated_source_picture_is_not_blamed() -> None:
    crops = picture(COUNT)
    crops[20:41] = crops[20]
    assert measure(crops)["still_share"] == pytest.approx(20 / 59)
    repeated = np.zeros(COUNT, bool)
    repeated[21:41] = True
    found = measure(crops, repeated=repeated)
    assert found["still_share"] == 0
    assert found["repeated_share"] == pytest.approx(20 / 60)


def test_a_tinted_mouth_patch_shifts_the_colour() -> None:
    where = regions(clip(COUNT)).mouth
    found = []
    for tint in (30, 15, 0):
        crops = picture(COUNT)
        crops[(slice(None), *where)] += np.array([tint, -tint, 0])
        found.append(measure(crops)["colour_shift_mean"])
    assert falls(found)
    assert found[2] < 1


def test_chunks_do_not_show() -> None:
    crops = picture(COUNT).round().astype(np.uint8)
    values = [ROW(clip(COUNT, crops=pieces(crops, size))).values for size in (1, 7, COUNT)]
    for other in values[1:]:
        np.testing.assert_allclose(other, values[0], rtol=1e-3, atol=1e-4)


def test_what_follows_a_lost_face_is_not_change() -> None:
    face = np.ones(COUNT, bool)
    face[30] = False
    crops = picture(COUNT)
    crops[30] = 0
    found = ROW(clip(COUNT, face=face, crops=pieces(crops.round().astype(np.uint8))))
    change = found.values[:, [column.name for column in ROW.columns].index("face_change")]
    assert np.isnan(change[[0, 30, 31]]).all()
    assert np.nanmax(change) < 30


def test_a_face_turned_away_has_no_second_cheek_to_compare() -> None:
    found = ROW(clip(COUNT, pose=np.full((COUNT, 3), 45, np.float32)))
    assert found.absent["colour_shift_mean"] == "turned_away"
    assert "face_sharpness_mean" not in found.absent
