"""What each group of measurements costs, in processor milliseconds a frame on one thread.

    python -m tests.bench.features clip.h5 ...

The files have been through `tfq sync`; they are only read. A first run on the first file loads libraries and
weights and is not counted. Processor time (user and system) changes little when the machine is busy; wall time does. What a
group reads from the file counts; what several read or compute together (crops, spectrum) counts for each. `the stage` is
`tfq features` with its defaults on a copy of the file, where it counts once and what is written counts too. The last line is
the size of the file beside the source inside it, in MB a second of video.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tfq.config import FeaturesConfig
from tfq.features import MEASUREMENTS
from tfq.models.runtime import Models
from tfq.stages.features import _read, run
from tfq.store import Stamp, TfqFile


def cost(file: TfqFile, name: str, models: Models) -> float:
    """Processor seconds of one group, from the open file to its values in memory."""
    row = MEASUREMENTS[name]
    before = time.process_time()
    row(_read(file, FeaturesConfig(only=(name,)), (row,), models))
    return time.process_time() - before


def stage_cost(path: Path, models: Models) -> float:
    """Processor seconds of the whole stage on a copy."""
    with TemporaryDirectory(prefix="tfq-") as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(path.read_bytes())
        with TfqFile(copy, durable=False) as file:
            before = time.process_time()
            run(file, FeaturesConfig(), models, Stamp("features", 0))
            return time.process_time() - before


def size(path: Path) -> tuple[float, float]:
    """Megabytes beside the source, and seconds."""
    with TfqFile(path, read_only=True) as file:
        beside = path.stat().st_size - file.shape("extract/source")[0]
        return beside / 1e6, float(file.info("extract")["duration_s"])


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
    stage_cost(given.files[0], models)
    whole = sum(stage_cost(path, models) for path in given.files)
    for name, seconds in sorted(spent.items(), key=lambda row: -row[1]):
        print(f"{name:<16}{1e3 * seconds / frames:8.3f} ms a frame  ({MEASUREMENTS[name].cost})")
    print(f"{'together':<16}{1e3 * sum(spent.values()) / frames:8.3f} ms a frame, {frames} frames")
    print(f"{'the stage':<16}{1e3 * whole / frames:8.3f} ms a frame")
    megabytes, seconds = (sum(part) for part in zip(*map(size, given.files), strict=True))
    print(f"{'the files':<16}{megabytes / seconds:8.3f} MB a second beside the source")


if __name__ == "__main__":
    main()
