"""What each stage of `tfq score` costs, beside the least that any such pipeline must pay.

    python -m tests.bench.pipeline clip.mp4

The clip is scored twice in one process: the first run loads libraries and weights, the second is what the next clip of
a batch costs. Processor seconds (user and system, all threads) change little when the machine is busy; wall time does.
Those of the child that decodes are told apart, from Linux's /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench.processes import cpu_s, family
from tfq.config import Settings
from tfq.models.runtime import Models
from tfq.stages import pipeline
from tfq.store import TfqFile


@dataclass
class Cost:
    """Processor seconds of the process and of its children, wall seconds, the highest memory of the process so far."""

    cpu_s: float = 0.0
    child_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """The cost of the block."""
    children = cpu_s(family(os.getpid())[1:])
    cost, cpu, wall = Cost(), time.process_time(), time.perf_counter()
    yield cost
    cost.cpu_s, cost.wall_s = time.process_time() - cpu, time.perf_counter() - wall
    cost.child_s = cpu_s(family(os.getpid())[1:]) - children
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost.peak_mb = peak / (2**20 if sys.platform == "darwin" else 2**10)


def walk(clip: Path, path: Path, models: Models) -> dict[str, Cost]:
    """Score a video; each stage's cost goes from where it begins to where the next one does.

    With more than one thread, work on the sound runs beside `detect` and `align` and is counted there.
    """
    costs: dict[str, Cost] = {}
    with contextlib.ExitStack() as running, TfqFile(path, durable=False) as file:

        def begun(name: str) -> None:
            running.close()
            costs[name] = running.enter_context(measured())

        begun("start")
        pipeline.walk(file, "score", Settings(), models, source=clip, progress=begun)
    return costs


def floors(clip: Path, path: Path, models: Models) -> dict[str, Cost]:
    """Decoding alone, and the landmark network alone on one picture of the face for every frame."""
    from tfq.media.frames import frames

    with TfqFile(path, read_only=True) as file:
        wanted, crops = file.array("extract/picture"), file.array("align/crops")
    with measured() as decode:
        for _ in frames(clip, wanted, threads=models.threads or 0):
            pass
    with measured() as landmarks, models.landmarker() as landmarker:
        for frame, crop in enumerate(crops):
            landmarker.find(np.ascontiguousarray(crop), 40 * frame)
    return {"decode alone": decode, "landmarks alone": landmarks}


def show(title: str, costs: dict[str, Cost], whole: bool = True) -> None:
    """Print one table."""
    total = Cost(*(sum(getattr(cost, key) for cost in costs.values()) for key in ("cpu_s", "child_s", "wall_s")))
    print(f"{title:18}{'cpu s':>8}{'child s':>8}{'wall s':>8}{'share':>8}{'peak MB':>9}")
    for name, cost in costs.items():
        share = f"{(cost.cpu_s + cost.child_s) / (total.cpu_s + total.child_s):8.0%}" if whole else f"{'':8}"
        print(f"  {name:16}{cost.cpu_s:8.2f}{cost.child_s:8.2f}{cost.wall_s:8.2f}{share}{cost.peak_mb:9.0f}")
    if whole:
        print(f"  {'all':16}{total.cpu_s:8.2f}{total.child_s:8.2f}{total.wall_s:8.2f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    models = Models(threads=given.threads)
    with tempfile.TemporaryDirectory() as folder:
        first = walk(given.clip, Path(folder) / "first.h5", models)
        second = walk(given.clip, Path(folder) / "second.h5", models)
        least = floors(given.clip, Path(folder) / "second.h5", models)
    show("first clip", first)
    show("next clip", second)
    show("floors", least, whole=False)
    libraries = [name for name in ("torch", "transformers", "librosa") if name in sys.modules]
    print(f"heavy libraries in the process: {', '.join(libraries) or 'none'}")


if __name__ == "__main__":
    main()
