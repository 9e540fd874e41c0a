from __future__ import annotations

import pytest

from tests.fuzz.__main__ import attempt
from tests.fuzz.targets import seeds


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return seeds(tmp_path_factory.mktemp("fuzz"))


KINDS = [
    "mp4",
    "avi",
    "webm",
    "mkv",
    "ts",
    "h5",
    "csv",
    "jsonl",
    "ratings",
    "toml",
    "json",
    "safetensors",
    "sync",
    "pth",
]


def test_every_kind_is_tried(kinds):
    assert list(kinds) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_damaged_files_are_read_or_refused(kinds, kind):
    good, read = kinds[kind]
    read(good)
    for case in range(8):
        assert attempt(good, read, case) in ("read", "refused"), f"python -m tests.fuzz --only {kind} --case {case}"
