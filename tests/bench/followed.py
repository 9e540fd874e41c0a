"""Which stored indicator follows the severity of each kind of degradation, judged on clips that it was not chosen on.

    python -m tests.bench.followed --choose work/train/*.h5 --judge work/validation/*.h5 work/test/*.h5

The files are those of `tests.bench.degraded_set`: recordings, and copies of each of some kinds at two or five severities.
Of a kind and a clip the levels are the clip itself (where there is one, its copy with a second encoding of the same stream)
and its copies, by severity. On the clips of `--choose` the indicator with the highest mean rank correlation is taken, with
its sign; on those of `--judge` a kind is followed if the median of that correlation is at least 0.9. There are hundreds of
indicators, so that on few clips one follows by chance: hence the two sets. Copies of one clip at three levels correlate at
1, 0.5, -0.5 or -1.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from tests.bench.response import ENOUGH, LEAST_CLIPS, correlation, indicators
from tfq.artefacts import KINDS
from tfq.store import TfqFile

Levels = dict[int, dict[str, float]]


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
    """Rank correlation of one indicator with the severity; 0 where it does not change or is missing."""
    return correlation([levels[level].get(name, np.nan) for level in sorted(levels)], len(levels))


def choose(clips: list[Levels]) -> tuple[str, float]:
    """The indicator that follows best, and its sign."""
    names = sorted(set.union(*(set(levels[0]) for levels in clips)))
    means = {name: float(np.mean([follows(levels, name) for levels in clips])) for name in names}
    best = max(means, key=lambda name: abs(means[name]))
    return best, float(np.sign(means[best]))


def main() -> int:
    """Print a row for each kind; the status says whether all are followed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choose", nargs="+", type=Path, required=True)
    parser.add_argument("--judge", nargs="+", type=Path, required=True)
    given = parser.parse_args()
    first, second = read(given.choose), read(given.judge)
    medians: list[tuple[float, int]] = []
    print(
        "| kind | chosen on | indicator | judged on | median Spearman | in order | verdict |\n|---|---|---|---|---|---|---|"
    )
    for kind in KINDS:
        if not first.get(kind) or not second.get(kind):
            print(f"| {kind} | {len(first.get(kind, []))} | | {len(second.get(kind, []))} | | | no clips |")
            continue
        name, sign = choose(first[kind])
        signed = [sign * follows(levels, name) for levels in second[kind]]
        median = float(np.median(signed))
        verdict = "few clips" if len(signed) < LEAST_CLIPS else "followed" if median >= ENOUGH else "not followed"
        medians.append((median, len(signed)))
        print(
            f"| {kind} | {len(first[kind])} | {name} | {len(signed)} | {median:.2f} | "
            f"{np.mean([value > 0.999 for value in signed]):.0%} | {verdict} |",
            flush=True,
        )
    told = {least: [median >= ENOUGH for median, clips in medians if clips >= least] for least in (1, LEAST_CLIPS)}
    for least, good in told.items():
        print(f"\n{sum(good)} of {len(good)} kinds with {least} or more clips to judge by reach {ENOUGH}")
    return int(sum(told[LEAST_CLIPS]) < len(KINDS))


if __name__ == "__main__":
    raise SystemExit(main())
