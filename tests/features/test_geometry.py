"""Geometry of the face: size, place, turn and mirror change what they must, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.features.clips import PARTNER, clip, face, talking
from tfq.features import MEASUREMENTS, face_points, lips
from tfq.features.measurement import Clip, Feature

FACE = ("lips", "head", "eyes", "expression", "action_units", "liveliness")


def columns(name: str, found: Feature) -> dict[str, np.ndarray]:
    row = MEASUREMENTS[name]
    over_time = {column.name: series for column, series in zip(row.columns, found.values.T, strict=True)}
    whole = {f"clip {column.name}": value for column, value in zip(row.clip_columns, found.clip, strict=True)}
    return {**over_time, **whole}


def mirrored(given: Clip) -> Clip:
    """The clip in a mirror: x turned about, left and right exchanged."""
    landmarks = given.landmarks[:, PARTNER] * np.float32([-1, 1, 1]) + np.float32([640, 0, 0])
    return dataclasses.replace(
        given,
        landmarks=landmarks,
        blendshapes=given.blendshapes[:, list(face_points.MIRRORED)],
        pose=given.pose * np.float32([-1, 1, -1]),
    )


@pytest.mark.parametrize("name", FACE)
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_larger_picture_changes_no_measurement_but_the_resolution(name: str, scale: float) -> None:
    given = clip()
    larger = dataclasses.replace(given, landmarks=given.landmarks * np.float32(scale))
    before, after = (columns(name, MEASUREMENTS[name](one)) for one in (given, larger))
    for key, value in before.items():
        wanted = value * scale if key == "clip eye_distance_px" else value
        np.testing.assert_allclose(after[key], wanted, atol=2e-3, rtol=2e-3, err_msg=key)


@pytest.mark.parametrize("name", FACE)
def test_a_mirror_swaps_left_and_right_and_keeps_the_rest(name: str) -> None:
    turned = {"corner_slant", "yaw", "roll", "yaw_speed", "roll_speed", "gaze_left", "iris_x"}
    swapped = {
        "ratio_left": "ratio_right",
        "ratio_right": "ratio_left",
        "blink_left": "blink_right",
        "blink_right": "blink_left",
    }
    before, after = (columns(name, MEASUREMENTS[name](one)) for one in (clip(), mirrored(clip())))
    for key, value in before.items():
        wanted = -value if key in turned else before[swapped.get(key, key)]
        np.testing.assert_allclose(after[key], wanted, atol=2e-3, rtol=2e-3, err_msg=key)


@settings(max_examples=25)
@given(st.tuples(*[st.floats(-0.9, 0.9)] * 3), st.floats(20, 300), st.tuples(*[st.floats(-500, 500)] * 3))
def test_lips_do_not_see_where_the_head_is(turn: tuple[float, ...], size: float, place: tuple[float, ...]) -> None:
    points = face()
    moved = points @ Rotation.from_rotvec(turn).as_matrix().T * size + place
    still, there = (face_points.in_head_axes(one[None]) for one in (points, moved))
    np.testing.assert_allclose(there, still, atol=1e-6)
    assert lips.opening_of(there)[0] == pytest.approx(lips.opening_of(still)[0], abs=1e-6)


def test_axes_point_left_down_and_out_of_the_face() -> None:
    points = face_points.in_head_axes(face()[None])[0]
    assert points[face_points.CORNER_LEFT, 0] > 0 > points[face_points.CORNER_RIGHT, 0]
    assert points[face_points.CHIN, 1] > 0 > points[face_points.FOREHEAD, 1]
    assert points[face_points.NOSE_TIP, 2] > 0.3


def test_opening_and_its_speed_are_the_ones_drawn() -> None:
    found = columns("lips", MEASUREMENTS["lips"](clip()))
    rest = lips.opening_of(face_points.in_head_axes(talking(1)))[0] - 0.05
    t = np.arange(100) / 25
    drawn = rest + 0.05 + 0.12 * (1 + np.sin(4 * np.pi * t - np.pi / 2))
    # Points within the lower lip move down; the axis of the face does not.
    np.testing.assert_allclose(found["opening"], drawn, atol=2e-3)
    np.testing.assert_allclose(found["opening_speed"][5:-5], np.gradient(drawn, 1 / 25)[5:-5], atol=0.15)


def test_blinks_are_counted_and_timed() -> None:
    found = columns("eyes", MEASUREMENTS["eyes"](clip(152)))
    assert found["clip blinks_per_minute"] == pytest.approx(4 / (152 / 25 / 60))
    assert found["clip blink_s"] == pytest.approx(0.16)


def test_eyes_shut_at_the_end_are_no_blink() -> None:
    given = clip(33)  # the blink from frame 30 on has no end
    found = columns("eyes", MEASUREMENTS["eyes"](dataclasses.replace(given)))
    assert np.isnan(found["clip blink_s"])
    assert MEASUREMENTS["eyes"](given).absent["blink_s"] == "no_blink"


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_frozen_face_is_told_by_its_share(share: float) -> None:
    given, count = clip(200), round(200 * share)
    index = np.where((np.arange(200) >= 10) & (np.arange(200) < 10 + count), 10, np.arange(200))
    frozen = dataclasses.replace(given, landmarks=given.landmarks[index], blendshapes=given.blendshapes[index])
    found, before = (columns("expression", MEASUREMENTS["expression"](one)) for one in (frozen, given))
    assert found["clip frozen_share"] == pytest.approx(share, abs=0.05)
    assert before["clip frozen_share"] == 0
    assert found["clip upper_activity_mean"] < before["clip upper_activity_mean"]


def test_one_sided_shapes_are_asymmetric() -> None:
    given = clip()
    even = given.blendshapes[:, list(face_points.MIRRORED)] / 2 + given.blendshapes / 2
    uneven = even.copy()
    uneven[:, face_points.INDEX["mouthSmileLeft"]] += 0.4
    found = [
        columns("expression", MEASUREMENTS["expression"](dataclasses.replace(given, blendshapes=shapes)))
        for shapes in (even, uneven)
    ]
    assert found[0]["clip asymmetry_mean"] == pytest.approx(0, abs=1e-6)
    assert found[1]["clip asymmetry_mean"] > 0.01
