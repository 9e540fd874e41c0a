import numpy as np

from tfq.faces.portrait import ROOM, SIDE, portrait, square


def _points(centre: tuple[float, float], size: float) -> np.ndarray:
    points = np.random.default_rng(0).uniform(-size / 2, size / 2, (478, 3)).astype(np.float32)
    points[0, :2], points[1, :2] = -size / 2, size / 2
    points[:, :2] += centre
    return points


def test_a_small_face_is_not_enlarged():
    picture = np.random.default_rng(0).integers(0, 255, (400, 400, 1)).repeat(3, 2).astype(np.uint8)
    shown = portrait(picture, _points((200, 200), 60))
    np.testing.assert_array_equal(shown, picture[104:296, 104:296, 0])


def test_a_large_face_fills_the_same_part():
    left, top, side = square(_points((600, 500), 400))
    assert side == ROOM * 400
    assert (left + side / 2, top + side / 2) == (600, 500)


def test_beyond_the_picture_its_edge_goes_on():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:, 0] = 200
    shown = portrait(picture, _points((0, 50), 50))
    assert shown.shape == (SIDE, SIDE)
    assert (shown[:, : SIDE // 2] == 200).all()


def test_no_face_is_black():
    assert not portrait(np.full((50, 50, 3), 9, np.uint8), np.full((478, 3), np.nan, np.float32)).any()
