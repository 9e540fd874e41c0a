from __future__ import annotations

import socket
import threading

import numpy as np
import pytest

from tfq.media import shared

pytestmark = pytest.mark.skipif(not shared.available, reason="no memory to share on this system")


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    yield shared.Reader(), shared.Filler(theirs), ours
    ours.close()
    theirs.close()


def put(ends, picture):
    """Put a picture, with the reader's part of making room done beside it; the place."""
    reader, filler, ours = ends
    answer = threading.Thread(target=lambda: reader.grow(ours, int(ours.recv(100))))
    answer.start()
    place = filler.put(picture, str(picture.nbytes).encode())
    answer.join()
    return place


def test_pictures_come_through_unchanged_and_places_are_used_in_turn(ends):
    reader, filler, ours = ends
    pictures = np.random.default_rng(0).integers(0, 256, (20, 6, 8, 3), np.uint8)
    found = [put(ends, pictures[0])]
    for picture in pictures[1:]:
        np.testing.assert_array_equal(reader.picture(found[-1], (6, 8, 3)), pictures[len(found) - 1])
        shared.give_back(ours)
        found.append(filler.put(picture, b""))
    assert found == [i % shared.MOST for i in range(20)]


def test_a_picture_stays_until_it_is_given_back(ends):
    reader, filler, ours = ends
    pictures = [np.full((6, 8, 3), value, np.uint8) for value in range(shared.MOST + 1)]
    put(ends, pictures[0])
    for picture in pictures[1:-1]:
        filler.put(picture, b"")
    late = threading.Thread(target=lambda: filler.put(pictures[-1], b""))
    late.start()
    late.join(0.2)
    assert late.is_alive()
    assert (reader.picture(0, (6, 8, 3)) == 0).all()
    shared.give_back(ours)
    late.join(5)
    assert (reader.picture(0, (6, 8, 3)) == shared.MOST).all()


def test_large_pictures_get_few_places():
    assert shared.places(100) == shared.MOST
    assert shared.places(shared.BUDGET) == 2


@pytest.mark.parametrize(
    ("place", "shape"), [(-1, (6, 8, 3)), (8, (6, 8, 3)), (0, (7, 8, 3)), (0, (0, 8, 3)), (0, (-6, -8, 3))]
)
def test_a_place_that_is_none_is_refused(ends, place, shape):
    put(ends, np.zeros((6, 8, 3), np.uint8))
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text: the caller tells the user that the child failed
        ends[0].picture(place, shape)


def test_the_child_cannot_take_the_memory_away(ends):
    import fcntl
    import os

    ours = ends[2]
    ends[0].grow(ends[1]._pipe, 1000)
    _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
    assert fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK
    with pytest.raises(OSError, match="permitted"):
        os.ftruncate(descriptor, 10)
    os.close(descriptor)
