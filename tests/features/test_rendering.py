"""Boiling, seams, patches and backgrounds of known strength, and what natural statistics say of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from tests.features.clips import clip, picture, pieces, shown
from tfq.faces import portrait
from tfq.features import MEASUREMENTS, seams
from tfq.features.regions import OVAL, regions

COUNT = 50


def measure(name: str, **changes: Any) -> dict[str, float]:
    row = MEASUREMENTS[name]
    found = row(clip(COUNT, **changes))
    return {column.name: float(value) for column, value in zip(row.clip_columns, found.clip, strict=True)}


def given(crops: np.ndarray) -> Any:
    return pieces(np.clip(crops, 0, 255).round().astype(np.uint8))


def rises(values: list[float]) -> bool:
    return all(after > before for before, after in itertools.pairwise(values))


def test_texture_that_is_new_in_each_frame_boils_and_motion_does_not() -> None:
    numbers = np.random.default_rng(0)
    steady = picture(1).repeat(COUNT, 0)
    moving = np.stack([shift(steady[0], (0, 0.3 * i, 0), order=3, mode="reflect") for i in range(COUNT)])
    grain = numbers.normal(0, 1, (COUNT, *steady.shape[1:3], 1))
    found = [measure("stability", crops=given(steady + level * grain)) for level in (0, 2, 6)]
    moved = measure("stability", crops=given(moving))
    for name in ("face_boiling_mean", "face_residual_mean", "edge_residual_mean"):
        assert rises([one[name] for one in found]), name
        assert moved[name] < found[2][name], name
    assert found[0]["face_residual_mean"] == 0


def test_one_identity_for_another_is_a_drift() -> None:
    one, other = picture(1, 3)[0], picture(1, 8)[0]
    weight = np.linspace(0, 1, 100)[:, None, None, None]
    row = MEASUREMENTS["stability"]
    drifts = []
    for crops in (np.repeat(one[None], 100, 0), (1 - weight) * one + weight * other):
        found = row(clip(100, crops=given(gaussian_filter(crops, (0, 2, 2, 0)))))
        drifts.append(dict(zip([c.name for c in row.clip_columns], found.clip, strict=True)))
    assert drifts[1]["drift"] > 5 * drifts[0]["drift"] + 0.05
    assert drifts[1]["wander"] > 5 * drifts[0]["wander"] + 0.02


def test_a_blurred_patch_below_loses_detail_against_the_cheeks_above() -> None:
    where = regions(clip(COUNT))
    lower = np.arange(64) > where.middle[205, 1] + 1
    found = []
    for sigma in (0.0, 0.7, 2.0):
        crops = picture(COUNT)
        crops[:, lower] = gaussian_filter(crops, (0, sigma, sigma, 0))[:, lower]
        found.append(measure("patch", crops=given(crops))["detail_step_mean"])
    assert rises(found[::-1])


def test_a_tinted_patch_has_another_hue() -> None:
    where = regions(clip(COUNT))
    lower = np.arange(64) > where.middle[205, 1] + 1
    found = []
    for tint in (0, 10, 30):
        crops = picture(COUNT)
        crops[:, lower] += np.array([tint, -tint, 0])
        found.append(measure("patch", crops=given(crops))["colour_step_mean"])
    assert rises(found)


@pytest.mark.parametrize("height", [4.0, 16.0])
def test_a_straight_border_across_both_cheeks_is_a_seam(height: float) -> None:
    points = portrait.within(clip(1).landmarks[0])
    points[[117, 346]], points[[205, 425]] = [[60, 90], [132, 90]], [[62, 120], [130, 120]]
    levels = gaussian_filter(np.random.default_rng(1).normal(128, 60, (192, 192)), 6).astype(np.float32)
    plain = seams.seam(levels, points)
    levels[106:] += height
    assert seams.seam(levels, points) == pytest.approx(height, abs=1.0 + plain)
    assert plain < 1


def test_blur_widens_edges_and_steepens_the_spectrum() -> None:
    found = []
    for sigma in (0.0, 1.0, 2.0):
        blurred = gaussian_filter(shown(COUNT).astype(float), (0, sigma, sigma))
        found.append(measure("patch", portraits=given(blurred)))
    assert rises([one["edge_width_mean"] for one in found])
    assert rises([-one["slope_mean"] for one in found])


def test_a_background_that_goes_with_the_head_follows_it() -> None:
    """The head sways; what is behind it stays where it is in the picture, or is drawn anew around the face."""
    plain = clip(COUNT)
    scene = gaussian_filter(np.random.default_rng(2).normal(128, 200, (480, 700, 1)), (1.5, 1.5, 0))
    scene = np.clip(scene, 0, 255).astype(np.uint8).repeat(3, 2)
    frames = range(0, COUNT, portrait.EVERY)
    still = np.stack([portrait.portrait(scene, plain.landmarks[i]) for i in frames])
    glued = np.repeat(still[:1], len(still), 0)
    found = [measure("stability", portraits=pieces(one)) for one in (still, glued)]
    assert found[0]["background_follows"] == pytest.approx(0, abs=0.15)
    assert 0.6 < found[1]["background_follows"] < 1.15  # the flow falls short of large steps
    assert found[0]["background_motion_mean"] < 0.02


def test_no_texture_behind_the_head_is_told() -> None:
    flat = np.full((COUNT // 5, 192, 192), 90, np.uint8)
    found = MEASUREMENTS["stability"](clip(COUNT, portraits=pieces(flat)))
    assert found.absent["background_warp_mean"] == "no_background"


def test_shut_lips_show_no_teeth() -> None:
    shut = clip(COUNT).landmarks.copy()
    shut[:, 14] = shut[:, 13]
    found = MEASUREMENTS["patch"](clip(COUNT, landmarks=shut))
    assert found.absent["teeth_detail_mean"] == "mouth_shut"


def test_points_of_a_portrait_are_where_they_were_cut() -> None:
    points = clip(1).landmarks[0]
    x, y = np.rint(points[OVAL[0], :2]).astype(int)
    scene = np.zeros((480, 700, 3), np.uint8)
    scene[y - 2 : y + 3, x - 2 : x + 3] = 255
    where = np.argwhere(portrait.portrait(scene, points) > 128).mean(0)[::-1]
    np.testing.assert_allclose(where, portrait.within(points)[OVAL[0]], atol=0.8)


def test_naturalness_holds_for_five_frames_and_is_absent_without_a_face() -> None:
    face = np.ones(COUNT, bool)
    face[22] = False
    found = MEASUREMENTS["naturalness"](clip(COUNT, face=face))
    assert np.isnan(found.values[22]).all()
    assert not found.valid[22]
    np.testing.assert_array_equal(found.values[20], found.values[24])
    assert found.values[20, 0] != found.values[25, 0]
