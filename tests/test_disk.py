from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tfq import disk
from tfq.errors import InputError

ENDLESS = """
    import sys, time, pathlib
    from tfq import disk
    path = pathlib.Path(sys.argv[1])
    with disk.written(path) as sibling, disk.folder() as folder:
        sibling.write_text("half")
        (folder / "clip").write_text("half")
        print(folder, flush=True)
        time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path, monkeypatch):
    """A process that is writing `a.txt`, and has a folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    code = "\n".join(line[4:] for line in ENDLESS.splitlines())
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.txt"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def write(path: Path, text: str) -> None:
    with disk.written(path) as sibling:
        sibling.write_text(text)


def test_a_file_is_the_old_one_until_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    write(path, "old")
    with disk.written(path) as sibling:
        sibling.write_text("new")
        assert sibling.suffix == ".txt"
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    with pytest.raises(UnicodeEncodeError), disk.written(path) as sibling:
        sibling.write_text("half \udc80", encoding="utf-8")
    assert path.read_text() == "new"
    assert names(tmp_path) == {"a.txt"}


def test_what_the_system_says_is_told_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"b/a.txt: cannot be written \(No such file or directory\)"):
        write(tmp_path / "b" / "a.txt", "new")
    with pytest.raises(InputError, match=r"a.txt: cannot be written \(No space left on device\)"), disk.written(
        tmp_path / "a.txt"
    ), Path("/dev/full").open("w") as full:  # fmt: skip
        full.write("x" * 2**20)
    assert names(tmp_path) == set()


def test_who_writes_the_same_file_is_left_alone(tmp_path, writer):
    write(tmp_path / "a.txt", "new")
    with disk.folder():
        pass
    assert len(names(tmp_path)) == 6  # file, sibling, temporary, folder and what it holds
    assert (tmp_path / "a.txt").read_text() == "new"


def test_what_a_killed_process_left_goes(tmp_path, writer):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    (tmp_path / "temporary" / "tfq-mine").mkdir()  # somebody's own
    with disk.folder() as folder:
        assert names(tmp_path / "temporary") == {"tfq-mine", folder.name, f"{folder.name}/.held"}
    write(tmp_path / "a.txt", "new")
    assert names(tmp_path) == {"a.txt", "temporary", "temporary/tfq-mine"}


def test_a_name_that_another_begins_with_is_another(tmp_path):
    with disk.written(tmp_path / "a.b.txt") as sibling:
        sibling.write_text("new")
        disk.clear(tmp_path / "a.txt", alone=True)
    assert names(tmp_path) == {"a.b.txt"}


def test_without_locks_files_are_written_all_the_same(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(disk.fcntl, "flock", refuse)
    left = tmp_path / ".a.txt.0123abcd.tmp.txt"
    left.touch()
    write(tmp_path / "a.txt", "new")
    with disk.folder() as folder:
        assert folder.is_dir()
    assert (tmp_path / "a.txt").read_text() == "new"
    assert left.exists()  # nobody knows whose it is
    disk.clear(tmp_path / "a.txt", alone=True)
    assert not left.exists()
