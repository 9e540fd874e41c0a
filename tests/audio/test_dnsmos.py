"""DNSMOS around its networks, which are stubs here: hops, repetition, the grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.audio.voices import voice
from tfq.audio import dnsmos


class Stub:
    """Answers the mean of its input for every output, and remembers the shapes."""

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs
        self.shapes: list[tuple[int, ...]] = []

    def run(self, _: None, inputs: dict[str, Any], /) -> list[Any]:
        self.shapes.append(inputs["input_1"].shape)
        return [np.full((1, self.outputs), np.abs(inputs["input_1"]).mean())]


@pytest.mark.parametrize(("seconds", "hops"), [(3.0, 3), (8.0, 7), (9.5, 1), (14.0, 5)])
def test_hops_are_those_of_the_package(seconds: float, hops: int) -> None:
    # speechmos: the clip is doubled up to 9.01 s, then int(floor(seconds) - 9.01) + 1 hops of a second.
    p835, p808 = Stub(3), Stub(1)
    found = dnsmos.score(np.tile(voice(1.0), 20)[: int(seconds * 16_000)], p835, p808)
    assert p835.shapes == [(1, 144_160)] * hops
    assert p808.shapes == [(1, 900, 120)] * hops
    assert found.hops.shape == (hops, 4)
    assert found.repeated == (seconds < 9.01)


def test_a_longer_hop_takes_every_third() -> None:
    sound = np.tile(voice(1.0), 20)
    every, third = (dnsmos.score(sound, Stub(3), Stub(1), hop) for hop in (1, 3))
    np.testing.assert_array_equal(third.hops, every.hops[::3])


def test_over_time_the_hops_stand_at_their_middles() -> None:
    found = dnsmos.Opinions(np.array([[1.0] * 4, [3.0] * 4], np.float32), hop_s=1, repeated=False)
    grid = found.on_grid(250)
    assert grid.shape == (250, 4)
    assert grid[0, 0] == 1.0
    assert grid[-1, 0] == 3.0
    assert grid[round(5.005 * 25 - 0.5), 0] == pytest.approx(2.0, abs=0.05)


def test_a_repeated_clip_has_one_opinion() -> None:
    grid = dnsmos.Opinions(np.array([[1.0] * 4, [3.0] * 4], np.float32), 1, repeated=True).on_grid(10)
    assert (grid == 2.0).all()


def test_sound_beyond_full_scale_is_cut_not_refused() -> None:
    found = dnsmos.score(voice(10.0) * np.float32(5), Stub(3), Stub(1))
    assert np.isfinite(found.clip).all()
