import numpy as np
import pytest

from tfq.faces.landmarks import POINTS, Finder, Landmarks, crop, head_pose

PICTURE = np.zeros((400, 600, 3), np.uint8)
BOX = np.array([200, 100, 300, 200], np.float32)


class Stub:
    """A landmarker that puts all points evenly between two corners of the crop, given as fractions."""

    def __init__(self, low: float = 0.3, high: float = 0.7, *, empty: bool = False) -> None:
        self.low, self.high, self.empty, self.times = low, high, empty, []

    def find(self, view, time_ms):
        self.times.append(time_ms)
        places = np.linspace(self.low, self.high, POINTS, dtype=np.float32)
        points = np.stack([places, places, np.zeros_like(places)], axis=1)
        return None if self.empty else Landmarks(points, np.full(52, 0.5, np.float32), np.eye(4, dtype=np.float32))


def test_points_come_back_in_source_pixels():
    face = Finder(Stub(0.0, 1.0), 1.0).find(PICTURE, BOX, 0)
    assert face is not None
    middle = (face.points[0] + face.points[-1]) / 2
    np.testing.assert_allclose(middle[:2], [250, 150], atol=0.5)


def test_the_square_holds_still_while_the_face_moves_a_little_and_follows_when_it_moves_far():
    finder = Finder(Stub(0.0, 1.0), 1.0)
    first = finder.find(PICTURE, BOX, 0)
    nearly = finder.find(PICTURE, BOX + 10, 40)
    far = finder.find(PICTURE, BOX + 90, 80)
    assert first is not None
    assert nearly is not None
    assert far is not None
    np.testing.assert_array_equal(nearly.points, first.points)
    np.testing.assert_allclose(far.points[:, :2] - first.points[:, :2], 90, atol=0.5)


def test_points_that_do_not_lie_on_the_box_are_of_something_else():
    assert Finder(Stub(0.0, 0.1), 1.0).find(PICTURE, BOX, 0) is None
    assert Finder(Stub(empty=True), 1.0).find(PICTURE, BOX, 0) is None


def test_a_crop_that_reaches_outside_is_black_there():
    white = np.full((100, 100, 3), 255, np.uint8)
    view = crop(white, -100, -100, 300)
    assert view.shape[0] == view.shape[1]
    assert view[:80].max() == 0
    assert view[140:160, 140:160].min() == 255


@pytest.mark.parametrize("side", [100.0, 256.0, 700.0, 3000.0])
def test_the_crop_has_the_size_that_the_landmarker_likes(side):
    assert 256 <= crop(np.zeros((3000, 3000, 3), np.uint8), 0, 0, side).shape[0] <= 512


def turned(axis: int, degrees: float) -> np.ndarray:
    """4 x 4 rotation about x, y or z of a camera that looks along -z, y up."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = c, -s, s, c
    return matrix


@pytest.mark.parametrize(("axis", "angle", "index", "sign"), [(1, 20, 0, 1), (0, 20, 1, -1), (2, 20, 2, -1)])
def test_pose_reads_one_angle_at_a_time(axis, angle, index, sign):
    pose = head_pose(turned(axis, angle))
    assert pose[index] == pytest.approx(sign * angle, abs=1e-3)
    assert np.delete(pose, index) == pytest.approx([0, 0], abs=1e-3)


def test_pose_does_not_depend_on_distance():
    matrix = turned(1, 15)
    matrix[:3, :3] *= 3
    matrix[:3, 3] = (1, 2, -40)
    assert head_pose(matrix)[0] == pytest.approx(15, abs=1e-3)
