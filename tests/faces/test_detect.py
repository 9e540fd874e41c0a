from types import SimpleNamespace

import numpy as np
import pytest

from tfq.faces.detect import scrfd
from tfq.faces.scenes import change, histogram


class Session:
    """An SCRFD that finds what was planted: faces as x, y, side and score in the pixels it is shown."""

    def __init__(self, *faces: tuple[int, int, int, float]) -> None:
        self.faces, self.shown = faces, []

    def get_inputs(self):
        return [SimpleNamespace(name="input.1")]

    def run(self, _, feed):
        (picture,) = feed.values()
        self.shown.append(picture.shape[2:])
        outputs = {kind: [] for kind in ("score", "box", "points")}
        for stride in (8, 16, 32):
            rows, columns = picture.shape[2] // stride, picture.shape[3] // stride
            score = np.zeros((rows * columns * 2, 1), np.float32)
            box, points = np.zeros((len(score), 4), np.float32), np.zeros((len(score), 10), np.float32)
            for x, y, side, value in self.faces if stride == 8 else ():
                cell = ((y + side // 2) // stride * columns + (x + side // 2) // stride) * 2
                centre = np.array([cell // 2 % columns, cell // 2 // columns]) * stride
                score[cell] = value
                box[cell] = (
                    np.array([centre[0] - x, centre[1] - y, x + side - centre[0], y + side - centre[1]]) / stride
                )
            for kind, values in (("score", score), ("box", box), ("points", points)):
                outputs[kind].append(values[None])
        return [*outputs["score"], *outputs["box"], *outputs["points"]]


def test_boxes_come_back_in_source_pixels():
    session = Session((80, 40, 64, 0.9))
    found = scrfd(session, 320, 320, 0.5)(np.zeros((360, 640, 3), np.uint8))
    np.testing.assert_allclose(found.boxes[0], [160, 80, 288, 208], atol=1e-3)


def test_one_face_found_twice_is_one_face_and_the_better_one_stays():
    found = scrfd(Session((80, 40, 64, 0.7), (88, 40, 64, 0.9)), 320, 320, 0.5)(np.zeros((320, 320, 3), np.uint8))
    assert found.scores == pytest.approx([0.9])


def test_a_wide_picture_is_padded_no_further_than_the_stride_asks():
    session = Session()
    scrfd(session, 320, 320, 0.5)(np.zeros((100, 640, 3), np.uint8))
    assert session.shown == [(64, 320)]


def test_small_faces_get_a_second_look():
    session = Session((80, 40, 16, 0.9))
    scrfd(session, 320, 640, 0.5)(np.zeros((320, 320, 3), np.uint8))
    assert session.shown == [(320, 320), (640, 640)]


def test_nothing_found_is_empty_not_an_error():
    assert len(scrfd(Session(), 320, 640, 0.5)(np.zeros((50, 50, 3), np.uint8))) == 0


def test_a_scene_change_is_seen_and_noise_is_not():
    generator = np.random.default_rng(0)
    room = np.full((90, 160, 3), (40, 80, 120), np.uint8)
    noisy = np.clip(room + generator.normal(0, 2, room.shape), 0, 255).astype(np.uint8)
    street = np.full((90, 160, 3), (200, 180, 60), np.uint8)
    assert change(histogram(room), histogram(street)) == pytest.approx(1.0)
    assert change(histogram(room), histogram(noisy)) < 0.1
