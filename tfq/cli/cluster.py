"""Many machines: the file loop over a Ray cluster. Scheduling, retries and dead machines are Ray Data's affair.

A worker is an actor that holds the networks and does to a file what a process of `--jobs` does. What a worker finished is
told by the file's own stamps, so a file whose worker died is taken up by another one, and finished ones are skipped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import os
import pickle
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

from tfq.cli import interrupt, output
from tfq.cli.inputs import Item
from tfq.cli.options import Loop
from tfq.cli.work import Done, Task, do, limit_threads
from tfq.errors import TfqError, UsageError
from tfq.report.words import printable

log = logging.getLogger("tfq")

BLOCKS = 1000  # a list longer than this is handed out in blocks of several files
LARGEST_BLOCK = 8  # files: a block that is lost is done again, and a worker's last one makes the others wait
DECODED = "align"  # the last stage that decodes pictures; those after it run networks on what it left
BEYOND = ("sync", "features", "score")
OF_DRIVER = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}


def spread(work: list[Item], task: Task, loop: Loop, screen: output.Screen) -> Generator[Done]:
    """Work on the files wherever the cluster has room; answers come in the order they are ready.

    Raises:
        UsageError: Ray is not installed, no cluster answers, or its workers cannot run tfq.
    """
    task = dataclasses.replace(task, wait=True, gpu=loop.ray_gpus > 0, models=task.models and task.models.absolute())
    waiting = dict(enumerate(work))
    with _connected(str(loop.ray), loop.ray_cpus):
        # What was lost with a worker is tried again in a pass of its own, each file alone: one that kills its worker then
        # takes no other with it. Retries of a task by Ray itself are off. They would be spent within seconds on the actor
        # of a dead machine, to which tasks go until its death is known.
        for again in range(1 + loop.ray_retries):
            for number, done in _pass(waiting, task, loop, alone=again > 0):
                item = waiting.pop(number)
                screen.show(item.name)
                yield dataclasses.replace(done, item=item)
        for item in waiting.values():
            message = f"{printable(item.name)}: every worker that took it was killed, perhaps for lack of memory"
            yield Done(item, TfqError.exit_status, message)


def _pass(waiting: Mapping[int, Item], task: Task, loop: Loop, *, alone: bool) -> Iterator[tuple[int, Done]]:
    if not waiting:
        return
    import ray.data

    rows = [{"number": number, "item": pickle.dumps(_absolute(item)), "done": b""} for number, item in waiting.items()]
    size = 1 if alone else min(LARGEST_BLOCK, math.ceil(len(rows) / BLOCKS))
    data = ray.data.from_items(rows, override_num_blocks=math.ceil(len(rows) / size))
    if loop.ray_gpus and not ray.cluster_resources().get("GPU"):
        log.warning("the cluster has no GPU now; files wait until one joins")
    room = max(1, min(len(rows), int(ray.cluster_resources().get("CPU", 1)) // loop.ray_cpus))
    parts = _parts(task, loop.ray_gpus)
    # All the room at once for one part; two have to share it, which Ray Data sees to as it goes.
    first = room if len(parts) == 1 and not loop.ray_gpus else 1
    for part, gpus in parts:
        data = data.map_batches(
            Worker,
            fn_constructor_args=(part, loop.verbose),
            batch_size=None,
            compute=ray.data.ActorPoolStrategy(
                min_size=1, initial_size=first, max_tasks_in_flight_per_actor=1 if alone else 2
            ),
            num_cpus=loop.ray_cpus,
            num_gpus=gpus,
            max_task_retries=0,
        )
    try:
        for row in data.iter_rows():
            yield int(row["number"]), pickle.loads(row["done"])
    except ray.exceptions.RayError as error:
        raise UsageError(f"--ray {loop.ray}: its workers cannot run tfq; {_cause(error)}") from error


def _parts(task: Task, gpus: float) -> list[tuple[Task, float]]:
    """The task, or where there is a GPU two: up to what is decoded on processors, the networks after it on the GPU."""
    if not gpus or task.target not in BEYOND or not task.keep:
        return [(task, gpus)]
    first = dataclasses.replace(task, target=DECODED, recorded={}, force=False, after=None, gpu=False)
    return [(first, 0.0), (task, gpus)]


class Worker:
    """An actor: one process on some machine, which loads each network once."""

    def __init__(self, task: Task, verbose: int) -> None:
        limit_threads(task.threads)
        self._task = task
        self._told = contextlib.ExitStack()
        self._told.enter_context(output.configured(not verbose, verbose, None))

    def __call__(self, rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Work on each file of a block that no part before this one has failed."""
        for number, item, before in zip(rows["number"], rows["item"], rows["done"], strict=True):
            made = pickle.loads(before) if before else None
            if made is None or (made.finished and self._task.target != DECODED):
                made = do(pickle.loads(item), self._task)
            yield {"number": [number], "item": [item], "done": [pickle.dumps(made)]}


