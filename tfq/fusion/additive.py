"""What pairs of clips teach: for each dimension an additive model of what a clip is as a whole, and its share of the score.

Copies of one clip differ in little but what was done to them: the difference of two tells which statistics an artefact moves,
whoever speaks. A deep network that has to learn from a thousand clips what each is worth sees little of that. Here a score is
a sum of one curve for each statistic (generalised additive model, Hastie and Tibshirani 1986), read off its rank among the
clips of training by three straight pieces, and all that counts is which of two clips is the better one (Bradley and Terry
1952): a convex problem with one solution. Pairs come from

- versions of one source whose labels differ;
- clips of different sources whose labels differ, or else a score would mean nothing from one speaker to the next;
- clips of which only the order is known.

Versions whose labels agree in a dimension should not differ in it, as `tfq.fusion.losses.specificity` asks of the network.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize, special

from tfq.fusion.batches import Clips, Example, cut, wholes
from tfq.fusion.judge import LONGEST
from tfq.fusion.losses import BEND
from tfq.fusion.split import folds
from tfq.nets.fusion_arrays import FusionArrays
from tfq.nets.summary import knots
from tfq.nets.summary_arrays import PARTS, PIECES, bent, ranks
from tfq.types import Floats, Ints

PENALTY = 0.15  # of squared weights, beside a mean loss of pairs
LEAST, MOST = 0.25, 2.0  # points from which two labels differ, and up to which a pair counts for more
APART = 0.5  # the least difference between clips of different sources
STRANGERS = 8  # clips of other sources that each is compared with
SHARE = 4.0  # what these weigh together, beside one pair of one source
AGREE, STEADY = 0.1, 0.02  # points within which labels are the same, and what the square of a difference then weighs
ORDERED = 1.0  # weight of a pair of which only the order is known
FOLDS = 4  # people are dealt into, to learn what a score is worth from those it was not learned from
CLIPS = 6000  # the most that lie in memory as ranks; of more, as many are drawn
ORDERS = 0.5  # weight of orders beside labels, where shares are chosen
SHARES, CONSTANTS = np.linspace(0, 1, 11), (-3.0, 3.0)  # what is tried; logits

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Numbers of clips: `better` over `worse` with weights; `one` and `other` should not differ."""

    better: Ints
    worse: Ints
    weight: Numbers
    one: Ints
    other: Ints


def fit(network: FusionArrays, clips: Clips, seed: int = 0) -> FusionArrays:
    """The network with an additive model beside it, which has no share in the scores yet.

    Args:
        network: trained.
        clips: what it was trained on.
        seed: draws clips of different sources to be compared, and folds.
    """
    spec = network.spec
    examples, found = _read(clips, tuple(spec.features), np.random.default_rng(seed))
    judged = np.array([bool(np.isfinite(example.labels).any()) for example in examples])
    points = {name: _points(found[name], judged, PARTS * size) for name, size in spec.features.items()}
    told = {name: np.stack([_bent(row, points[name]) for row in rows]) for name, rows in found.items()}
    fold = np.array(folds([[example.speaker] for example in examples], FOLDS, seed))
    weights = {name: np.zeros((len(spec.dimensions), rows.shape[1]), np.float32) for name, rows in told.items()}
    constant = np.zeros(len(spec.dimensions), np.float32)
    for i, dimension in enumerate(spec.dimensions):
        names = spec.seen_by(spec.view(dimension))
        if not names:  # the network has nothing of that stream
            continue
        columns = np.concatenate([told[name] for name in names], 1)
        slope, constant[i] = _worth(columns, examples, i, fold, seed)
        solved = slope * solve(columns, pairs(examples, i, np.random.default_rng([seed, i])))
        for name, part in zip(names, np.split(solved, np.cumsum([told[n].shape[1] for n in names])[:-1]), strict=True):
            weights[name][i] = part
    arrays = {
        **{f"additive.points.{name}": rows for name, rows in points.items()},
        **{f"additive.weights.{name}": rows for name, rows in weights.items()},
        "additive.constant": constant,
        "additive.share": np.zeros((len(spec.dimensions), 2), np.float32),
    }
    return FusionArrays(replace(spec, additive=True), {**network.arrays, **arrays})


