"""Ctrl-C and SIGTERM that wait until a step is done which must not be left half way."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

DEFERRED = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back the handlers of Python until the block has ended, however it ends; what came is then sent again.

    For short steps: a library that calls back into Python cannot take an exception there (HDF5 goes on as if the bytes
    had been written), and a thing that was made must come to those who will take it away. What the process ignores or
    leaves to the system stays as it is. Python runs handlers in its main thread alone, so in others there is nothing to
    hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {}
    try:
        for number in DEFERRED:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, lambda number, _frame: came.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)
