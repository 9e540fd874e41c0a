"""The file loop: one file after another or several at once, what is printed of each, and the exit status of all."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

from tfq.cli import inputs, output
from tfq.cli.inputs import Item, Place
from tfq.cli.options import Loop
from tfq.cli.work import Done, Task, do, limit_threads
from tfq.config import DecodingLimits, Settings
from tfq.errors import BatchError, IndeterminateError, UsageError

log = logging.getLogger("tfq")

Emit = Callable[[Done], None]

# What each stage takes of the time of a clip, roughly, as `python -m tests.bench.pipeline` says; for the time that is left.
COSTS = {"extract": 5, "audio": 1, "detect": 12, "align": 51, "sync": 4, "features": 26, "score": 2}


def each_file(
    loop: Loop,
    target: str,
    settings: Settings,
    *,
    keep: bool = True,
    product: Place | None = None,
    after: Callable[..., Any] | None = None,
    emit: Emit | None = None,
    recorded: Mapping[str, Any] | None = None,
    indeterminate: int = IndeterminateError.exit_status,
) -> int:
    """Bring every file that the user named up to a stage, and return the exit status.

    Args:
        loop: what the user named, and how to work on it.
        target: the stage.
        settings: what every stage runs with.
        keep: False: a `.h5` file made of a video is thrown away at the end.
        product: what is made of each name, where it is not the `.h5` file that `--output` and `--out-dir` speak of.
        after: called with the open file and its `Item` when it is up to date; its result comes in `Done.result`. It
            must be importable, since workers call it too.
        emit: prints a finished file; by default the path of what was made.
        recorded: the target keeps the parameters it was last run with, save for these; None: it runs with `settings`.
        indeterminate: status of a file in which there is nothing to judge.
    """
    if loop.ray is not None and (loop.jobs > 1 or loop.follow):
        raise UsageError("--ray finds its own number of workers, for a list that ends: not with --jobs or --follow")
    given, arriving = inputs.names(loop)
    given = inputs.share(given, loop.shard)
    wish = None if product else inputs.place(loop.output, inputs.folder(loop.out_dir))
    # What is thrown away can collide with nothing: the video stands for it.
    work: Iterable[Item] = inputs.plan(given, (wish or inputs.beside) if keep else Path, product, loop.follow)
    if not arriving or loop.out_dir is not None or loop.output is not None or loop.ray is not None:
        work = inputs.longest_first(work) if loop.jobs > 1 or loop.ray is not None else list(work)
        if loop.output is not None:
            _check_output(work, in_place=product is None)
    threads = max(1, (loop.threads or _processors()) // loop.jobs) if loop.ray is None else loop.ray_cpus
    task = Task(
        target,
        settings,
        force=loop.force,
        wait=loop.wait,
        keep=keep,
        recorded=recorded,
        indeterminate=indeterminate,
        models=loop.models,
        offline=loop.offline,
        threads=threads,
        after=after,
        limits=DecodingLimits(loop.max_pixels, loop.max_streams, loop.max_memory, loop.decode_timeout),
    )
    emit = emit or (lambda done: output.data(str(done.item.out), "\0" if loop.print0 else "\n"))
    work_on = _on_cluster if loop.ray is not None else _alone if loop.jobs == 1 else _several
    with output.Screen(not loop.quiet, len(work) if isinstance(work, list) else None) as screen:
        statuses = _listen(work_on(work, task, loop, screen), screen, emit)
    if not statuses and loop.shard is None:
        raise UsageError(inputs.NONE_NAMED)
    return status_of(statuses)


def _check_output(work: list[Item], in_place: bool) -> None:
    if len(work) > 1:
        raise UsageError(f"--output names one file, but {len(work)} are to be made; use --out-dir")
    if in_place and work and work[0].source is None:
        raise UsageError(f"{work[0].name} is worked on in place; --output is for videos")


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _listen(done: Generator[Done], screen: output.Screen, emit: Emit) -> list[int]:
    """Print each file as it ends, then what failed; the status of each."""
    statuses: list[int] = []
    failed: list[str] = []
    with contextlib.closing(done):
        for one in done:
            statuses.append(one.status)
            screen.finished()
            if one.status:
                failed.append(one.message)
                log.error("%s", one.message)
            elif one.message:
                log.warning("%s", one.message)
            if one.finished:
                with screen.aside():
                    emit(one)
    if failed and len(statuses) > 1:
        log.warning("%s", _summary(statuses, failed))
    return statuses


def status_of(statuses: list[int]) -> int:
    """One status for many files: the one they share, or that of a batch in which some failed; 0 for none at all."""
    if not statuses:
        return 0
    return statuses[0] if len(set(statuses)) == 1 else BatchError.exit_status


def _summary(statuses: list[int], failed: list[str]) -> str:
    lines = "".join(f"\n  {message}" for message in failed)
    return f"{statuses.count(0)} of {len(statuses)} files are in order; not these:{lines}"


def _alone(work: Iterable[Item], task: Task, loop: Loop, screen: output.Screen) -> Generator[Done]:
    limit_threads(task.threads)
    for item in work:

        def progress(stage: str, item: Item = item) -> None:
            log.info("%s: %s", item.name, stage)
            screen.show(f"{item.name}: {stage}", _before(stage, task.target))

        yield do(item, task, progress)


def _before(stage: str, target: str) -> float:
    """The share of the work up to a stage that is done when another of the road begins."""
    names = list(COSTS)
    if stage not in COSTS or target not in COSTS or names.index(stage) > names.index(target):
        return 0.0
    costs = list(COSTS.values())
    return sum(costs[: names.index(stage)]) / sum(costs[: names.index(target) + 1])


def _several(work: Iterable[Item], task: Task, loop: Loop, screen: output.Screen) -> Generator[Done]:
    from tfq.cli.parallel import together

    yield from together(work, task, loop, screen)


def _on_cluster(work: Iterable[Item], task: Task, loop: Loop, screen: output.Screen) -> Generator[Done]:
    from tfq.cli.cluster import spread

    yield from spread(list(work), task, loop, screen)
