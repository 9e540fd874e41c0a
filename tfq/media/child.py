"""The process that decodes for another: it may crash or hang over a stranger's video, and takes nothing with it.

Started by `tfq.media.guarded`, which holds the other end of the socket on its standard input. A request is one line of
JSON, with a descriptor beside it where the video has no name. An answer is lines of JSON, each followed by the bytes of the
arrays that it announces, the last of them `{"end": true}`. Pictures lie in memory that both share, where the system has it.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np

from tfq.config import DecodingLimits
from tfq.errors import InputError, TfqError
from tfq.media import facts, frames, probe, samples, shared
from tfq.media.facts import Source

LONGEST_REQUEST = 2**26  # bytes; a picture's number for each frame of an hour is under 1 MB


def main() -> None:
    """Answer requests until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends Ctrl-C to both; the other end says when to go
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process even inside a codec
    pipe = socket.socket(fileno=os.dup(0))
    filler = shared.Filler(pipe)
    while request := _received(pipe):
        question, descriptor = request
        filler.start()
        _limit(question["limits"])
        source = Path(question["path"]) if descriptor is None else io.BufferedReader(io.FileIO(descriptor))
        try:
            _answer(pipe, filler, question, source)
        finally:
            if isinstance(source, io.BufferedReader):
                source.close()


def _received(pipe: socket.socket) -> tuple[dict[str, Any], int | None] | None:
    line, descriptors = b"", []
    while not line.endswith(b"\n"):
        piece, found, _, _ = socket.recv_fds(pipe, 2**16, 1)
        descriptors += found
        line += piece
        if not piece or len(line) > LONGEST_REQUEST:
            return None
    return json.loads(line.lstrip(shared.DONE)), descriptors[0] if descriptors else None


def _limit(limits: Mapping[str, int]) -> None:
    """Memory as asked for; no core files, no writing to files."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = limits["memory_mb"] * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _answer(pipe: socket.socket, filler: shared.Filler, question: Mapping[str, Any], source: Source) -> None:
    limits = DecodingLimits(**question["limits"])
    # A codec that stands still comes to no further packet; ending the process is all that helps.
    probe.Watch.at_packet = lambda: signal.setitimer(signal.ITIMER_REAL, limits.silence_s)
    probe.Watch.limits = limits
    answers = _answers(question["call"], source, question["arguments"])
    while True:
        probe.Watch.at_packet()
        try:
            values = next(answers, None)
        except TfqError as error:
            values = {"error": type(error).__name__, "text": str(error)}
        except (MemoryError, ImportError, av.BlockingIOError):  # no room for a library, or for a thread of the decoder
            text = f"{facts.name_of(source)}: needs more than {limits.memory_mb} MB to decode; see --max-memory"
            values = {"error": InputError.__name__, "text": text}
        except Exception:
            values = {"error": "", "text": traceback.format_exc()}
        signal.setitimer(signal.ITIMER_REAL, 0)  # how long the other end takes to read is its own affair
        _send(pipe, {"end": True} if values is None else _placed(values, filler))
        if values is None or "error" in values:
            return


def _answers(call: str, source: Source, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if call == "frames":
        before = None
        for index, picture in frames.frames(source, np.array(arguments.pop("shown"), np.int64), **arguments):
            yield {"index": index} if picture is before else {"index": index, "picture": picture}
            before = picture
    elif call == "probe":
        yield dataclasses.asdict(probe.probe(source))
    elif call == "timeline":
        for found in frames.survey(source, **arguments):
            yield {**vars(found)} if isinstance(found, facts.Timeline) else found._asdict()
    elif call == "samples":
        sound, covered_s = samples.samples(source, **arguments)
        yield {"covered_s": covered_s} if sound is None else {"covered_s": covered_s, "sound": sound}
    else:
        sound = samples.whole(source)
        yield {} if sound is None else {"sound": sound}


def _placed(values: dict[str, Any], filler: shared.Filler) -> dict[str, Any]:
    """The picture of an answer put where the other end sees it, and its place and shape told instead."""
    if getattr(values.get("picture"), "ndim", 0) != 3 or not shared.available:
        return values
    picture = np.ascontiguousarray(values.pop("picture"))
    ask = json.dumps({"room": picture.nbytes, "arrays": []}).encode() + b"\n"
    return {**values, "place": filler.put(picture, ask), "shape": picture.shape}


def _send(pipe: socket.socket, values: Mapping[str, Any]) -> None:
    arrays = {name: np.ascontiguousarray(value) for name, value in values.items() if isinstance(value, np.ndarray)}
    head = {name: value for name, value in values.items() if name not in arrays}
    head["arrays"] = [[name, value.dtype.str, value.shape] for name, value in arrays.items()]
    pipe.sendall(json.dumps(head).encode() + b"\n")
    for value in arrays.values():
        if value.size:
            pipe.sendall(value.data.cast("B"))


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, ConnectionResetError):  # the other end is gone
        sys.exit(0)
