"""Whether two trees of tfq store the same: each dataset of the same clips, made by one and by the other.

    tfq features --out-dir before clips/*.mp4      # with one tree
    tfq features --out-dir after clips/*.mp4       # with the other
    python -m tests.bench.same before after

For each dataset the largest and the mean difference over all clips and the clip with the largest, in the dataset's own
unit (pixels, grey levels, shares). Datasets without any difference are counted, not listed. The status is 1 where landmarks
differ by more than 0.05 px, blendshapes by more than 0.01, crops by more than one grey level on average, a value is there
in one tree alone, or a stage has another stamp.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from tfq.types import Floats

MOST = {"align/landmarks": 0.05, "align/blendshapes": 0.01}  # largest difference of any value
MEAN = {"align/crops": 1.0, "align/mouths": 1.0, "align/portraits": 1.0}  # mean over a clip


@dataclass
class Difference:
    """Of one dataset over all clips."""

    most: float = 0.0
    mean: float = 0.0
    worst: str = ""
    means: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # clips in which shapes or absences differ

    def add(self, clip: str, one: Floats, other: Floats) -> None:
        """Compare one clip's values."""
        if one.shape != other.shape or (np.isnan(one) != np.isnan(other)).any():
            self.odd.append(clip)
            return
        apart = np.nan_to_num(np.abs(one - other))
        self.means.append(float(apart.mean()) if apart.size else 0.0)
        most = float(apart.max(initial=0.0))
        if most > self.most:
            self.most, self.worst = most, clip


def arrays(path: Path) -> tuple[dict[str, Floats], dict[str, str]]:
    """Every numeric dataset but the source's bytes, and every stage's stamp."""
    found: dict[str, Floats] = {}
    with h5py.File(path) as file:

        def take(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiub" and name != "extract/source":
                found[name] = np.asarray(item[()], np.float64)

        file.visititems(take)
        return found, {name: str(group.attrs.get("stamp", "")) for name, group in file.items()}


def compare(before: Path, after: Path) -> tuple[dict[str, Difference], list[str], int]:
    """Differences by dataset, complaints, and the number of clips that both folders hold."""
    differences: dict[str, Difference] = defaultdict(Difference)
    complaints, count = [], 0
    for path in sorted(before.rglob("*.h5")):
        other = after / path.relative_to(before)
        if not other.is_file():
            continue
        count += 1
        (one, stamps), (two, their_stamps) = arrays(path), arrays(other)
        complaints += [f"{path.stem}: {name} is in one alone" for name in sorted(one.keys() ^ two.keys())]
        complaints += [
            f"{path.stem}: another stamp of {name}" for name in stamps if stamps[name] != their_stamps.get(name)
        ]
        for name in one.keys() & two.keys():
            differences[name].add(path.stem, one[name], two[name])
    for name, found in differences.items():
        complaints += [f"{clip}: {name} has another shape or other gaps" for clip in found.odd]
        if found.most > MOST.get(name, np.inf) or max(found.means, default=0.0) > MEAN.get(name, np.inf):
            complaints.append(f"{name}: too far apart")
    return differences, complaints, count


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args()
    differences, complaints, count = compare(given.before, given.after)
    equal = [name for name, found in differences.items() if not found.most and not found.odd]
    print(f"{count} clips; {len(equal)} of {len(differences)} datasets equal to the bit")
    print(f"{'dataset':44}{'largest':>12}{'mean':>12}  clip")
    for name in sorted(differences.keys() - set(equal)):
        found = differences[name]
        print(f"{name:44}{found.most:12.3g}{np.mean(found.means or [0.0]):12.3g}  {found.worst}")
    for complaint in complaints:
        print(complaint)
    return int(bool(complaints) or not count)


if __name__ == "__main__":
    sys.exit(main())
