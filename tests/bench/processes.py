"""What a process and the children it has cost, read from Linux's /proc: the decoder of tfq runs in a child."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def cpu_s(pids: list[int]) -> float:
    """User and system seconds of processes that live, and of their children that ended."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(value) for value in fields[11:15])
    return total / TICKS


def memory_mb(pids: list[int]) -> float:
    """Memory of processes, what they share counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total / 1024


class Peak:
    """The most memory seen, in MB."""

    def __init__(self) -> None:
        self.mb = 0.0


@contextmanager
def peak_of(pid: int, every_s: float = 0.05) -> Iterator[Peak]:
    """Watch the memory of a process and its children while the block runs."""
    peak, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            peak.mb = max(peak.mb, memory_mb(family(pid)))
            ended.wait(every_s)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()
