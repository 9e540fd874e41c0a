"""Action units and liveliness against movements of known size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.features.clips import clip, talking
from tests.features.test_geometry import columns
from tfq.features import MEASUREMENTS, action_units, face_points
from tfq.features.action_units import UNITS
from tfq.features.measurement import Clip

COUNT = 150
FRAMES = np.arange(COUNT)


def still() -> Clip:
    return clip(
        COUNT,
        landmarks=np.repeat(talking(1), COUNT, 0),
        blendshapes=np.full((COUNT, 52), 0.2, np.float32),
        pose=np.zeros((COUNT, 3), np.float32),
    )


def measured(name: str, given: Clip) -> dict[str, np.ndarray]:
    return columns(name, MEASUREMENTS[name](given))


def test_a_face_that_does_nothing_shows_no_unit() -> None:
    found = measured("action_units", still())
    assert all(np.abs(found[name]).max() == 0 for name in UNITS)
    assert found["clip used"] == 0


@pytest.mark.parametrize(
    ("unit", "shapes"),
    [
        ("AU01", ("browInnerUp",)),
        ("AU04", ("browDownLeft", "browDownRight")),
        ("AU12", ("mouthSmileLeft", "mouthSmileRight")),
        ("AU15", ("mouthFrownLeft", "mouthFrownRight")),
        ("AU17", ("mouthShrugLower",)),
        ("AU26", ("jawOpen",)),
        ("AU45", ("eyeBlinkLeft", "eyeBlinkRight")),
    ],
)
def test_a_shape_shows_in_its_unit_and_in_no_other(unit: str, shapes: tuple[str, ...]) -> None:
    given = still()
    moved = given.blendshapes.copy()
    moved[COUNT // 2 :, [face_points.INDEX[name] for name in shapes]] = 0.6
    found = measured("action_units", dataclasses.replace(given, blendshapes=moved))
    assert found[unit][-1] > 1
    assert found[unit][0] == 0
    assert all(found[name].max() == 0 for name in UNITS if name != unit)


@pytest.mark.parametrize(
    ("unit", "points", "way"),
    [
        ("AU01", (107, 336), (0, -6, 0)),
        ("AU02", (70, 300), (0, -6, 0)),
        ("AU05", (159, 386), (0, -4, 0)),
        ("AU09", (129, 358), (0, -5, 0)),
        ("AU25", (14,), (0, 9, 0)),
    ],
)
def test_geometry_shows_in_its_unit(unit: str, points: tuple[int, ...], way: tuple[int, ...]) -> None:
    given = still()
    moved = given.landmarks.copy()
    moved[COUNT * 3 // 4 :, points] += np.array(way, np.float32)
    found = measured("action_units", dataclasses.replace(given, landmarks=moved))
    assert found[unit][-1] > 1
    assert found[unit][0] == 0


def test_units_grow_with_the_movement_and_end_at_five() -> None:
    shapes = np.zeros((COUNT, 52), np.float32)
    shapes[:, face_points.INDEX["mouthShrugLower"]] = np.linspace(0, 1, COUNT)
    found = action_units.intensities(shapes, face_points.in_head_axes(still().landmarks))["AU17"]
    assert (np.diff(found) >= 0).all()
    assert found[-1] == 5


def test_a_head_in_a_loop_repeats_itself_and_one_that_wanders_does_not() -> None:
    frames = 500
    numbers = np.random.default_rng(0)
    loop = np.stack([8 * np.sin(2 * np.pi * np.arange(frames) / 75 + i) for i in range(3)], 1)
    walk = np.cumsum(np.cumsum(numbers.normal(0, 0.02, (frames, 3)), 0), 0)
    found = [measured("liveliness", clip(frames, pose=pose.astype(np.float32))) for pose in (loop, walk)]
    assert found[0]["clip repetition"] > 0.95
    assert found[1]["clip repetition"] < 0.9


def test_trembling_is_the_share_of_fast_motion() -> None:
    slow = 5 * np.sin(2 * np.pi * FRAMES / 50)
    fast = np.sin(2 * np.pi * FRAMES * 10 / 25)
    shares = []
    for height in (0.0, 0.1, 1.0):
        pose = np.stack([slow + height * fast] * 3, 1).astype(np.float32)
        shares.append(float(measured("liveliness", clip(COUNT, pose=pose))["clip head_tremble"]))
    assert shares[0] < 0.01 < shares[1] < shares[2]


def test_blinks_of_a_clockwork_have_no_variation() -> None:
    found = measured("liveliness", clip(200))
    assert found["clip blink_variation"] == pytest.approx(0, abs=1e-6)
    assert found["clip blink_depth"] == pytest.approx(0.9)
    assert found["clip lid_symmetry"] == pytest.approx(1)


def test_sound_dips_where_lips_close_for_a_bilabial() -> None:
    landmarks = np.repeat(talking(1), COUNT, 0)
    landmarks[:, 14, 1] += 12
    level = np.full(COUNT, -20.0)
    for start in (30, 60, 90):
        landmarks[start : start + 3, 14] = landmarks[0, 13]
        level[start : start + 3] = -32
    given = clip(COUNT, landmarks=landmarks, level_db=level, speech=np.ones(COUNT, bool))
    found = measured("liveliness", given)
    assert found["clip closure_s"] == pytest.approx(3 / 25)
    assert found["clip closure_dip_db"] == pytest.approx(-12)
    silent = MEASUREMENTS["liveliness"](dataclasses.replace(given, silent="no_audio"))
    assert silent.absent["closure_dip_db"] == "no_closure_in_speech"


def test_the_gaze_is_where_the_irises_are() -> None:
    landmarks = np.repeat(talking(1), COUNT, 0)
    sway = 0.1 * np.sin(2 * np.pi * FRAMES / 50)
    landmarks[:, (468, 473), 0] += 60 * sway[:, None]
    found = measured("liveliness", clip(COUNT, landmarks=landmarks))
    np.testing.assert_allclose(found["iris_x"] - found["iris_x"].mean(), sway, atol=2e-3)
    assert found["clip iris_range"] == pytest.approx(0.2, abs=0.01)
