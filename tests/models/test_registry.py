from __future__ import annotations

import re

import pytest

from tfq.errors import UsageError
from tfq.models.registry import WEIGHTS, Weight, weight


@pytest.mark.parametrize("row", WEIGHTS.values(), ids=lambda row: row.name)
def test_every_row_can_be_checked_and_has_a_source(row: Weight) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", row.sha256)
    assert row.size > 0
    assert row.licence
    assert row.task
    assert row.urls or row.parts or row.derived
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", part.requirement) for part in row.parts)


def test_no_two_rows_share_a_file_or_a_hash() -> None:
    assert len({row.file for row in WEIGHTS.values()}) == len(WEIGHTS)
    assert len({row.sha256 for row in WEIGHTS.values()}) == len(WEIGHTS)


def test_what_is_derived_has_a_source_with_sources_of_its_own() -> None:
    for row in WEIGHTS.values():
        if row.derived is not None:
            assert WEIGHTS[row.derived.source].derived is None


def test_the_default_set_has_sources_on_the_package_index() -> None:
    for row in WEIGHTS.values():
        if row.default:
            source = row if row.derived is None else WEIGHTS[row.derived.source]
            assert source.parts, row.name


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="scrfd"):
        weight("scrdf")
