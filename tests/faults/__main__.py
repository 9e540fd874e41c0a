"""Disturb tfq and print how it took it."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.faults.ground import Ground
from tests.faults.kills import TASKS, Count, Kills
from tests.lines import furnish
from tests.resident import resident

LENGTH_S = 1.2  # of the clip: each case runs its command once or twice


def kills(ground: Ground, number: int, seed: int, only: str | None, how: signal.Signals) -> int:
    """Print one line a command; the number of cases that were handled wrong. Ctrl-C or SIGTERM ends it early, with the table."""
    random = np.random.default_rng(seed)
    tasks = [task for task in TASKS.values() if only in (None, task.name)]
    counts = {task.name: Count() for task in tasks}
    trying = Kills(ground)
    for i in range(number):
        task = tasks[i % len(tasks)]
        before = len(counts[task.name].wrong)
        try:
            trying.try_one(task, counts[task.name], random, how)
        except subprocess.TimeoutExpired as error:
            counts[task.name].wrong.append(f"{task.name}: {error}")
        except KeyboardInterrupt:
            print(f"interrupted in case {i}", flush=True)
            break
        for sentence in counts[task.name].wrong[before:]:
            print(f"seed {seed}, case {i}: {sentence}", flush=True)
        if (i + 1) % 50 == 0:
            print(
                f"{i + 1} cases, {sum(len(count.wrong) for count in counts.values())} wrong",
                file=sys.stderr,
                flush=True,
            )
    print(f"{how.name + ' during':16} {'kills':>6} {'late':>6} {'old':>6} {'new':>6} {'wrong':>6}")
    for name, count in counts.items():
        print(
            f"{name:16} {count.kills:6} {count.late:6} {count.states['old']:6} {count.states['new']:6} {len(count.wrong):6}"
        )
    print(f"{'all':16} {sum(count.kills for count in counts.values()):6}")
    return sum(len(count.wrong) for count in counts.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="SIGKILLs, spread over the commands")
    parser.add_argument("--interrupts", type=int, default=0, metavar="N", help="the same by SIGINT")
    parser.add_argument("--only", help="one command, as in train")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # the former is ignored in what a script starts in the background
        signal.signal(number, signal.default_int_handler)
    wrong = 0
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "furnished").mkdir()
        with resident(root / "resident") as environment:
            ground = Ground(furnish(root / "furnished", environment, LENGTH_S), root / "ground")
            for how, number in ((signal.SIGKILL, given.kills), (signal.SIGINT, given.interrupts)):
                if number:
                    wrong += kills(ground, number, given.seed, given.only, how)
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
