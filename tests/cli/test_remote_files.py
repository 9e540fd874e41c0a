"""Videos and results in an object store, on the real `extract`."""

import fsspec
import pytest
from typer.testing import CliRunner

from tests.make import Beeps, clip
from tfq import remote
from tfq.cli.app import app
from tfq.remote import Remote
from tfq.store import TfqFile


def tfq(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="tfq")


@pytest.fixture
def store():
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return clip(tmp_path_factory.mktemp("clips") / "clip.mp4", duration_s=1, sound=Beeps())


def opened(url, tmp_path):
    Remote(url).fetch(tmp_path / "fetched.h5")
    with TfqFile(tmp_path / "fetched.h5", read_only=True) as file:
        return file.attrs["source_name"], file.status("extract"), dict(file.attrs)


def test_a_local_video_goes_into_a_store_once(store, video, tmp_path):
    first = tfq("extract", "--out-dir", "memory://out", video)
    assert (first.exit_code, first.stdout) == (0, "memory://out/clip.h5\n")
    assert opened("memory://out/clip.h5", tmp_path)[:2] == ("clip.mp4", "ok")
    changed = store.modified("/out/clip.h5")
    again = tfq("extract", "--out-dir", "memory://out", video)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert store.modified("/out/clip.h5") == changed
    assert list(store.store) == ["/out/clip.h5"]
    assert [path.name for path in video.parent.iterdir()] == ["clip.mp4"]


def test_a_video_in_a_store_is_fetched_where_it_is_new(store, video, tmp_path, monkeypatch):
    Remote("memory://in/clip.mp4").publish(video)
    fetched = []
    fetch = Remote.fetch
    monkeypatch.setattr(Remote, "fetch", lambda self, to: fetched.append(str(self)) or fetch(self, to))
    result = tfq("extract", "memory://in/clip.mp4")
    assert (result.exit_code, result.stdout) == (0, "memory://in/clip.h5\n")
    assert opened("memory://in/clip.h5", tmp_path)[0] == "clip.mp4"
    fetched.clear()
    # The time in the file has whole seconds; a store's clock is as fine as it likes.
    monkeypatch.setattr(Remote, "facts", lambda self: (video.stat().st_size, 1.0))
    assert tfq("extract", "memory://in/clip.mp4").exit_code == 0
    assert fetched == ["memory://in/clip.h5"]
    monkeypatch.setattr(Remote, "facts", lambda self: (video.stat().st_size, 4e9))
    assert tfq("extract", "memory://in/clip.mp4").exit_code == 0
    assert fetched == ["memory://in/clip.h5"] * 2 + ["memory://in/clip.mp4"]


def test_results_of_a_video_in_a_store_may_lie_here(store, video, tmp_path):
    Remote("memory://in/clip.mp4").publish(video)
    result = tfq("extract", "--out-dir", tmp_path, "memory://in/clip.mp4")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/clip.h5\n")
    assert list(store.store) == ["/in/clip.mp4"]


def test_what_fails_is_told_by_its_url_and_leaves_nothing(store, tmp_path):
    store.pipe("/in/bad.mp4", b"not a video")
    result = tfq("extract", "memory://in/bad.mp4", "memory://in/none.mp4")
    assert result.exit_code == 3
    assert "memory://in/none.mp4: no such file" in result.stderr
    assert "memory://in/bad.mp4: not a video" in result.stderr
    assert "/tfq-" not in result.stderr
    assert list(store.store) == ["/in/bad.mp4"]


def test_what_a_store_cannot_do_is_usage(store, tmp_path, video):
    assert tfq("extract", "nonsense://x/clip.mp4").exit_code == 2
    assert tfq("extract", "--out-dir", "nonsense://x", video).exit_code == 2
    assert tfq("report", "--out-dir", "memory://x", video).exit_code == 2
    assert tfq("extract", "--source", "link", "memory://in/clip.mp4").exit_code == 2
    assert not isinstance(remote.place("clip.mp4"), Remote)
