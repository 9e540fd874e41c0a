import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from tfq.faces.detect import Detections, overlap
from tfq.faces.track import _assigned, judged, link, presence, rivals


def at(*boxes: tuple[float, float, float], score: float = 0.9) -> Detections:
    """Faces at x, y with a side, best first."""
    corners = np.array([(x, y, x + side, y + side) for x, y, side in boxes], np.float32).reshape(-1, 4)
    points = np.repeat(corners[:, None, :2], 5, 1)
    return Detections(corners, points, np.full(len(boxes), score, np.float32))


def tracks(found: dict[int, Detections], length: int = 50, cuts: tuple[int, ...] = (), max_gap: int = 25):
    return link(found, cuts, length, 0.3, max_gap)


def test_one_face_that_moves_is_one_track_filled_in_between():
    (track,) = tracks({frame: at((frame, 10, 40)) for frame in range(0, 50, 5)})
    assert track.coverage == 1.0
    np.testing.assert_allclose(track.boxes[7], [7, 10, 47, 50], atol=1e-4)
    assert np.isfinite(track.scores[5])
    assert np.isnan(track.scores[7])


def test_two_faces_keep_apart_even_where_their_order_changes():
    found = {f: at((10, 10, 40), (100, 10, 30)) if f % 10 else at((100, 10, 30), (10, 10, 40)) for f in range(0, 50, 5)}
    first, second = tracks(found)
    assert {float(first.boxes[20, 0]), float(second.boxes[20, 0])} == {10.0, 100.0}
    assert np.ptp(first.boxes[:, 0]) < 1


def test_a_cut_ends_a_track_even_if_the_next_face_stands_in_the_same_place():
    found = {frame: at((10, 10, 40)) for frame in (0, 5, 10, 15, 20, 22, 27, 32, 37, 42, 47)}
    before, after = tracks(found, cuts=(22,))
    assert np.isfinite(before.boxes[:22, 0]).all()
    assert np.isnan(before.boxes[22:, 0]).all()
    assert np.isnan(after.boxes[:22, 0]).all()
    assert np.isfinite(after.boxes[22:, 0]).all()


def test_a_face_away_for_too_long_comes_back_as_another():
    found = {frame: at((10, 10, 40)) for frame in (*range(0, 30, 5), *range(70, 100, 5))}
    assert len(tracks(found, 100, max_gap=25)) == 2
    assert len(tracks(found, 100, max_gap=60)) == 1


def test_a_flash_and_a_weak_find_are_no_tracks():
    weak = {frame: at((10, 10, 40), score=0.55) for frame in range(0, 50, 5)}
    assert tracks({20: at((10, 10, 40))}, 200) == []
    assert tracks(weak) == []
    assert tracks({}) == []


def test_the_face_whose_mouth_goes_with_the_sound_is_judged():
    both = tracks({frame: at((10, 10, 60), (100, 10, 40)) for frame in range(0, 50, 5)})
    present = presence(both, 200 * 200)
    assert both[judged(present, np.array([0.2, 1.0]))].boxes[0, 0] == 100


def test_without_sound_the_larger_face_is_judged():
    both = tracks({frame: at((10, 10, 60), (100, 10, 40)) for frame in range(0, 50, 5)})
    present = presence(both, 200 * 200)
    assert present.tolist() == pytest.approx([60 / 200, 40 / 200])
    assert both[judged(present, np.zeros(2))].boxes[0, 0] == 10


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=4).map(np.array), st.data())
def test_a_face_that_is_no_rival_is_never_judged(present: np.ndarray, data: st.DataObject):
    voice = data.draw(arrays(float, len(present), elements=st.floats(0, 1)))
    assert rivals(present)[judged(present, voice)]


def test_overlap_of_equal_half_and_absent_boxes():
    one = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 10], [np.nan] * 4], np.float32)
    np.testing.assert_allclose(overlap(one, others)[0], [1, 1 / 3, 0, 0], atol=1e-6)


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(0, 1), unique=True))
def test_pairs_are_those_with_the_largest_sum(shared):
    rows, columns = _assigned(shared)
    best = linear_sum_assignment(shared, maximize=True)
    assert len(rows) == min(shared.shape)
    assert shared[rows, columns].sum() == pytest.approx(shared[best].sum())


def test_one_face_needs_no_scipy():
    code = "import sys, numpy; from tfq.faces.track import _assigned; _assigned(numpy.ones((1, 3))); print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
