"""What a checkpoint is worth on degraded copies of speakers it never saw.

    tfq score --format jsonl work/set/*.h5 > scores.jsonl
    python -m tests.bench.model --index set.jsonl --scores scores.jsonl [--generators generator_mos.csv]

Reads the `test` part of the index. Every figure has its 95 % interval, drawn by speakers (bootstrap). Orders are those of
`tfq index --order`, by the letters that a group's name begins with. Copies of the kind `transmission` are those whose labels
come from `transmission_mos`. The table of generators has columns `generator` and `mos_mean`.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import pearsonr, spearmanr

from tfq.artefacts import KINDS
from tfq.config import DIMENSIONS
from tfq.stages.index import load

STRONG = 3  # severity from which a copy has to lose
UNTOUCHED = 0.1  # points by which a label may change in a dimension that counts as untouched
SPOTLESS = 4.5  # labels over this are those of recordings that nothing was done to
SEEN = 2.5  # labels under this are weak moments


@dataclass(frozen=True)
class Clip:
    """A clip: what it is, and how it was judged."""

    row: dict[str, Any]
    scored: dict[str, Any]

    @property
    def speaker(self) -> str:
        return self.row.get("speaker") or self.row.get("group") or self.row["family"]

    @property
    def kind(self) -> str:
        return self.row.get("degraded", {}).get("kind", "")

    @property
    def severity(self) -> int:
        return self.row.get("degraded", {}).get("severity", 0)

    @property
    def dimension(self) -> str:
        return KINDS[self.kind].dimension if self.kind in KINDS else ""

    def label(self, dimension: str) -> float:
        return float((self.row.get("labels") or {}).get(dimension, np.nan))

    @property
    def clean(self) -> bool:
        return not self.severity and self.label("overall") > SPOTLESS

    def mos(self, dimension: str) -> float:
        score = self.scored["scores"][dimension]
        return score["mos"] if score else float("nan")


def clips(index: Path, scores: Path, part: str = "test") -> list[Clip]:
    judged = {row["sha256"]: row for row in map(json.loads, scores.read_text().splitlines())}
    _, rows = load(index)
    return [Clip(row, judged[row["sha256"]]) for row in rows if row["split"] == part and row["sha256"] in judged]


def interval(values: dict[str, list[float]], middle: Any = np.mean) -> str:
    """A figure over values by speaker, with its interval over speakers."""
    groups = [np.array(found) for found in values.values() if found]
    if not groups:
        return "nothing to measure"
    draw = np.random.default_rng(0)
    made = [
        middle(np.concatenate([groups[i] for i in draw.integers(len(groups), size=len(groups))])) for _ in range(500)
    ]
    low, high = np.percentile(made, [2.5, 97.5])
    everything = np.concatenate(groups)
    return f"{middle(everything):.3f} ({low:.3f} to {high:.3f}), {len(everything)} of {len(groups)} speakers"


def over_originals(found: list[Clip], dimension: str) -> dict[str, list[float]]:
    """1 where an original is above its copy of severity 3 or more in the dimension that the copy's kind is meant for."""
    originals = {clip.row["sha256"]: clip for clip in found}
    won = defaultdict(list)
    for clip in found:
        original = originals.get(clip.row["family"])
        if original and clip.dimension == dimension and clip.severity >= STRONG:
            won[clip.speaker].append(float(original.mos(dimension) > clip.mos(dimension)))
    return won


def severity_order(found: list[Clip], dimension: str) -> dict[str, list[float]]:
    """Spearman's correlation of severity with the loss, for each clip and kind of at least three severities."""
    ladders = defaultdict(dict)
    for clip in found:
        if clip.dimension == dimension:
            ladders[clip.row["family"], clip.kind, clip.speaker][clip.severity] = clip.mos(dimension)
    out = defaultdict(list)
    for (_, _, speaker), steps in ladders.items():
        if len(steps) >= 3:
            found_order = spearmanr(list(steps), list(steps.values())).statistic
            out[speaker].append(-float(np.nan_to_num(found_order)))  # all alike: no order
    return out


def spill(found: list[Clip]) -> dict[str, list[float]]:
    """Change in a dimension that a strong copy's kind leaves alone, as a share of the change in its own."""
    originals = {clip.row["sha256"]: clip for clip in found}
    out = defaultdict(list)
    for clip in found:
        original = originals.get(clip.row["family"])
        if not original or not clip.dimension or clip.severity < STRONG:
            continue
        own = original.mos(clip.dimension) - clip.mos(clip.dimension)
        if not own > 0:
            continue
        for dimension in DIMENSIONS[:-1]:
            if abs(original.label(dimension) - clip.label(dimension)) < UNTOUCHED:
                out[clip.speaker].append(abs(original.mos(dimension) - clip.mos(dimension)) / own)
    return out


def across(found: list[Clip], dimension: str, measure: Any) -> str:
    """A correlation of scores with labels over all clips."""
    who = np.array([clip.speaker for clip in found])
    pairs = np.array([(clip.mos(dimension), clip.label(dimension)) for clip in found])
    pairs, who = pairs[np.isfinite(pairs).all(1)], who[np.isfinite(pairs).all(1)]
    draw, speakers = np.random.default_rng(0), sorted(set(who))
    made = []
    for _ in range(300):
        chosen = np.concatenate(
            [np.flatnonzero(who == speakers[i]) for i in draw.integers(len(speakers), size=len(speakers))]
        )
        made.append(measure(*pairs[chosen].T).statistic)
    low, high = np.percentile(made, [2.5, 97.5])
    return f"{measure(*pairs.T).statistic:.3f} ({low:.3f} to {high:.3f})"