def _absolute(item: Item) -> Item:
    """Workers have a current folder of their own."""
    source = None if item.source is None else item.source.absolute()
    return dataclasses.replace(item, source=source, file=item.file.absolute(), out=item.out.absolute())


def read_rows(paths: Sequence[Path], address: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """As `tfq.stages.index_rows.read`, on the machines of a cluster.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """
    if not paths:
        return
    with _connected(address, 1):
        import ray.data

        rows = [{"number": number, "path": os.fsencode(path.absolute())} for number, path in enumerate(paths)]
        data = ray.data.from_items(rows, override_num_blocks=math.ceil(len(rows) / LARGEST_BLOCK))
        answers: dict[int, tuple[dict[str, Any], bytes]] = {}
        wanted = 0
        for row in data.map_batches(_read_block, batch_size=None).iter_rows():
            number = int(row["number"])
            answers[number] = _as_named(paths[number], *pickle.loads(row["answer"]))
            while wanted in answers:  # they come in any order, and are merged in that of the files
                yield answers.pop(wanted)
                wanted += 1
        for number in range(wanted, len(paths)):
            lost = {"error": f"{paths[number]}: every worker that read it was killed"}, b""
            yield answers.pop(number, lost)


def _as_named(path: Path, facts: dict[str, Any], statistics: bytes) -> tuple[dict[str, Any], bytes]:
    """The machine that read a file was given its absolute path; what it complains of is told by the name in the index."""
    if "error" in facts:
        facts = {**facts, "error": facts["error"].replace(str(path.absolute()), str(path))}
    return facts, statistics


def _read_block(rows: dict[str, Any]) -> dict[str, Any]:
    from tfq.stages import index_rows

    found = index_rows.read([Path(os.fsdecode(path)) for path in rows["path"]])
    return {"number": rows["number"], "answer": [pickle.dumps(answer) for answer in found]}


@contextlib.contextmanager
def _connected(address: str, cpus: int) -> Iterator[None]:
    """Let the process drive a cluster."""
    for name, value in OF_DRIVER.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("--ray needs Ray, which is not here; run `pip install 'tfq[ray]'`") from error
    try:
        # Ray allows each worker as many threads as processors; algebra wants one, and must know before it is imported.
        environment = {"env_vars": {"OPENBLAS_NUM_THREADS": "1"}} if cpus > 1 else None
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=environment)
    except (ConnectionError, RuntimeError, ValueError, AssertionError) as error:
        raise UsageError(f"--ray {address}: {str(error).splitlines()[0]}; is there a `ray start`?") from error
    interrupt.insist()  # Ray has put its own answer to SIGTERM in place
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # what is missing at the end is tried again, and told
    try:
        with contextlib.redirect_stdout(cast("TextIO", _Data(sys.stdout))):
            yield
    finally:
        ray.shutdown()


class _Data:
    """Standard output beside Ray, which prints what it hears of dying machines: all that tfq writes are bytes, not text."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        if text.strip():
            log.info("ray: %s", text.strip())
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _cause(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
