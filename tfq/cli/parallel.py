"""Several files at once, each in a process of its own."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from tfq.cli import interrupt, output
from tfq.cli.inputs import Item
from tfq.cli.options import Loop
from tfq.cli.work import Done, Task, do, limit_threads
from tfq.errors import TfqError
from tfq.report.words import printable

log = logging.getLogger("tfq")


def together(work: Iterable[Item], task: Task, loop: Loop, screen: output.Screen) -> Generator[Done]:
    """Work on `--jobs` files at once; answers come in the order they are ready.

    A process that is killed, for lack of memory say, fails the files that were being worked on, and no other.
    """
    waiting = iter(work)
    pool = _pool(task, loop)
    running: dict[Future[Done], Item] = {}
    try:
        while True:
            # No more than one in reserve for each worker: names from a pipe are read no faster than they are worked on.
            for item in islice(waiting, 2 * loop.jobs - len(running)):
                with interrupt.held():
                    running[pool.submit(_in_worker, item, task)] = item
            if not running:
                break
            screen.show(", ".join(item.name for item in list(running.values())[: loop.jobs]))
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            answers = [_answer(future, running.pop(future)) for future in ready]
            if any(isinstance(future.exception(), BrokenProcessPool) for future in ready):
                answers += [_answer(future, item) for future, item in running.items()]
                running.clear()
                pool.shutdown(wait=False)
                pool = _pool(task, loop)
            yield from answers
    except BaseException:
        _stop_workers()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(task: Task, loop: Loop) -> ProcessPoolExecutor:
    # spawn: a landmarker or a thread pool that is inherited through a fork hangs.
    return ProcessPoolExecutor(
        loop.jobs,
        multiprocessing.get_context("spawn"),
        _start_worker,
        (task.threads, loop.quiet, loop.verbose, loop.log_file),
    )


def _answer(future: Future[Done], item: Item) -> Done:
    try:
        return future.result()
    except BrokenProcessPool:
        message = f"{printable(item.name)}: its process was killed, perhaps for lack of memory; try fewer --jobs"
        return Done(item, TfqError.exit_status, message)


_listening = contextlib.ExitStack()


def _start_worker(threads: int, quiet: bool, verbose: int, log_file: Path | None) -> None:
    interrupt.insist()
    interrupt.ignore()
    limit_threads(threads)
    _listening.enter_context(output.configured(quiet, verbose, log_file))


def _in_worker(item: Item, task: Task) -> Done:
    with interrupt.heard():
        return do(item, task, lambda stage: log.info("%s: %s", item.name, stage))


def _stop_workers() -> None:
    for process in multiprocessing.active_children():
        if process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)
