import numpy as np
import pytest

from tfq.store import schema


def test_every_row_is_found_by_its_own_path():
    for row in schema.DATASETS:
        assert schema.find(row.path.replace("*", "anything")) is row


@pytest.mark.parametrize("path", ["", "extract", "extract/time_s/x", "features/values", "features/a/b/values", "x/y"])
def test_other_paths_are_not_found(path):
    assert schema.find(path) is None


def test_rows_are_complete():
    assert len({row.path for row in schema.DATASETS}) == len(schema.DATASETS)
    for row in schema.DATASETS:
        assert np.dtype(row.dtype)
        assert row.about.endswith(".")
        assert row.group in schema.groups()


def test_every_group_over_time_says_what_is_valid():
    for group in schema.groups():
        rows = [row for row in schema.DATASETS if row.group == group]
        assert any(row.path.endswith("/valid") and row.dims == ("T",) for row in rows), group


def test_time_is_in_the_file_once():
    assert [row.path for row in schema.DATASETS if row.path.endswith("/time_s")] == ["extract/time_s"]
