import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.sync.geometry import COLUMNS, POINTS, mirror_order, mouth_shape


def face(frames=12, seed=0):
    """A head-like cloud of points whose mouth moves, and blendshapes."""
    random = np.random.default_rng(seed)
    points = np.tile(random.normal(0, 30, (478, 3)), (frames, 1, 1))
    points[:, 33], points[:, 263] = (-40, -30, 0), (40, -30, 0)
    points[:, 168], points[:, 2], points[:, 1] = (0, -30, -10), (0, 20, -15), (0, 10, -30)
    points[:, POINTS] += random.normal(0, 2, (frames, len(POINTS), 3))
    return points, random.random((frames, 52))


def turn(yaw, pitch, roll):
    def about(axis, angle):
        a, b = [i for i in range(3) if i != axis]
        matrix = np.eye(3)
        matrix[a, a] = matrix[b, b] = np.cos(angle)
        matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
        return matrix

    return about(1, yaw) @ about(0, pitch) @ about(2, roll)


@given(
    yaw=st.floats(-1, 1),
    pitch=st.floats(-0.5, 0.5),
    roll=st.floats(-3, 3),
    scale=st.floats(0.2, 5),
    x=st.floats(-500, 500),
)
def test_the_shape_is_the_same_however_the_head_is_placed(yaw, pitch, roll, scale, x):
    points, blendshapes = face()
    placed = scale * points @ turn(yaw, pitch, roll).T + [x, 2 * x, 0]
    assert mouth_shape(placed, blendshapes) == pytest.approx(mouth_shape(points, blendshapes), abs=1e-4)


def test_the_shape_is_nearly_the_same_in_a_stretched_copy():
    points, blendshapes = face()
    stretched = points * [0.5, 1, 0.5]
    assert mouth_shape(stretched, blendshapes) == pytest.approx(mouth_shape(points, blendshapes), abs=0.015)


def test_it_is_measured_against_the_clips_mean_and_absent_without_a_face():
    points, blendshapes = face()
    points[3] = np.nan
    shape = mouth_shape(points, blendshapes)
    assert shape.shape == (12, COLUMNS)
    assert np.isnan(shape[3]).all()
    assert np.nanmean(shape, axis=0) == pytest.approx(np.zeros(COLUMNS), abs=1e-5)


def test_no_face_at_all_is_no_error():
    shape = mouth_shape(np.full((4, 478, 3), np.nan), np.full((4, 52), np.nan))
    assert np.isnan(shape).all()


def test_mirroring_twice_changes_nothing():
    order, signs = mirror_order()
    shape = mouth_shape(*face())
    once = shape[:, order] * signs
    assert sorted(order) == list(range(COLUMNS))
    assert once[:, order] * signs == pytest.approx(shape)
    assert not np.allclose(once, shape)
