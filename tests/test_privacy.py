"""Nothing but the fetching of weights asks for the network: not tfq, and no library that it runs, native code included.

The kernel ends every process of a command that opens an internet socket, whoever in it does so.
"""

from __future__ import annotations

import platform
import shlex
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.lines import DEMO, cut

# A seccomp filter (see seccomp(2)) of seven steps: the number of the call, then its first argument, the family of addresses.
ALONE = """
import ctypes, platform, runpy, struct, sys
NUMBER = {"x86_64": 41, "aarch64": 198}[platform.machine()]  # of the system call `socket`
LOAD, SAME, END = 0x20, 0x15, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
AF_INET, AF_INET6 = 2, 10
steps = [
    (LOAD, 0, 0, 0), (SAME, 0, 4, NUMBER), (LOAD, 0, 0, 16), (SAME, 1, 0, AF_INET), (SAME, 0, 1, AF_INET6),
    (END, 0, 0, KILL), (END, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()  # from here on
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True) if sys.argv[0] == "tfq" else exec(sys.argv[1])
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="needs seccomp"
)


def alone(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line where no internet socket can be opened."""
    return subprocess.run(
        [sys.executable, "-c", ALONE, *shlex.split(line)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_who_opens_a_socket_is_ended(tmp_path: Path, family: str) -> None:
    ended = alone(f"-c 'import socket; socket.socket(socket.{family})'", tmp_path)
    assert ended.returncode == -signal.SIGSYS
    assert alone("-c 'import socket; socket.socketpair()'", tmp_path).returncode == 0


@pytest.mark.weights
def test_no_command_opens_a_socket_once_the_weights_are_here(tmp_path: Path) -> None:
    cut(DEMO, tmp_path / "clip.mp4", 1.2)
    for line in (
        "tfq detect --detector blazeface -o small.h5 clip.mp4",
        "tfq score --keep --format json clip.mp4",
        "tfq report clip.h5 -o page.html",
        "tfq show --strip clip.h5",
        "tfq degrade --kind white_noise --severity 3 -o noisy.mp4 clip.mp4",
    ):
        ended = alone(line, tmp_path)
        assert ended.returncode == 0, f"{line}: {ended.returncode} {ended.stderr}"


def test_mediapipe_is_held_before_it_began_to_tell_its_maker(pytestconfig: pytest.Config) -> None:
    """From 1.0 on it sends what it is used for."""
    assert version("mediapipe") == "0.10.31"
    assert '"mediapipe==0.10.31"' in (pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8")