def overlaps(found: list[Clip]) -> dict[str, list[float]]:
    """Intersection over union of the weak segments with the moments whose labels are weak, where a part of a clip is."""
    out = defaultdict(list)
    for clip in found:
        if not clip.dimension or len(clip.row.get("over_time", [])) < 2:
            continue
        length = round(clip.row["duration_s"] * 100)
        truth = _painted(
            length, ((p["start_s"], p["end_s"]) for p in clip.row["over_time"] if p["labels"][clip.dimension] < SEEN)
        )
        told = (s for s in clip.scored["weak_segments"] if s["dimension"] == clip.dimension)
        seen = _painted(length, ((s["start_s"], s["end_s"]) for s in told))
        if truth.any():
            out[clip.speaker].append(float((truth & seen).sum() / (truth | seen).sum()))
    return out


def _painted(length: int, spans: Iterable[tuple[float, float]]) -> np.ndarray:
    line = np.zeros(length, bool)
    for start, end in spans:
        line[round(start * 100) : round(end * 100)] = True
    return line


def covered(found: list[Clip], dimension: str) -> dict[str, list[float]]:
    out = defaultdict(list)
    for clip in found:
        score = clip.scored["scores"][dimension]
        if score and np.isfinite(clip.label(dimension)):
            out[clip.speaker].append(float(score["low"] <= clip.label(dimension) <= score["high"]))
    return out


def orders(found: list[Clip]) -> dict[str, dict[str, list[float]]]:
    """1 where the clip that is known to be better scores higher, by kind of order and dimension."""
    groups = defaultdict(list)
    for clip in found:
        for place in clip.row.get("rank", ()):
            for dimension, value in place["values"].items():
                groups[place["group"], dimension].append((value, clip))
    out: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (group, dimension), members in groups.items():
        letters = re.match(r"[a-z]*", group).group()
        for (high, better), (low, worse) in permutations(members, 2):
            if high > low and np.isfinite(apart := better.mos(dimension) - worse.mos(dimension)):
                recorded = "recordings first, " if better.row.get("kind") == "real" else ""
                out[f"{letters}, {recorded}{dimension}"][worse.speaker].append(0.5 + 0.5 * np.sign(apart))
    return out


def sent(found: list[Clip]) -> str:
    """Means of `overall` by condition against what people said of it, and the error clip by clip."""
    copies = [clip for clip in found if clip.kind == "transmission"]
    if not copies:
        return "nothing to measure"
    pairs = np.array([(clip.label("overall"), clip.mos("overall")) for clip in copies])
    said = np.unique(pairs[:, 0])
    means = [pairs[pairs[:, 0] == one, 1].mean() for one in said]
    error, of_means = (float(np.sqrt(np.mean(np.square(off)))) for off in (pairs[:, 0] - pairs[:, 1], said - means))
    return (
        f"SRCC {spearmanr(said, means).statistic:.2f}, RMSE {of_means:.2f} over {len(said)} conditions; "
        f"SRCC {spearmanr(*pairs.T).statistic:.2f}, RMSE {error:.2f} over {len(pairs)} clips"
    )


def generators(found: list[Clip], table: Path) -> str:
    """Mean `overall` of each generator against its published mean."""
    with table.open(newline="") as lines:
        published = {row["generator"]: float(row["mos_mean"]) for row in csv.DictReader(lines)}
    own = defaultdict(list)
    for clip in found:
        if clip.row.get("method") in published:
            own[clip.row["method"]].append(clip.mos("overall"))
    means = {name: float(np.nanmean(values)) for name, values in own.items()}
    told = ", ".join(f"{name} {mean:.2f} of {len(own[name])}" for name, mean in sorted(means.items()))
    return f"SRCC {spearmanr(list(means.values()), [published[name] for name in means]).statistic:.2f}: {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--generators", type=Path)
    parser.add_argument("--part", default="test", help="of the index; what is reported is test")
    given = parser.parse_args()
    found = clips(given.index, given.scores, given.part)
    clean = [clip for clip in found if clip.clean]
    print(f"{len(found)} clips, {len(clean)} without a degradation, {len({clip.speaker for clip in found})} speakers")
    for dimension in DIMENSIONS:
        print(f"{dimension}")
        if dimension != "overall":
            print(f"  original over copy of severity 3-5  {interval(over_originals(found, dimension))}")
            print(f"  severity order, median SRCC         {interval(severity_order(found, dimension), np.median)}")
        print(f"  pseudo-MOS, SRCC                    {across(found, dimension, spearmanr)}")
        print(f"  pseudo-MOS, PLCC                    {across(found, dimension, pearsonr)}")
        print(f"  90 % interval holds                 {interval(covered(found, dimension))}")
    print(f"specificity, median                   {interval(spill(found), np.median)}")
    print(f"weak segments, mean IoU               {interval(overlaps(found))}")
    minutes = sum(clip.row["duration_s"] for clip in clean) / 60
    print(f"weak segments a clean minute          {sum(len(c.scored['weak_segments']) for c in clean) / minutes:.2f}")
    for name, won in sorted(orders(found).items()):
        print(f"order, {name:40}{interval(won)}")
    print(f"transmission                          {sent(found)}")
    if given.generators:
        print(f"generators                            {generators(found, given.generators)}")
    scores = np.array([[clip.mos(d) for d in DIMENSIONS] for clip in found])
    print("correlation between dimensions")
    for i, j in combinations(range(len(DIMENSIONS)), 2):
        both = np.isfinite(scores[:, [i, j]]).all(1)
        print(f"  {DIMENSIONS[i]:15}{DIMENSIONS[j]:15}{spearmanr(scores[both, i], scores[both, j]).statistic:.2f}")


if __name__ == "__main__":
    main()
