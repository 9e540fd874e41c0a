"""A look at a file in a fork of this process first: HDF5 can crash over damaged metadata, or follow it in circles for ever."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import resource
import signal
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tfq.errors import FormatError, TfqError

Answer = tuple[Any, bytes]

SECONDS = 30  # an honest file is looked through in milliseconds
MEMORY = 2**32  # bytes beyond what this process has
_LENGTHS = struct.Struct("<QQ")


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
        raise _killed(path)


def each(read: Callable[[Path], Answer], paths: Sequence[Path], children: int = 1) -> Iterator[Answer | FormatError]:
    """`read(path)` of every path, in their order, done in children that share the work.

    One fork serves many files, which is what makes it cheap. An answer is a JSON value and bytes: a child that a file
    has taken over can lie, but what it sends is never run. A file that kills its child has a FormatError for its
    answer, and a new child goes on behind it.

    Raises:
        TfqError: `read` raised what it should have caught.
    """
    lanes = [_Lane(read, paths[first::children]) for first in range(min(children, len(paths)))]
    try:
        for place in range(len(paths)):
            yield lanes[place % children].next()
    finally:
        for lane in lanes:
            lane.close()


@dataclass
class _Lane:
    """The files of one child, and the pipe that its answers come through."""

    read: Callable[[Path], Answer]
    paths: Sequence[Path]
    done: int = 0
    child: int = 0
    answers: BinaryIO | None = None

    def next(self) -> Answer | FormatError:
        if self.answers is None:
            self._start()
        answer = _received(self.answers)
        self.done += 1
        if answer is None:
            self.close()
            return _killed(self.paths[self.done - 1])
        (good, value), rest = answer
        if not good:
            raise TfqError(f"{self.paths[self.done - 1]}: {value}")
        return value, rest

    def close(self) -> None:
        if self.answers is not None:
            self.answers.close()
            self.answers = None
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)

    def _start(self) -> None:
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # as in `survive`
            self.child = os.fork()
        if self.child:
            os.close(writing)
            self.answers = os.fdopen(reading, "rb")
            return
        try:
            os.close(reading)
            _confine()
            with contextlib.suppress(Exception), os.fdopen(writing, "wb") as out:
                for path in self.paths[self.done :]:
                    signal.setitimer(signal.ITIMER_REAL, SECONDS)
                    try:
                        value, rest = self.read(path)
                        head = json.dumps((True, value)).encode()
                    except Exception as error:
                        head, rest = json.dumps((False, repr(error))).encode(), b""
                    signal.setitimer(signal.ITIMER_REAL, 0)  # the reader of a full pipe may take its time
                    out.write(_LENGTHS.pack(len(head), len(rest)) + head + rest)
                    out.flush()
        finally:
            os._exit(0)


def _received(answers: BinaryIO | None) -> Answer | None:
    """The next answer; None: the child is gone, or does not talk as a child does."""
    lengths = b"" if answers is None else answers.read(_LENGTHS.size)
    if answers is None or len(lengths) < _LENGTHS.size:
        return None
    head, rest = (answers.read(min(length, MEMORY)) for length in _LENGTHS.unpack(lengths))
    try:
        good, value = json.loads(head)
    except ValueError:
        return None
    return (good, value), rest


def _killed(path: Path) -> FormatError:
    return FormatError(f"{path}: so damaged that HDF5 cannot look through it; run `tfq extract` on the video again")


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
