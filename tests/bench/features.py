"""What each group of measurements costs, in processor milliseconds a frame on one thread.

    python -m tests.bench.features clip.h5 ...

The files have been through `tfq sync`; they are only read. A first run on the first file loads libraries and
weights and is not counted. Processor time (user and system) changes little when the machine is busy; wall time does. What a
group reads from the file counts; what several read or compute together (crops, spectrum) counts for each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tfq.config import FeaturesConfig
from tfq.features import MEASUREMENTS
from tfq.models.runtime import Models
from tfq.stages.features import _read
from tfq.store import TfqFile


def cost(file: TfqFile, name: str, models: Models) -> float:
    """Processor seconds of one group, from the open file to its values in memory."""
    row = MEASUREMENTS[name]
    before = time.process_time()
    row(_read(file, FeaturesConfig(only=(name,)), (row,), models))
    return time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--only", nargs="*", default=list(MEASUREMENTS), metavar="NAME")
    given = parser.parse_args()
    import cv2

    cv2.setNumThreads(1)
    models, frames = Models(threads=1), 0
    spent = dict.fromkeys(given.only, 0.0)
    for number, path in enumerate(given.files):
        with TfqFile(path, read_only=True) as file:
            for name in spent:
                if number == 0:
                    cost(file, name, models)
                spent[name] += cost(file, name, models)
            frames += file.info("extract")["frames"]
    for name, seconds in sorted(spent.items(), key=lambda row: -row[1]):
        print(f"{name:<16}{1e3 * seconds / frames:8.3f} ms a frame  ({MEASUREMENTS[name].cost})")
    print(f"{'together':<16}{1e3 * sum(spent.values()) / frames:8.3f} ms a frame, {frames} frames")


if __name__ == "__main__":
    main()
