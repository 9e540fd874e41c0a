import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfq.faces.align import TEMPLATE, fit_similarity, five_points, warp

PIXELS = st.floats(-500, 500)
SIDE, MARGIN = 96, 0.1


def placed(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    """The template's points turned, scaled and moved, `[1, 5, 2]`."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((TEMPLATE * 100 * scale) @ turn.T + [x, y])[None]


@given(angle=st.floats(-np.pi, np.pi), scale=st.floats(0.2, 5), x=PIXELS, y=PIXELS)
def test_a_face_lands_on_the_same_points_however_it_is_placed(angle, scale, x, y):
    points = placed(angle, scale, x, y)
    matrix = fit_similarity(points, SIDE, MARGIN)[0].astype(np.float64)
    landed = points[0] @ matrix[:, :2].T + matrix[:, 2]
    wanted = ((TEMPLATE - 0.5) * (1 - MARGIN) + 0.5) * SIDE
    np.testing.assert_allclose(landed, wanted, atol=0.02)


@given(st.integers(0, 999))
def test_the_fit_never_mirrors(seed):
    points = np.random.default_rng(seed).uniform(0, 100, (1, 5, 2))
    matrix = fit_similarity(points, SIDE, MARGIN)[0]
    assert np.linalg.det(matrix[:, :2]) > 0


def test_points_that_coincide_or_are_missing_give_no_transform():
    same, missing = np.full((1, 5, 2), 7.0), placed(0, 1, 0, 0)
    missing[0, 3] = np.nan
    assert np.isnan(fit_similarity(same, SIDE, MARGIN)).all()
    assert np.isnan(fit_similarity(missing, SIDE, MARGIN)).all()


def test_a_large_face_is_averaged_not_sampled():
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), np.uint8)
    matrix = fit_similarity(placed(0.0, 10, 50, 50), SIDE, MARGIN)[0]
    # Averaging over a block of 8 x 8 or more leaves little of white noise; sampling would leave all of it.
    assert warp(noise, matrix, SIDE)[20:70, 20:70].std() < 0.25 * noise.std()


def test_shrinking_first_does_not_move_the_picture():
    ramp = np.tile(np.linspace(0, 255, 1200), (1200, 1))[..., None].repeat(3, 2).astype(np.uint8)
    matrix = fit_similarity(placed(0.0, 10, 50, 50), SIDE, MARGIN)[0]
    direct = cv2.warpAffine(ramp, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    inner = np.s_[20:70, 20:70]
    assert np.abs(warp(ramp, matrix, SIDE)[inner].astype(int) - direct[inner]).max() <= 2


def test_five_points_run_from_the_image_left_to_its_right():
    landmarks = np.zeros((1, 478, 3))
    landmarks[0, [33, 133, 61], 0], landmarks[0, [263, 362, 291], 0] = 10, 90
    (points,) = five_points(landmarks)
    assert points[0, 0] < points[1, 0]
    assert points[3, 0] < points[4, 0]
