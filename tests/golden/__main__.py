"""Compare the scores of the made clips with those that are kept, or keep new ones."""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.golden import Kept, Scores, judged, kept, moved, now, renew
from tfq.config import DIMENSIONS


def compare(said: Scores, known: Kept) -> int:
    """Print each score and how far it moved; the number of those beyond their tolerance."""
    beyond = 0
    for clip, changes in moved(said, known.newest()).items():
        cells = []
        for name, change in changes.items():
            wrong = not abs(change) <= known.tolerance[name]
            beyond += wrong
            cells.append(f"{name} {said[clip][name]:.2f} ({change:+.3f}{' !' if wrong else ''})")
        print(clip, *cells, sep="\t")
    return beyond


def drift(known: Kept) -> None:
    """Print how far the scores of the same clips moved from each checkpoint to the next: mean, largest."""
    print("| from | to |", " | ".join(DIMENSIONS), "|")
    print("|---|---|" + "---|" * len(DIMENSIONS))
    for (before, old), (after, new) in pairwise(known.said.items()):
        cells = []
        for name in DIMENSIONS:
            changes = np.abs([clip[name] for clip in moved(new, old).values() if name in clip])
            cells.append(f"{np.nanmean(changes):.2f}, {np.nanmax(changes):.2f}")
        print(f"| `{before}` | `{after}` |", " | ".join(cells), "|")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description="Scores of twelve made clips.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--renew", action="store_true", help="keep what is said now")
    what.add_argument("--drift", action="store_true", help="how far scores moved from checkpoint to checkpoint")
    what.add_argument("--clips", type=Path, metavar="DIR", help="make the clips there and print their scores")
    given = parser.parse_args()
    if given.drift:
        drift(kept())
        return 0
    if given.clips is not None:
        given.clips.mkdir(parents=True, exist_ok=True)
        said = dict(judged(given.clips))
    else:
        said = now()
    beyond = compare(said, kept())
    if given.renew:
        renew(said)
        return 0
    return int(beyond > 0)


if __name__ == "__main__":
    raise SystemExit(main())
