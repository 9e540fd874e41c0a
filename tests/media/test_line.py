from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tfq.media import line
from tfq.types import Line

RANDOM = np.random.default_rng(0)
CODECS = ("libx264", "libx265")


def moving(count: int, height: int = 96, width: int = 128) -> np.ndarray:
    """Smooth texture that moves to the right."""
    wide = np.cumsum(np.cumsum(RANDOM.normal(size=(height, width + 4 * count, 3)), 0), 1)
    wide = (wide - wide.min()) / (wide.max() - wide.min()) * 255
    grain = RANDOM.normal(0, 12, (*wide.shape[:2], 1))
    return np.stack([(wide + grain)[:, 4 * i : 4 * i + width] for i in range(count)]).clip(0, 255).astype(np.uint8)


def sent(pictures, *what, **more) -> np.ndarray:
    return np.stack(list(line.sent(iter(pictures), Line(*what, **more))))


def loss(after, before) -> np.ndarray:
    """`[T]` mean error."""
    return np.abs(after.astype(float) - before).mean((1, 2, 3))


PICTURES = moving(40)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("shape", [(64, 80), (63, 81)])
def test_as_many_pictures_of_the_same_size_come_back(codec, shape):
    before = moving(12, *shape)
    after = sent(before, codec, 20)
    assert after.shape == before.shape
    assert loss(after, before).max() < 8


@pytest.mark.parametrize("codec", CODECS)
def test_a_coarser_quantiser_loses_more(codec):
    losses = [loss(sent(PICTURES[:12], codec, quantiser), PICTURES[:12]).mean() for quantiser in (20, 35, 50)]
    assert losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize("codec", CODECS)
def test_lost_packets_hurt_what_comes_after_them_and_never_what_came_before(codec):
    whole, holed = (sent(PICTURES, codec, 23, lost=lost, seed=4) for lost in (1e-9, 0.03))
    hurt = np.flatnonzero(np.any(holed != whole, (1, 2, 3)))
    assert len(hurt)
    assert hurt[0] > 0
    assert np.array_equal(holed[: hurt[0]], whole[: hurt[0]])
    assert loss(holed, PICTURES)[hurt].mean() > 1.3 * loss(whole, PICTURES)[hurt].mean()
    assert np.array_equal(holed, sent(PICTURES, codec, 23, lost=0.03, seed=4))


def test_a_picture_of_which_nothing_comes_is_the_very_one_before():
    out = list(line.sent(iter(PICTURES), Line("libx265", 23, 0.1, seed=1)))
    assert any(after is before for before, after in pairwise(out))


def test_a_bit_rate_that_falls_hurts_the_middle_and_recovers():
    rates = (1.0,) * 12 + (0.03,) * 16 + (1.0,) * 12
    error = loss(sent(PICTURES, quantiser=20, rates=rates), PICTURES)
    assert error[14:28].mean() > 1.25 * max(error[:12].mean(), error[30:].mean())


def test_nal_units_are_the_stream_cut_at_its_start_codes():
    coded = b"\0\0\0\1\x67abc\0\0\1\x65de\0\0\0\1\x41f"
    assert line.nal_units(coded) == [b"\0\0\0\1\x67abc", b"\0\0\1\x65de", b"\0\0\0\1\x41f"]


def test_nothing_in_nothing_out():
    assert list(line.sent(iter(()), Line())) == []
