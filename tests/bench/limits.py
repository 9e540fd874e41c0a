"""Where the curves of clean recordings lie: the limits that reasons are judged by (`tfq/diagnosis/evidence.py`).

    python -m tests.bench.limits work/real/*.h5

Prints, for each curve, percentiles of its median over windows of one second, over all files; then percentiles of its
median over whole files, which compare a clip with others.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

from tfq.stages import curves
from tfq.store import TfqFile
from tfq.timebase import FPS

PERCENTILES = (1, 5, 20, 50, 80, 95, 99)


def windows(values: np.ndarray) -> np.ndarray:
    """Medians of whole seconds, NaN left out."""
    whole = values[: len(values) // FPS * FPS].reshape(-1, FPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a second in which nothing was measured stays NaN
        medians = np.nanmedian(whole, axis=1)
    return medians[np.isfinite(medians)]


def whole(values: np.ndarray) -> np.ndarray:
    """The median of a file, or nothing where nothing was measured."""
    known = values[np.isfinite(values)]
    return np.array([np.median(known)]) if len(known) else known


def table(found: dict[str, list[np.ndarray]], unit: str) -> None:
    """Print a row a curve."""
    print(f"{'curve':26}" + "".join(f"{f'{p} %':>10}" for p in PERCENTILES) + f"{unit:>10}")
    for name, medians in found.items():
        joined = np.concatenate(medians)
        if len(joined):
            cells = "".join(f"{value:10.3f}" for value in np.percentile(joined, PERCENTILES))
            print(f"{name:26}{cells}{len(joined):10}")


def main(paths: list[Path]) -> None:
    """Print both tables."""
    seconds: dict[str, list[np.ndarray]] = {}
    clips: dict[str, list[np.ndarray]] = {}
    for path in paths:
        with TfqFile(path, read_only=True) as file:
            for name, values in curves.read(file).items():
                seconds.setdefault(name, []).append(windows(values))
                clips.setdefault(name, []).append(whole(values))
    table(seconds, "seconds")
    print()
    table(clips, "clips")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
