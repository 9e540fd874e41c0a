"""The functions of `tfq.media` that decode, each done in a child with limits.

A codec that crashes, hangs or eats memory over one video fails that video with one sentence, and nothing else. A child costs
about 0.2 s to start and is used again, so a process has one for as long as its videos are in order.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfq import errors
from tfq.config import DecodingLimits
from tfq.errors import InputError
from tfq.media import shared
from tfq.media.facts import Glimpse, Probe, Source, Timeline, name_of
from tfq.types import Ints, Picture, Sound

LARGEST = 2**36  # bytes of an array in an answer
WATCHED = 7500  # pictures, so that what is remembered of them does not grow with the clip

_limits = DecodingLimits()
_idle: list[_Child] = []


@atexit.register
def end_idle() -> None:
    """End the children that wait for a video."""
    while _idle:
        _idle.pop().end()


def limit(limits: DecodingLimits) -> None:
    """Set what videos may ask of this process from now on."""
    global _limits  # noqa: PLW0603 - one set of limits for a process, as with resource limits
    _limits = limits


def ready() -> None:
    """Start a child that will be wanted, so that it loads its libraries while this process loads others."""
    if not _idle:
        _idle.append(_Child())


def probe(source: Source) -> Probe:
    """As `tfq.media.probe.probe`."""
    return Probe(**_one(_asked("probe", source)))


def timeline(
    source: Source,
    max_duration_s: float = float("inf"),
    threads: int = 0,
    watch: Callable[[Glimpse], object] | None = None,
) -> Timeline:
    """As `tfq.media.frames.timeline`; `watch` is shown each picture of the first `WATCHED`, which is lent for the call."""
    pictures = 0 if watch is None else WATCHED
    found: dict[str, Any] = {}
    for found in _asked("timeline", source, pictures=pictures, max_duration_s=max_duration_s, threads=threads):
        if watch is not None and "number" in found:
            found.pop("place", None)
            found.pop("shape", None)
            watch(Glimpse(**found))
    return Timeline(**found)


def samples(source: Source, frame_count: int, start_s: float) -> tuple[Sound | None, float]:
    """As `tfq.media.samples.samples`."""
    found = _one(_asked("samples", source, frame_count=frame_count, start_s=start_s))
    return found.get("sound"), found["covered_s"]


def whole(source: Source) -> Sound | None:
    """As `tfq.media.samples.whole`."""
    return _one(_asked("whole", source)).get("sound")


def frames(
    source: Source,
    shown: Ints,
    start: int = 0,
    stop: int | None = None,
    step: int = 1,
    *,
    threads: int = 0,
    lent: bool = False,
) -> Iterator[tuple[int, Picture]]:
    """As `tfq.media.frames.frames`; with `lent`, a picture is good only until the next is asked for, and not copied."""
    picture: Picture = np.empty((0, 0, 3), np.uint8)
    for found in _asked("frames", source, shown=shown.tolist(), start=start, stop=stop, step=step, threads=threads):
        if "picture" in found:
            picture = found["picture"] if lent else found["picture"].copy()
        yield found["index"], picture


def _asked(call: str, source: Source, **arguments: Any) -> Iterator[dict[str, Any]]:
    """The answers of a child, which is free again after the last one and ended where they are not all wanted."""
    child = _idle.pop() if _idle else _Child()
    with contextlib.ExitStack() as stack:
        stack.callback(child.end)
        child.ask(call, source, arguments)
        yield from child.answers(source)
        stack.pop_all()
        _idle.append(child)


def _one(answers: Iterator[dict[str, Any]]) -> dict[str, Any]:
    (found,) = answers
    return found


class _Child:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket, self._from = ours, ours.makefile("rb")
        self._shared = shared.Reader()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tfq.media.child"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # FFmpeg talks about every broken packet
            # It decodes and does no algebra: threads for that would only cost it memory.
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
        )
        theirs.close()

    def ask(self, call: str, source: Source, arguments: Mapping[str, Any]) -> None:
        question = {"call": call, "arguments": arguments, "limits": vars(_limits)}
        with contextlib.ExitStack() as stack:
            if isinstance(source, Path):
                question["path"], sent = str(source.absolute()), []
            else:
                # The file that holds it stays closed to the child: it is given the video and nothing else.
                copy = stack.enter_context(tempfile.TemporaryFile())
                source.seek(0)
                shutil.copyfileobj(source, copy, 2**20)
                copy.seek(0)
                sent = [copy.fileno()]
            line = json.dumps(question).encode() + b"\n"
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told where the answer is missing
                first = socket.send_fds(self._socket, [line], sent)
                self._socket.sendall(line[first:])

    def answers(self, source: Source) -> Iterator[dict[str, Any]]:
        """What the child finds, until it has found all.

        Raises:
            InputError: it says so, or it died over the video.
        """
        lent = False
        while True:
            try:
                values = self._answer()
            except (OSError, EOFError, ValueError) as error:
                raise InputError(f"{name_of(source)}: {self._death()}") from error
            if "error" in values:
                text = values["text"] if not isinstance(source, Path) else _renamed(values["text"], source)
                raise getattr(errors, values["error"], RuntimeError)(text)
            # The picture before was looked at until another was asked for, which came now.
            if lent and ("picture" in values or "end" in values):
                shared.give_back(self._socket)
            lent = "place" in values or (lent and "picture" not in values)
            if "end" in values:
                return
            yield values

    def _answer(self) -> dict[str, Any]:
        line = self._from.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        head: dict[str, Any] = json.loads(line)
        if "room" in head:
            if not 0 < head["room"] <= LARGEST:
                raise ValueError
            self._shared.grow(self._socket, head["room"])
            return self._answer()
        if "place" in head:
            head["picture"] = self._shared.picture(head["place"], head["shape"])
        for name, kind, shape in head.pop("arrays"):
            values = np.empty(shape, np.dtype(kind))
            if values.dtype.hasobject or values.nbytes > LARGEST:
                raise ValueError
            if values.size and self._from.readinto(values.data.cast("B")) < values.nbytes:
                raise EOFError
            head[name] = values
        return head

    def _death(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(5)
            if status == -signal.SIGALRM:
                return f"decoding stood still for {_limits.silence_s} s; the video is damaged, or see --decode-timeout"
            if status < 0:
                return f"the decoder crashed over it ({signal.Signals(-status).name}); the video is damaged"
        return "the decoder ended over it; the video is damaged"

    def end(self) -> None:
        self._from.close()
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _renamed(text: str, source: Path) -> str:
    """Messages call a file what the user called it."""
    return text.replace(str(source.absolute()), str(source))
