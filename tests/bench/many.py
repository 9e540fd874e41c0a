"""Many clips on one machine: does memory stay where it is, what does each clip cost beside its length, what do two workers gain.

    python -m tests.bench.many                      # on pieces of the demo clip; 200 in one process, then workers
    python -m tests.bench.many --clips 0 --pairs 24 # the workers alone

Processor seconds (user and system, of the process that decodes too) hardly change when the machine is busy; wall time and so
the gain of two workers do: its row is true on a quiet machine only. Memory is what the process and its decoder hold resident
after each clip. The fixed cost of a clip is what remains of a straight line through pieces of 1 s and of 4 s at length 0.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tfq.cli import inputs, work
from tfq.config import Settings
from tfq.media import guarded

DEMO = Path(__file__).parents[2] / "tfq" / "demo" / "demo.mp4"
SHORT_S, LONG_S = 1, 4
WARM = 50  # clips until caches and allocators have what they want
GROWTH_MB, FIXED_S, GAIN = 8.0, 0.3, 1.8  # the bars


@dataclass
class Batch:
    """Seconds a clip, and megabytes held after each."""

    cpu_s: float
    wall_s: float
    memory_mb: list[float]


def cut(clip: Path, to: Path, length_s: float) -> Path:
    """The first seconds of a clip, its packets as they are."""
    with av.open(str(clip)) as source, av.open(str(to), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.pts * packet.time_base < length_s:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return to


def copies(clip: Path, folder: Path, count: int) -> list[Path]:
    """The same clip under many names."""
    folder.mkdir()
    return [Path(shutil.copy(clip, folder / f"{number}.mp4")) for number in range(count)]


def held_mb() -> float:
    """Resident memory of this process and its children."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (own, *children)]
    return sum(pages) * resource.getpagesize() / 2**20


def spent() -> float:
    """Processor seconds of this process and its ended children."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in both)


def batch(clips: list[Path], target: str) -> Batch:
    """Work on clips one after another, as the file loop does."""
    task = work.Task(target, Settings(), threads=1)
    memory = []
    cpu, wall = spent(), time.perf_counter()
    for item in inputs.plan(map(str, clips), inputs.beside):
        done = work.do(item, task)
        assert done.status == 0, done.message
        memory.append(held_mb())
    guarded.end_idle()  # what its decoder took is known when it has ended
    return Batch((spent() - cpu) / len(clips), (time.perf_counter() - wall) / len(clips), memory)


def one_process(clip: Path, folder: Path, count: int, target: str) -> bool:
    """Print memory and the fixed cost of a clip; whether both keep to their bars."""
    short, long = (cut(clip, folder / f"{length}s.mp4", length) for length in (SHORT_S, LONG_S))
    batch(copies(short, folder / "first", 2), target)  # loads libraries and weights
    many = batch(copies(short, folder / "short", count), target)
    few = batch(copies(long, folder / "long", max(4, count // 10)), target)
    later = np.array(many.memory_mb[WARM:])
    slope = np.polyfit(np.arange(len(later)), later, 1)[0]
    growth = slope * len(later)
    print(
        f"memory after clip 1 / {WARM} / {count}\t{many.memory_mb[0]:.0f} / {many.memory_mb[WARM]:.0f} / {later[-1]:.0f} MB"
    )
    print(f"growth over the last {len(later)} (straight line)\t{growth:+.1f} MB\tat most {GROWTH_MB} MB")
    fixed = {}
    for name in ("cpu_s", "wall_s"):
        one, four = getattr(many, name), getattr(few, name)
        a_second = (four - one) / (LONG_S - SHORT_S)
        fixed[name] = one - a_second * SHORT_S
        print(
            f"{name}: clip of {SHORT_S} s / of {LONG_S} s / fixed cost\t"
            f"{one:.2f} / {four:.2f} / {fixed[name]:.2f} s\tat most {FIXED_S} s"
        )
    return growth < GROWTH_MB and fixed["cpu_s"] < FIXED_S


def workers(clip: Path, folder: Path, count: int, target: str) -> bool:
    """Print what two workers on two cores gain over one, a thread each; whether it is enough."""
    long = cut(clip, folder / "pair.mp4", LONG_S)
    taken = {}
    for jobs in (1, 2):
        clips = copies(long, folder / f"jobs{jobs}", count)
        listed = folder / f"jobs{jobs}.txt"
        listed.write_text("".join(f"{path}\n" for path in clips))
        command = [
            sys.executable,
            "-m",
            "tfq",
            target,
            "--files-from",
            listed,
            "--jobs",
            str(jobs),
            "--threads",
            str(jobs),
        ]
        cpu, wall = spent(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken[jobs] = spent() - cpu, time.perf_counter() - wall
        print(f"{count} clips, {jobs} workers\t{taken[jobs][0]:.1f} processor s\t{taken[jobs][1]:.1f} s")
    gain = taken[1][1] / taken[2][1]
    print(f"two workers over one\t{gain:.2f} times\tat least {GAIN}")
    print(f"the same if both cores were free all the time\t{2 * taken[1][0] / taken[2][0]:.2f} times")
    return gain >= GAIN


def main() -> None:
    """Print the table; status 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, nargs="?", default=DEMO)
    parser.add_argument("--clips", type=int, default=200, help="in one process; 0: leave that out")
    parser.add_argument("--pairs", type=int, default=24, help="for one worker and for two; 0: leave that out")
    parser.add_argument("--target", default="features")
    given = parser.parse_args()
    work.limit_threads(1)
    if 0 < given.clips <= WARM + 10:
        parser.error(f"the first {WARM} clips do not count: take more")
    good = True
    with tempfile.TemporaryDirectory() as name:
        if given.clips:
            good = one_process(given.clip, Path(name), given.clips, given.target)
        if given.pairs:
            good = workers(given.clip, Path(name), given.pairs, given.target) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
