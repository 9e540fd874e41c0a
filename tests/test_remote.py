"""Object stores, stood in for by fsspec's own in memory and by a stranger's that only renames in one step."""

import os
import pickle

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from tfq import remote
from tfq.errors import InputError, UsageError
from tfq.remote import Remote


class Plain(LocalFileSystem):
    """A file system that an upload shows in before it is whole."""

    protocol = "plain"

    def put_file(self, path, to, **extra):
        assert os.path.basename(to).startswith(".")  # noqa: PTH119 - the path is the file system's own
        super().put_file(path, to, **extra)


@pytest.fixture(autouse=True)
def stores():
    fsspec.register_implementation("plain", Plain, clobber=True)
    yield
    fsspec.filesystem("memory").store.clear()


def test_names_of_files_and_urls_are_told_apart(tmp_path):
    assert remote.place("s3://bucket/a b.mp4") == Remote("s3://bucket/a b.mp4")
    assert remote.place(str(tmp_path)) == tmp_path
    assert remote.place(f"file://{tmp_path}") == tmp_path
    assert not isinstance(remote.place("c:/x.mp4"), Remote)


def test_a_url_is_asked_as_a_path_is():
    clip = Remote("gs://bucket/clips/a.b.mp4")
    assert (clip.name, clip.stem, clip.suffix) == ("a.b.mp4", "a.b", ".mp4")
    assert str(clip.with_suffix(".h5")) == "gs://bucket/clips/a.b.h5"
    assert str(Remote("gs://bucket/out/") / "a.h5") == "gs://bucket/out/a.h5"


@pytest.mark.parametrize("root", ["memory://box", "plain://{}"])
def test_what_is_published_can_be_fetched_and_nothing_else_lies_there(tmp_path, root):
    folder = Remote(root.format(tmp_path / "store"))
    made = tmp_path / "made.h5"
    for content in (b"first", b"second, longer"):
        made.write_bytes(content)
        (folder / "clip.h5").publish(made)
        (folder / "clip.h5").fetch(tmp_path / "back.h5")
        assert (tmp_path / "back.h5").read_bytes() == content
        assert (folder / "clip.h5").facts()[0] == len(content)
    system, path = fsspec.core.url_to_fs(str(folder))
    assert [name.rpartition("/")[2] for name in system.ls(path, detail=False)] == ["clip.h5"]


def test_what_is_not_there_is_said_so(tmp_path):
    none = Remote("memory://box/none.mp4")
    assert not none.exists()
    for ask in (none.facts, lambda: none.fetch(tmp_path / "x")):
        with pytest.raises(InputError, match=r"memory://box/none\.mp4: no such file"):
            ask()


def test_stores_that_need_a_package_or_do_not_exist_are_usage(monkeypatch):
    with pytest.raises(UsageError, match="no such kind of store"):
        remote.check(Remote("nonsense://x/y"))

    def missing(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(UsageError, match=r"s3:// needs a package that is not here .Install s3fs"):
        remote.check(Remote("s3://x/y"))


def test_a_connection_does_not_travel():
    clip = Remote("memory://box/a.mp4")
    remote.check(clip)
    assert vars(pickle.loads(pickle.dumps(clip))) == {"url": "memory://box/a.mp4"}
