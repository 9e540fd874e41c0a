"""Which stored indicator follows the severity of each kind of degradation, in clips that it was not chosen on.

    python -m tests.bench.degraded_set --plan every --out work/every work/real/*.h5
    python -m tests.bench.measure_set --originals work/real work/every/*-*.h5
    python -m tests.bench.followed work/every/*.h5

Of a kind and a clip the levels are the clip itself (where there is one, its copy with a second encoding of the same stream)
and its copies, by severity. An indicator follows a clip as far as its rank correlation with the severity says, times the
sign it has in most clips. There are hundreds of indicators, so that in few clips one follows by chance: for each clip the
indicator is therefore chosen on all the others, by the highest mean, and judged on this one. A kind is followed if the
median of what comes out is at least 0.9. The row also names the indicator chosen on all clips, with its own median, and its
median at each severity.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tfq.artefacts import KINDS
from tfq.store import TfqFile
from tfq.types import Floats

ENOUGH = 0.9
LEAST_CLIPS = 5
SCALARS = ("extract", "audio", "sync")  # groups whose scalars are indicators, beside the clip's features

Levels = dict[int, dict[str, float]]


def indicators(file: TfqFile) -> dict[str, float]:
    """Every number a file holds for the whole clip."""
    values = {
        f"{group}.{name}": float(value)
        for group in SCALARS
        for name, value in file.info(group).items()
        if isinstance(value, int | float)
    }
    for group in file.info("features")["groups"]:
        columns = file.info(f"features/{group}")["clip_columns"]
        values |= {
            f"{group}.{name}": float(v) for name, v in zip(columns, file.array(f"features/{group}/clip"), strict=True)
        }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def read(files: list[Path]) -> dict[str, list[Levels]]:
    """By kind the levels of each clip."""
    found: dict[str, dict[str, Levels]] = defaultdict(lambda: defaultdict(dict))
    clean: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for path in files:
        with TfqFile(path, read_only=True) as file:
            if not file.has("features"):
                continue
            values = indicators(file)
        source, _, rest = path.stem.partition("-")
        made = json.loads(path.with_suffix(".json").read_text()) if rest else {}
        if made.get("kind") in KINDS:
            place = re.sub(r"-\d$", "", re.sub(r"^\d+-", "", rest))
            found[made["kind"]][f"{source} {place} {made['spans']}"][made["severity"]] = values
        elif not rest or made["kind"] == "recoded":
            clean[source][made.get("stream", "")] = values
    out: dict[str, list[Levels]] = defaultdict(list)
    for name, clips in found.items():
        for clip, levels in clips.items():
            known = clean.get(clip.split()[0], {})
            original = known.get(KINDS[name].stream, known.get(""))
            if original is not None and len(levels) > 1:
                out[name].append({0: original, **levels})
    return out


def follows(levels: Levels, name: str) -> float:
    """Rank correlation of one indicator with the severity; 0 where it does not change or is missing at a level."""
    values = [levels[level].get(name, np.nan) for level in sorted(levels)]
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return 0.0
    return float(spearmanr(range(len(values)), values).statistic)


def judged(table: Floats) -> list[float]:
    """For each clip of `[clips, indicators]`, the correlation of the indicator that the other clips choose."""
    out = []
    for clip in range(len(table)):
        means = np.delete(table, clip, 0).mean(0)
        best = int(np.argmax(np.abs(means)))
        out.append(float(np.sign(means[best]) * table[clip, best]))
    return out


def main() -> int:
    """Print a row for each kind; the status says whether all are followed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    clips_of = read(given.files)
    followed: list[str] = []
    missed: list[str] = []
    print("| kind | clips | judged on clips left out | indicator of all | its own | clean | 1 | 2 | 3 | 4 | 5 |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        clips = clips_of.get(kind, [])
        if len(clips) < LEAST_CLIPS:
            print(f"| {kind} | {len(clips)} | too few | | | | | | | | |")
            missed.append(kind)
            continue
        names = sorted(set.union(*(set(levels[0]) for levels in clips)))
        table = np.array([[follows(levels, name) for name in names] for levels in clips])
        median = float(np.median(judged(table)))
        best = int(np.argmax(np.abs(table.mean(0))))
        own = float(np.median(table[:, best] * np.sign(table[:, best].mean())))
        values = [np.median([levels[i].get(names[best], np.nan) for levels in clips if i in levels]) for i in range(6)]
        cells = " | ".join(f"{value:.3g}" for value in values)
        print(f"| {kind} | {len(clips)} | {median:.2f} | {names[best]} | {own:.2f} | {cells} |", flush=True)
        (followed if median >= ENOUGH else missed).append(kind)
    print(f"\n{len(followed)} of {len(KINDS)} kinds reach {ENOUGH}; not: {', '.join(missed) or 'none'}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
