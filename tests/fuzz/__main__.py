"""Damaged files of every kind, until the time is over: `python -m tests.fuzz --minutes 10 --seed 1`.

Prints for each kind how many were read, how many were refused with a sentence, and every case that was neither, by the seed
that repeats it: `python -m tests.fuzz --only h5 --case 1234`.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import seeds
from tfq.errors import TfqError

SLOW_S = 30.0
MOST_MB = 4096  # what a child may take by tests.fuzz.targets, and this process with all its libraries never should


def attempt(good: Path, read: Callable[[Path], None], case: int) -> str:
    """`read`, `refused`, or what went wrong."""
    path = good.with_stem("damaged")
    path.write_bytes(mutated(good.read_bytes(), np.random.default_rng(case)))
    begun, used = time.monotonic(), processor_s()
    try:
        read(path)
        told = "read"
    except TfqError as error:
        told = "refused" if error.exit_status != TfqError.exit_status else traceback.format_exc()
    except Exception:
        told = traceback.format_exc()
    if (taken := time.monotonic() - begun) > SLOW_S:
        return f"took {taken:.0f} s, {processor_s() - used:.1f} s of them at work"
    return told if memory_mb() < MOST_MB else f"took {memory_mb():.0f} MB"


def processor_s() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def memory_mb() -> float:
    """The largest process so far."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one kind, as in h5")
    parser.add_argument("--case", type=int, help="repeat one case")
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = {}
    case = given.seed * 10**6
    with tempfile.TemporaryDirectory() as folder:
        kinds = {name: kind for name, kind in seeds(Path(folder)).items() if given.only in (None, name)}
        until = time.monotonic() + 60 * given.minutes
        while time.monotonic() < until:
            for name, (good, read) in kinds.items():
                told = attempt(good, read, case if given.case is None else given.case)
                usual = told in ("read", "refused")
                counts.setdefault(name, Counter())[told if usual else "wrong"] += 1
                if not usual:
                    print(f"{name}, case {case if given.case is None else given.case}: {told}")
            case += 1
            if given.case is not None:
                break
    print(f"largest process {memory_mb():.0f} MB")
    for name, count in counts.items():
        print(
            f"{name:12} {count.total():6} cases, {count['read']} read, {count['refused']} refused, {count['wrong']} wrong"
        )
    print(f"{'all':12} {sum(count.total() for count in counts.values()):6} cases")
    return int(any(count["wrong"] for count in counts.values()))


if __name__ == "__main__":
    raise SystemExit(main())
