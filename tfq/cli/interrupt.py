"""Ctrl-C that is not lost: Python drops one that falls into a destructor or a weak reference's callback."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

TERMINATED = 128 + signal.SIGTERM
AGAIN_AFTER_S = 0.01


def insist() -> None:
    """Raise a dropped interrupt again a moment later, and let SIGTERM end the process as cleanly as Ctrl-C does."""
    sys.unraisablehook = _dropped
    signal.signal(signal.SIGALRM, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold Ctrl-C back while this block starts a process, which inherits that: it has nothing yet to answer with."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def ignore() -> None:
    """What a worker does between files: the parent tells it when to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Let Ctrl-C end what a worker does in this block, once, so that it can clean up undisturbed."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        ignore()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    ignore()
    raise KeyboardInterrupt


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


def _dropped(what: UnraisableHookArgs) -> None:
    if what.exc_type is KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER_S)
    else:
        sys.__unraisablehook__(what)