def pairs(examples: Sequence[Example], dimension: int, draw: np.random.Generator) -> Pairs:
    """Which clips are compared in a dimension."""
    labels = np.array([example.labels[dimension] for example in examples])
    _, sources = np.unique([example.source for example in examples], return_inverse=True)
    known = np.flatnonzero(np.isfinite(labels))
    found = [(i, j, ORDERED) for i, j in ordered(examples, dimension)]
    found += [(i, j, min(labels[i] - labels[j], MOST)) for i, j in versions(examples, dimension)]
    for i in known:
        others = draw.choice(known, STRANGERS)
        better = others[(sources[others] != sources[i]) & (labels[others] - labels[i] > APART)]
        found += [(int(j), int(i), min(labels[j] - labels[i], MOST) * SHARE / STRANGERS) for j in better]
    same = [(i, j) for i, j in _within(examples) if i < j and abs(labels[i] - labels[j]) <= AGREE]
    better, worse, weight = np.array(found, float).reshape(-1, 3).T
    one, other = np.array(same, int).reshape(-1, 2).T
    return Pairs(better.astype(int), worse.astype(int), weight, one, other)


def versions(examples: Sequence[Example], dimension: int) -> list[tuple[int, int]]:
    """Better and worse versions of one source."""
    labels = [float(example.labels[dimension]) for example in examples]
    return [(i, j) for i, j in _within(examples) if labels[i] - labels[j] > LEAST]


def _within(examples: Sequence[Example]) -> Iterator[tuple[int, int]]:
    """Numbers of two versions of one source, either way round."""
    sources: dict[str, list[int]] = {}
    for number, example in enumerate(examples):
        sources.setdefault(example.source, []).append(number)
    return ((i, j) for one in sources.values() for i, j in itertools.permutations(one, 2))


def ordered(examples: Sequence[Example], dimension: int) -> list[tuple[int, int]]:
    """Better and worse clips of which only the order is known."""
    groups: dict[str, list[tuple[int, float]]] = {}
    for number, example in enumerate(examples):
        for group, values in (example.ranks or {}).items():
            groups.setdefault(group, []).append((number, float(values[dimension])))
    return [(i, j) for one in groups.values() for i, mine in one for j, theirs in one if mine > theirs]


