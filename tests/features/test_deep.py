"""Deep features: each row lies under the frame it stands for, each crop is the part it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.features.clips import clip, pieces
from tfq.features import MEASUREMENTS, deep
from tfq.features.picture import regions


def test_two_rows_make_a_frame() -> None:
    rows = np.arange(10, dtype=np.float64)[:, None]
    np.testing.assert_allclose(deep.on_grid(rows, 5)[:, 0], [0.5, 2.5, 4.5, 6.5, 8.5])


def test_a_row_around_a_moment_counts_by_half_in_the_frame_before() -> None:
    rows = np.array([0.0, 0, 4, 0, 0, 0])[:, None]  # a row that stands for 30 to 50 ms
    np.testing.assert_allclose(deep.centred(rows, 3)[:, 0], [1.0, 1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("part", ["face", "mouth"])
def test_the_network_sees_that_part_of_each_crop(part: str) -> None:
    given = clip(40)
    where, seen = getattr(regions(given), part), []

    def encoder(crops: np.ndarray) -> np.ndarray:
        seen.append(crops.shape)
        return np.repeat(crops.mean((1, 2, 3))[:, None], 2048, 1)

    row = MEASUREMENTS[f"resnet101_{part}"]
    crops = np.concatenate(list(given.crops()))
    found = row(dataclasses.replace(given, crops=pieces(crops, 16), encoders={row.name: encoder}))
    assert [shape[0] for shape in seen] == [16, 16, 8]
    np.testing.assert_allclose(found.values[:, 7], crops[(slice(None), *where)].mean((1, 2, 3)), rtol=1e-5)
