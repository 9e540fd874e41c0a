"""A folder of finished clips, and commands that are run on copies of it and looked after."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.lines import CHEAP, Typist
from tests.resident import PID
from tfq.errors import FormatError
from tfq.models import checkpoint
from tfq.store import TfqFile

GONE_AFTER_S = 10.0
PATIENCE_S = 1800.0  # a busy machine takes its time; a deadlock takes for ever
PASSES = {"TFQ_TRAIN_EPOCHS": "3"}  # several, so that a kill can fall between two


@dataclass(frozen=True)
class Ground:
    """Where commands run: `work` with the clip in it, and `temporary`, their folder for passing things."""

    typist: Typist
    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    def clear(self) -> None:
        for folder in (self.work, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def start(self, line: str, **environment: str) -> Running:
        """Begin a line that starts with `tfq`."""
        pid = self.root / "pid"
        pid.unlink(missing_ok=True)
        words = shlex.split(line)
        outer = {
            **self.typist.environment,
            **CHEAP,
            **PASSES,
            "TMPDIR": str(self.temporary),
            PID: str(pid),
            **environment,
        }
        started = subprocess.Popen(
            words, cwd=self.work, env=outer, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.001)
        return Running(started, int(pid.read_text()))

    def run(self, line: str, **environment: str) -> Ended:
        return self.start(line, **environment).wait()

    def left(self) -> list[str]:
        """Hidden files in the work folder, and anything in the temporary one."""
        hidden = [path.name for path in self.work.rglob(".*")]
        return sorted([*hidden, *(path.name for path in self.temporary.iterdir())])


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Running:
    """A command under way; `pid` leads a session of its own."""

    client: subprocess.Popen[str]
    pid: int

    def send(self, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, what)

    def wait(self) -> Ended:
        try:
            out, err = self.client.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # or it would write into the ground of the next case
            raise
        return Ended(self.client.returncode, out, err)

    def left(self) -> list[str]:
        """What still runs of its session after a while."""
        until = time.monotonic() + GONE_AFTER_S
        while (found := session(self.pid)) and time.monotonic() < until:
            time.sleep(0.01)
        return found


def session(leader: int) -> list[str]:
    """The processes of a session that run, by their command."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().rpartition(")")
            fields = rest.split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(name.partition("(")[2])
    return found


def content(path: Path) -> Any:
    """All that a product says, to be compared; when it was made is left out.

    Raises:
        TfqError: it is not whole.
    """
    if path.suffix == ".h5":
        with TfqFile(path, read_only=True, looked=True) as file:
            return {name: _group(file, name) for name in file.names()}
    if path.suffix == ".safetensors":
        made = checkpoint.load(path)
        return {name: array.tobytes() for name, array in made.network.arrays.items()}
    if path.suffix == ".jsonl":
        header, *rows = (json.loads(line) for line in path.read_text().splitlines())
        return [{name: value for name, value in header.items() if name != "created"}, *rows]
    return path.read_bytes()


def _group(file: TfqFile, name: str) -> dict[str, Any]:
    stamp = file.stamp(name)
    arrays = {path: (values.shape, values.tobytes()) for path, values in _arrays(file, name)}
    return {"stamp": stamp and stamp.to_json(), "status": file.status(name), "info": file.info(name), **arrays}


def _arrays(file: TfqFile, path: str) -> Iterator[tuple[str, np.ndarray]]:
    try:
        names = file.names(path)
    except FormatError:  # no group but a dataset
        yield path, file.array(path)
        return
    for name in names:
        yield from _arrays(file, f"{path}/{name}")
