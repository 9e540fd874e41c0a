"""What each group of measurements costs, in processor milliseconds a frame on one thread.

    python -m tests.bench.features clip.h5 ...

The files have been through `tfq sync`. They are copied, not changed. A first run on the first file loads libraries and
weights and is not counted. Processor time (user and system) changes little when the machine is busy; wall time does. What a
group reads from the file counts; what several read or compute together (crops, spectrum) counts for each.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

from tfq import disk
from tfq.config import FeaturesConfig
from tfq.features import MEASUREMENTS
from tfq.models.runtime import Models
from tfq.stages import features
from tfq.store import Stamp, TfqFile


def cost(file: TfqFile, name: str, models: Models) -> float:
    """Processor seconds of one group, with reading and writing."""
    config = FeaturesConfig(only=(name,))
    before = time.process_time()
    features.run(file, config, models, Stamp("features", features.VERSION, {"only": [name]}))
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
    with disk.folder() as folder:
        for number, path in enumerate(given.files):
            copy = Path(shutil.copy(path, folder / path.name))
            with TfqFile(copy, durable=False) as file:
                for name in spent:
                    if number == 0:
                        cost(file, name, models)
                    spent[name] += cost(file, name, models)
                frames += file.info("extract")["frames"]
            copy.unlink()
    for name, seconds in sorted(spent.items(), key=lambda row: -row[1]):
        print(f"{name:<16}{1e3 * seconds / frames:8.3f} ms a frame  ({MEASUREMENTS[name].cost})")
    print(f"{'together':<16}{1e3 * sum(spent.values()) / frames:8.3f} ms a frame, {frames} frames")


if __name__ == "__main__":
    main()
