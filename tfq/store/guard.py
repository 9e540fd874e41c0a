"""A look at a file in a fork of this process first: HDF5 can crash over damaged metadata, or follow it in circles for ever."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

from tfq.errors import FormatError

SECONDS = 30  # an honest file is looked through in milliseconds
MEMORY = 2**32  # bytes beyond what this process has


def survive(look: Callable[[Path], None], path: Path) -> None:
    """Call `look` in a child; what it raises is left for the caller to find for itself.

    Raises:
        FormatError: the child did not come back.
    """
    with warnings.catch_warnings():
        # Threads do not come along into a fork. The child takes no lock of theirs: it reads one file and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            _confine()
            with contextlib.suppress(Exception):
                look(path)
        finally:
            os._exit(0)
    status = None
    try:
        _, status = os.waitpid(child, 0)
    finally:
        if status is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise FormatError(f"{path}: so damaged that HDF5 cannot look through it; run `tfq extract` on the video again")


def _confine() -> None:
    faulthandler.disable()  # the parent tells of a crash in one sentence
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages and hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
