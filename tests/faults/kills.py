"""SIGKILL or SIGINT at random moments: what a command was to make is then the old file or the new one, and a rerun ends well.

Half of the kills fall anywhere between the start and the end of a command, the other half into the moments after it began to
write. A rerun must end in equal content, with nothing left in the folder or in the one for temporary files.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.ground import Ground, content
from tests.lines import NAMES, ROAD

CLIP, FILE = "clip.mp4", "clip.h5"
INDEXED = " ".join(f"work/{name}.h5" for name in NAMES)


@dataclass(frozen=True)
class Task:
    """A command, what it makes, and what lies there before: `before` the first time, `again` later."""

    name: str
    line: str
    product: str
    before: tuple[str, ...] = ()
    force: str = " --force"
    beside: tuple[str, ...] = ()  # further products


TASKS = {
    task.name: task
    for task in (
        Task("extract", f"tfq extract {CLIP}", FILE),
        *(Task(name, f"tfq {name} {FILE}", FILE, (f"{FILE} {before}",)) for before, name in pairwise(ROAD)),
        Task("score a video", f"tfq score {CLIP} --format json", "", force=""),
        Task("index", f"tfq index -o data.jsonl {INDEXED}", "data.jsonl", ("work",), force=""),
        Task("train", "tfq train data.jsonl -o mine.safetensors", "mine.safetensors", ("work", "data.jsonl"), " --fresh"),
        Task("degrade", f"tfq degrade --kind flicker --severity 3 -o copy.mp4 {CLIP}", "copy.mp4", force="", beside=("copy.json",)),
        Task("report", f"tfq report {FILE} -o page.html", "page.html", (f"{FILE} score",), force=""),
    )
}  # fmt: skip


@dataclass
class Count:
    """How it went with one task."""

    kills: int = 0
    late: int = 0  # it had ended before
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """What a task gives that nobody disturbs, and how long it takes."""

    made: Any
    out: str
    seconds: float


class Kills:
    """Tasks on the ground; what they need was made once and is copied for each case."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.store = ground.root / "store"
        self.store.mkdir(parents=True, exist_ok=True)
        furnished = ground.typist.furnished
        shutil.copytree(furnished / "work", self.store / "work", dirs_exist_ok=True)
        shutil.copy(furnished / CLIP, self.store / CLIP)
        shutil.copy(furnished / "data.jsonl", self.store / "data.jsonl")
        self.known: dict[str, Known] = {}

    def _stored(self, name: str) -> Path:
        """What a task needs; a file that stages were run on is made when it is first asked for."""
        path = self.store / name
        if not path.exists():
            stages = ROAD[: ROAD.index(name.split()[1]) + 1]
            self.ground.clear()
            shutil.copy(self.store / CLIP, self.ground.work)
            for stage in stages:
                ended = self.ground.run(f"tfq {stage} {CLIP if stage == 'extract' else FILE}")
                assert ended.status == 0, ended.err
            shutil.copy(self.ground.work / FILE, path)
        return path

    def undisturbed(self, task: Task) -> Known:
        if task.name not in self.known:
            self._lay_out(task, again=False)
            self.ground.run(task.line)  # weights are hashed, caches are filled
            self._lay_out(task, again=False)
            begun = time.monotonic()
            ended = self.ground.run(task.line)
            taken = time.monotonic() - begun
            assert ended.status == 0, ended.err
            assert not self.ground.left(), self.ground.left()
            self.known[task.name] = Known(self._made(task), ended.out, taken)
            for name in (task.product, *task.beside):
                if name:
                    shutil.copy(self.ground.work / name, self.store / f"{name} of {task.name}")
        return self.known[task.name]

    def try_one(
        self, task: Task, count: Count, random: np.random.Generator, how: signal.Signals = signal.SIGKILL
    ) -> None:
        """One kill, and what came after it; an interrupt has to clean up after itself."""
        known = self.undisturbed(task)
        again = bool(random.integers(2)) and bool(task.product)
        self._lay_out(task, again)
        before = self._made(task)
        running = self.ground.start(task.line + (task.force if again else ""))
        if random.random() < 0.5:
            time.sleep(random.uniform(0, known.seconds))
        else:
            self._wait_for_writing(running.client, known.seconds)
            time.sleep(random.exponential(0.01))
        running.send(how)
        status = running.wait().status
        killed = status == 128 + how
        if how != signal.SIGKILL:
            if status not in (0, 128 + how):
                count.wrong.append(f"{task.name}: status {status} after {how.name}")
            if left := self.ground.left():
                count.wrong.append(f"{task.name}: left by {how.name}: {left}")
        count.kills += killed
        count.late += not killed
        for sentence in self._odd(task, known, before, count):
            count.wrong.append(f"{task.name}{' again' if again else ''}: {sentence}")
        if left := running.left():
            count.wrong.append(f"{task.name}: still runs: {left}")

    def _odd(self, task: Task, known: Known, before: Any, count: Count) -> Iterator[str]:
        try:
            found = self._made(task)
        except Exception as error:
            yield f"broken after the kill: {error}"
            found = None
        else:
            state = "old" if found == before else "new" if found == known.made else "neither"
            count.states[state] += 1
            if state == "neither":
                yield "neither the old nor the new after the kill"
        ended = self.ground.run(task.line)
        if ended.status:
            yield f"status {ended.status} of the rerun: {ended.err}"
        elif self._made(task) != known.made or ended.out != known.out:
            yield "the rerun ends in something else"
        if left := self.ground.left():
            yield f"left after the rerun: {left}"

    def _wait_for_writing(self, client: Any, seconds: float) -> None:
        seen = set(self.ground.work.iterdir())
        until = time.monotonic() + 2 * seconds
        while client.poll() is None and time.monotonic() < until:
            new = {path for path in self.ground.work.iterdir() if path not in seen and not path.name.endswith(".lock")}
            if new or any(self.ground.temporary.iterdir()):
                return
            time.sleep(0.002)

    def _lay_out(self, task: Task, again: bool) -> None:
        needed = [self._stored(name) for name in (CLIP, *task.before)]
        self.ground.clear()
        for path in needed:
            place = self.ground.work / path.name.split()[0]
            (shutil.copytree if path.is_dir() else shutil.copy)(path, place)
        if again:
            for name in (task.product, *task.beside):
                shutil.copy(self.store / f"{name} of {task.name}", self.ground.work / name)

    def _made(self, task: Task) -> Any:
        found = {}
        for name in (task.product, *task.beside):
            path = self.ground.work / name
            found[name] = content(path) if name and path.exists() else None
        return found
