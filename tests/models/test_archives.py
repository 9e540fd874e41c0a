from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.errors import WeightsError
from tfq.models.archives import copy_below, copy_limited, copy_member, join


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("../../escaped.bin", b"out")
        opened.writestr("good.bin", b"good")
        opened.writestr("bomb.bin", bytes(10_000_000))
    return path


def test_only_the_named_member_is_written_and_only_to_the_target(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    copy_member("../../escaped.bin", 10, archive, folder / "target")
    assert (folder / "target").read_bytes() == b"out"
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"evil.zip", "target"}


def test_a_member_larger_than_expected_stops_early(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="longer than 1,000"):
        copy_member("bomb.bin", 1000, archive, tmp_path / "target")
    assert (tmp_path / "target").stat().st_size == 0


def test_a_missing_member_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"evil\.zip has no other\.bin"):
        copy_member("other.bin", 10, archive, tmp_path / "target")


def test_what_is_not_an_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>sign in first</html>")
    with pytest.raises(WeightsError, match="damaged"):
        copy_member("good.bin", 10, tmp_path / "page.html", tmp_path / "target")


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    tree = tmp_path / "tree" / "models"
    tree.mkdir(parents=True)
    (tree / "toy.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(WeightsError, match=r"no models/toy\.bin"):
        copy_below(tmp_path / "tree", "models/toy.bin", 100, tmp_path / "target")


@given(content=st.binary(max_size=300), limit=st.integers(0, 300))
def test_a_stream_is_copied_whole_or_refused(content: bytes, limit: int) -> None:
    sink = io.BytesIO()
    if len(content) <= limit:
        copy_limited(io.BytesIO(content), sink, limit)
        assert sink.getvalue() == content
    else:
        with pytest.raises(WeightsError):
            copy_limited(io.BytesIO(content), sink, limit)


def test_pieces_are_joined_in_order(tmp_path: Path) -> None:
    for name in "ba":
        (tmp_path / name).write_text(name)
    join([tmp_path / "b", tmp_path / "a"], tmp_path / "joined")
    assert (tmp_path / "joined").read_text() == "ba"