def solve(columns: Floats, compared: Pairs) -> Floats:
    """Weights `[K]` of columns `[N, K]`; zeros where nothing is compared."""
    if not len(compared.better):
        return np.zeros(columns.shape[1], np.float32)
    weight = compared.weight / compared.weight.sum()
    steady = STEADY / max(1, len(compared.one))

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        scores = (columns @ weights.astype(np.float32)).astype(float)
        apart, moved = scores[compared.better] - scores[compared.worse], scores[compared.one] - scores[compared.other]
        pull = -weight * special.expit(-apart)
        slope = sum(
            np.bincount(places, parts, len(scores))
            for places, parts in (
                (compared.better, pull),
                (compared.worse, -pull),
                (compared.one, steady * moved),
                (compared.other, -steady * moved),
            )
        )
        value = weight @ np.logaddexp(0, -apart) + 0.5 * steady * (moved @ moved) + 0.5 * PENALTY * (weights @ weights)
        return float(value), columns.T @ np.asarray(slope, np.float32) + PENALTY * weights

    solved = optimize.minimize(loss, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(solved.x, np.float32)


def shared(network: FusionArrays, examples: Sequence[Example]) -> FusionArrays:
    """The network with the additive model's share of each score: what tells other people's clips best.

    What counts are labels, where the best weigh as much as all others however many there are of each, which version of a
    source is better, and orders.
    """
    firsts = [cut(example, 0, min(example.length, LONGEST)) for example in examples]
    parts = [network.parts(first.rows, first.present) for first in firsts]
    raw, lines = (np.stack(rows) for rows in zip(*parts, strict=True))
    names, chosen = network.spec.dimensions, network.arrays["additive.share"].copy()

    def scores(i: int, share: float, constant: float) -> Floats:
        tried = chosen.copy()
        tried[i] = share, constant
        return FusionArrays(network.spec, {**network.arrays, "additive.share": tried}).together(raw, lines)[:, i]

    for i in sorted(range(len(names)), key=lambda i: names[i] == "overall"):  # which may be made of the others
        labels = np.array([example.labels[i] for example in examples])
        compared = [np.array(p, int).reshape(-1, 2).T for p in (versions(examples, i), ordered(examples, i))]
        if np.isfinite(labels).any() or compared[1].size:
            chosen[i] = _share(partial(scores, i), labels, compared)
    return FusionArrays(network.spec, {**network.arrays, "additive.share": chosen})


def _share(scores: Callable[[float, float], Floats], labels: Floats, compared: list[Ints]) -> tuple[float, float]:
    """The share, and what has to be added then; `compared` are better and worse clips, one array for each kind."""

    def loss(share: float, constant: float) -> float:
        told = scores(share, constant)
        orders = [np.logaddexp(0, told[worse] - told[better]).mean() for better, worse in compared if len(better)]
        return _wrong(told, labels) + ORDERS * float(sum(orders))

    found = [
        (optimize.minimize_scalar(partial(loss, share), bounds=CONSTANTS, method="bounded"), share) for share in SHARES
    ]
    best, share = min(found, key=lambda one: one[0].fun)
    return float(share), float(best.x)


def _read(
    clips: Clips, names: tuple[str, ...], draw: np.random.Generator
) -> tuple[list[Example], dict[str, list[Floats | None]]]:
    """Clips without their rows, and their statistics by feature; None where one is missing."""
    examples: list[Example] = []
    found: dict[str, list[Floats | None]] = {name: [] for name in names}
    for example, whole in wholes(clips, np.sort(draw.permutation(len(clips.entries))[:CLIPS]), LONGEST):
        for name, rows in found.items():
            rows.append(whole[name])
        examples.append(replace(example, rows={}, present={}))
    return examples, found


def _points(rows: list[Floats | None], judged: NDArray[np.bool_], size: int) -> Floats:
    """Quantiles `[S, KNOTS]` of statistics: of clips that have labels, or else of all; zeros where no clip has any."""
    known = [row for row, told in zip(rows, judged, strict=True) if row is not None and told]
    known = known or [row for row in rows if row is not None] or [np.zeros(size, np.float32)]
    return np.asarray(knots(torch.from_numpy(np.stack(known))).numpy())


def _bent(row: Floats | None, points: Floats) -> Floats:
    """What the model sees of statistics; zeros where they are missing."""
    return np.zeros(PIECES * len(points), np.float32) if row is None else bent(ranks(row, points))


def _worth(columns: Floats, examples: list[Example], dimension: int, fold: Ints, seed: int) -> tuple[float, float]:
    """What to multiply scores by and to add, so that they are logits: learned on people that the weights never saw."""
    labels = np.array([example.labels[dimension] for example in examples])
    scores = np.full(len(labels), np.nan)
    for i in range(FOLDS):
        rest, held = np.flatnonzero(fold != i), np.flatnonzero(fold == i)
        if len(rest) and len(held):
            compared = pairs([examples[j] for j in rest], dimension, np.random.default_rng([seed, dimension, i]))
            scores[held] = columns[held] @ solve(columns[rest], compared)
    known = np.isfinite(labels) & np.isfinite(scores)
    if not known.any():
        return 1.0, 0.0

    def loss(line: Numbers) -> float:
        return _wrong(1 + 4 * special.expit(line[0] * scores + line[1]), np.where(known, labels, np.nan))

    found = optimize.minimize(loss, [0.5, 1.0], method="Nelder-Mead", bounds=[(0.01, 10), (-6, 6)])
    return float(found.x[0]), float(found.x[1])


def _wrong(scores: Floats, labels: Floats) -> float:
    """Huber loss where the best labels weigh as much as all others together."""
    known = np.isfinite(labels)
    if not known.any():
        return 0.0
    best = known & (labels >= np.max(labels[known]) - AGREE)
    loss = special.huber(BEND, np.where(known, scores - labels, 0.0))
    return float(sum(loss[mask].mean() for mask in (best, known & ~best) if mask.any()))
