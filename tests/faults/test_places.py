"""Disks that are full, fail or may not be written to, clocks that jump, locks that do not work, and many at once."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import numpy as np
import pytest

from tests.builders import h5
from tests.faults.ground import content
from tests.make import Beeps, clip
from tfq import disk
from tfq.cli import output
from tfq.cli.inputs import Item
from tfq.cli.work import Done, Task, do
from tfq.config import Settings
from tfq.errors import InUseError
from tfq.store import Stamp, TfqFile

TFQ = f"'{sys.executable}' -m tfq"
FULL, READ_ONLY = "No space left on device", "Read-only file system"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 KB."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def large(path: Path) -> Path:
    """A clip that the small file system has no room for."""
    return clip(path, duration_s=4, codec="mjpeg", sound=Beeps(codec="pcm_s16le"))


def extracted(video: Path, out: Path) -> Done:
    return do(Item(str(video), video, out, out), Task("extract", Settings(), force=True))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("before", [False, True])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, small: Path, before: bool) -> None:
    out = small / "a.h5"
    if before:
        assert extracted(clip(tmp_path / "little.mp4", duration_s=0.2), out).status == 0
    kept = out.read_bytes() if before else None
    done = extracted(large(tmp_path / "a.avi"), out)
    assert done.status == 3
    assert done.message.endswith(f"cannot be written ({FULL})")
    assert names(small) == ({"a.h5"} if before else set())
    assert kept is None or out.read_bytes() == kept


def test_no_room_for_temporary_files_is_told(
    tmp_path: Path, small: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small))
    (small / "filling").write_bytes(bytes(200_000))
    video = large(tmp_path / "a.avi")
    done = do(Item(str(video), video, Path("a.h5"), Path("a.h5")), Task("extract", Settings(), keep=False))
    assert done.status == 3
    assert FULL in done.message
    assert names(small) == {"filling"}


def test_a_standard_output_without_room_is_told(tmp_path: Path) -> None:
    path = h5(tmp_path / "a.h5")
    ran = shell(f"{TFQ} show --format json '{path}' > /dev/full")
    assert (ran.returncode, ran.stderr) == (3, f"tfq: the system refuses to read or write ({FULL})\n")


def test_a_quota_is_told(tmp_path: Path) -> None:
    video = large(tmp_path / "a.avi")
    ran = shell(f"ulimit -f 64; {TFQ} extract '{video}'")
    assert ran.returncode == 3
    assert ran.stderr == f"tfq: {tmp_path / 'a.h5'}: cannot be written (File too large)\n"
    assert names(tmp_path) >= {"a.avi"}
    assert not {name for name in names(tmp_path) if name.startswith((".a", "a.h5"))}


@pytest.mark.parametrize("reason", [errno.EIO, errno.EDQUOT, errno.ESTALE], ids=os.strerror)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_what_was_there(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch, call: str, reason: int
) -> None:
    out = tmp_path / "a.h5"
    assert extracted(plain, out).status == 0
    kept = out.read_bytes()

    def failing(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), failing)
    done = extracted(plain, out)
    assert (done.status, done.message) == (3, f"{out}: cannot be written ({os.strerror(reason)})")
    assert out.read_bytes() == kept
    assert names(tmp_path) >= {"a.h5"}
    assert not [name for name in names(tmp_path) if name.startswith(".a")]


def test_a_read_only_folder_is_told_and_can_be_read(tmp_path: Path, small: Path) -> None:
    video = clip(small / "a.mp4", duration_s=0.2)
    stored = h5(small / "b.h5", frames=10)
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    done = extracted(video, small / "a.h5")
    assert done.status == 3
    assert done.message == f"{small / 'a.h5'}: cannot write in this folder ({READ_ONLY}); name another with --out-dir"
    assert extracted(video, tmp_path / "a.h5").status == 0
    with TfqFile(stored, read_only=True) as file:
        assert file.has("extract/audio")


def test_no_home_and_no_name(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can be somebody else")
    video = clip(tmp_path / "a.mp4", duration_s=0.2)
    # Somebody whom no table of users knows; only to reach the interpreter and the folder of tests he needs no leave.
    nobody = "setpriv --reuid 54321 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override"
    ran = shell(f'exec env -i PATH="$PATH" PYTHONPATH="$PYTHONPATH" {nobody} {TFQ} extract \'{video}\'')
    assert (ran.returncode, ran.stdout) == (0, f"{tmp_path / 'a.h5'}\n"), ran.stderr


def test_a_defect_without_a_home_for_its_log_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert (
        output.defect(ValueError("odd")) == "a defect of tfq (ValueError: odd); please report it with the lines above"
    )
    assert "ValueError: odd" in capsys.readouterr().err


def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video, first, second = tmp_path / "a.mp4", tmp_path / "1.h5", tmp_path / "2.h5"
    shutil.copy(plain, video)
    assert extracted(video, first).status == 0
    now, calls = time.time(), iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: now + (-1) ** next(calls) * 1e8)
    os.utime(video, (4e9, 4e9))
    assert extracted(video, second).status == 0
    assert content(first) == content(second)
    before = second.read_bytes()
    os.utime(video, (0, 0))
    assert do(Item(str(video), video, second, second), Task("extract", Settings())).status == 0
    assert second.read_bytes() == before  # it was up to date: the hash counts, not the clock


def without_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def at_once(count: int, work: Callable[[int], int]) -> list[int]:
    """What as many processes give back."""
    context = multiprocessing.get_context("fork")
    with context.Pool(count, maxtasksperchild=1) as pool:
        return pool.map(work, range(count), chunksize=1)


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
@pytest.mark.parametrize("count", [2, 10])
def test_processes_on_one_file_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, locks: bool
) -> None:
    if not locks:
        monkeypatch.setattr(fcntl, "flock", without_locks)
    path = tmp_path / "a.h5"
    global _add, _try  # noqa: PLW0603 - a pool finds functions by their names

    def _add(number: int) -> int:
        for _ in range(3):
            with TfqFile(path, wait=True, durable=False) as file:
                done = file.array("extract/time_s") if file.has("extract/time_s") else np.zeros(0)
                with file.replacing("extract", Stamp("extract", 1)) as group:
                    group.put("time_s", np.append(done, number))
        return 0

    def _try(number: int) -> int:
        try:
            with TfqFile(path, durable=False) as file, file.replacing("extract", Stamp("extract", number)) as group:
                time.sleep(0.05)
                group.put("time_s", np.zeros(5))
        except InUseError as error:
            return error.exit_status
        return 0

    assert at_once(count, _add) == [0] * count
    with TfqFile(path, read_only=True) as file:
        assert sorted(file.array("extract/time_s")) == sorted([*range(count)] * 3)
    said = at_once(count, _try)
    assert 0 in said
    assert set(said) <= {0, 7}
    assert names(tmp_path) == {"a.h5"}


HOLD = """
import errno, fcntl, os, sys, pathlib
def flock(*_): raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
if sys.argv[2] == "no": fcntl.flock = flock
from tfq import disk
held = disk.lock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("locks", ["yes", "no"])
def test_a_lock_whose_holder_was_killed_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: str
) -> None:
    if locks == "no":
        monkeypatch.setattr(fcntl, "flock", without_locks)
    path = tmp_path / ".a.h5.lock"
    command = [sys.executable, "-c", HOLD, str(path), locks]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(filelock.Timeout):
            disk.lock(path, 0)
        holder.kill()
        holder.wait()
        held = disk.lock(path, 0)
    disk.unlock(held)
    assert names(tmp_path) == set()
