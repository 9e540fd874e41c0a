"""Results of `tfq score` against labels: what a model is worth, and which of several is worth more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfq.artefacts import KINDS
from tfq.config import DIMENSIONS
from tfq.errors import InputError
from tfq.fusion import agreement, evaluation, localisation
from tfq.fusion.evaluation import Judged
from tfq.report import figures_many
from tfq.report.evaluation import page, text
from tfq.report.figures import readable
from tfq.report.language import Language
from tfq.report.many import key
from tfq.stages import tables
from tfq.stages.examples import speaker
from tfq.stages.index_file import load
from tfq.stages.report import drawn_into, pictures
from tfq.store.opening import plain
from tfq.types import Span

FORMAT = "tfq-evaluation"
SEEN = 2.5  # labels under this are those of weak moments
SPOTLESS = 4.5  # labels over this are those of clips that nothing was done to
PARTS = ("generator", "language", "kind")

Result = Mapping[str, Any]


@dataclass
class Known:
    """What is known of one clip, whichever way it was told."""

    labels: dict[str, float] = field(default_factory=dict)
    doubt: dict[str, float] = field(default_factory=dict)
    speaker: str = ""
    traits: dict[str, str] = field(default_factory=dict)
    original: str = ""
    weak: dict[str, list[Span]] = field(default_factory=dict)
    pieces: bool = False  # whether it is known which of its moments are weak


def evaluate(results: Sequence[Path], known: Mapping[str, Known]) -> dict[str, Any]:
    """Figures of each file of results, and the differences of each from the first.

    Args:
        results: written by `tfq score --format jsonl`, a model each, of the same clips.
        known: by SHA-256 of the clip, or by its name without folder and ending.

    Raises:
        InputError: a file cannot be read, or none of its clips is known.
    """
    models, judged, indicators = [], [], {}
    for i, path in enumerate(results):
        told = tables.results(path)
        scored = {_place(one, known): one for one in told}
        scored.pop("", None)
        if not any(known[name].labels for name in scored):
            raise InputError(
                f"{path}: none of its {len(told)} clips is among the {len(known)} asked about that have a label; "
                "they are matched by content, or by name, and `--part all` takes every part of an index"
            )
        names = sorted(known)
        judged.append(_judged(names, known, scored))
        models.append({"name": path.stem, **_figures(judged[-1], names, known, scored)})
        if i == 0:
            indicators = _indicators(judged[0], names, scored)
    differences = [
        {
            "first": models[0]["name"],
            "second": model["name"],
            "figures": {d: evaluation.difference(judged[0], other, i) for i, d in enumerate(DIMENSIONS)},
        }
        for model, other in zip(models[1:], judged[1:], strict=True)
    ]
    made = {
        "format": FORMAT,
        "format_version": 1,
        "models": models,
        "differences": differences,
        "indicators": indicators,
    }
    return dict(plain(made))


def written(evaluation: Mapping[str, Any], form: str, title: str, say: Language) -> str:
    """An evaluation as `.json`, `.html` or, for reading, `.md`."""
    if form == ".json":
        return json.dumps(evaluation, ensure_ascii=False, indent=1) + "\n"
    return page(evaluation, title, say) if form == ".html" else text(evaluation)


def draw(evaluation: Mapping[str, Any], folder: Path, stem: str, say: Language) -> None:
    """Write the plots of an evaluation's page, of each model its own: `FOLDER/STEM-MODEL-labels` and `-reliability`."""
    say = readable(say)
    with drawn_into(folder):
        for model in evaluation["models"]:
            told, name = model["dimensions"], f"{stem}-{model['name']}"
            labels = {
                d: [figures_many.Dot(x, y, None, (low, high)) for x, y, low, high in told[d]["points"]] for d in told
            }
            axes = figures_many.Axes(say("label"), say("predicted"))
            figures_many.scatters(labels, axes, pictures(folder, f"{name}-labels"), say)
            holds = {
                d: [figures_many.Dot(one["width"], 100 * one["holds"]) for one in told[d]["reliability"]] for d in told
            }
            axes = figures_many.Axes(say("width of the interval, points"), "%", (0, 4), (40, 102), line=90)
            figures_many.scatters(holds, axes, pictures(folder, f"{name}-reliability"), say)


def from_index(index: Path, part: str) -> dict[str, Known]:
    """What an index says of the clips of one part, by SHA-256.

    Raises:
        InputError: that part is empty.
    """
    _, rows = load(index)
    rows = [row for row in rows if row.get("dropped") is None and part in ("all", row.get("split"))]
    if not rows:
        raise InputError(f"{index}: the {part} part is empty")
    return {str(row["sha256"]): _of_row(row) for row in rows}


def from_tables(table: Path | None, ratings: Path | None) -> dict[str, Known]:
    """What a table of labels and ratings say, by name of the clip without folder and ending; ratings go first."""
    found: dict[str, Known] = {}
    for name, entry in (tables.labels(table) if table else {}).items():
        one = found.setdefault(key(name), Known())
        one.labels = {d: float(entry[d]) for d in DIMENSIONS if entry.get(d)}
        one.speaker = entry.get("speaker") or entry.get("group") or key(name)
        one.traits = {"generator": entry.get("generator") or entry.get("method") or "", **_plain(entry, "language")}
    for name, rated in (tables.read_ratings(ratings).labels()[0] if ratings else {}).items():
        one = found.setdefault(key(name), Known(speaker=key(name)))
        for dimension, mos in rated["labels"].items():
            opinion = rated["ratings"][dimension]
            one.labels[dimension] = mos
            if opinion["low"] is not None:
                one.doubt[dimension] = (opinion["high"] - opinion["low"]) / 2
    return found


def _of_row(row: Mapping[str, Any]) -> Known:
    degraded = row.get("degraded") or {}
    kind = str(degraded.get("kind", ""))
    known = Known(
        labels={name: float(mos) for name, mos in (row.get("labels") or {}).items() if mos is not None},
        doubt={name: 1.96 * float(error) for name, error in (row.get("doubt") or {}).items()},
        speaker=speaker(row),
        traits={"generator": str(row.get("method") or ""), "kind": kind, **_plain(row, "language")},
        original=str(row["family"]) if row["family"] != row["sha256"] else "",
    )
    over_time = row.get("over_time") or []
    known.pieces = (kind in KINDS and len(over_time) > 1) or (
        not degraded and known.labels.get("overall", 0) > SPOTLESS
    )
    for piece in over_time if known.pieces else ():
        for dimension, mos in piece["labels"].items():
            if mos < SEEN and kind in KINDS and dimension == KINDS[kind].dimension:
                known.weak.setdefault(dimension, []).append(Span(piece["start_s"], piece["end_s"]))
    return known


def _plain(entry: Mapping[str, Any], name: str) -> dict[str, str]:
    return {name: str(entry.get(name) or "")}


def _place(result: Result, known: Mapping[str, Known]) -> str:
    """What a result is known by; empty: by nothing."""
    return next((name for name in (str(result.get("sha256")), key(result["file"])) if name in known), "")


def _judged(names: Sequence[str], known: Mapping[str, Known], scored: Mapping[str, Result]) -> Judged:
    """One row a known clip; NaN for those that were not scored."""
    place = {name: i for i, name in enumerate(names)}
    scores = np.full((len(names), len(DIMENSIONS), 3), np.nan)
    for name, result in scored.items():
        for j, dimension in enumerate(DIMENSIONS):
            if score := result["scores"][dimension]:
                scores[place[name], j] = [
                    np.nan if score[end] is None else score[end] for end in ("mos", "low", "high")
                ]
    labels, doubt = (
        np.array([[getattr(known[name], what).get(d, np.nan) for d in DIMENSIONS] for name in names], float)
        for what in ("labels", "doubt")
    )
    _, speakers = np.unique([known[name].speaker for name in names], return_inverse=True)
    return Judged(scores, labels, doubt, speakers, np.array([place.get(known[name].original, -1) for name in names]))


def _figures(
    judged: Judged, names: Sequence[str], known: Mapping[str, Known], scored: Mapping[str, Result]
) -> dict[str, Any]:
    dimensions = {}
    for i, dimension in enumerate(DIMENSIONS):
        dimensions[dimension] = {
            **evaluation.figures(judged, i),
            "reliability": evaluation.reliability(judged, i),
            "parts": {
                trait: evaluation.by_part(judged, [known[name].traits.get(trait, "") for name in names], i)
                for trait in PARTS
            },
            "points": _points(judged, i),
        }
    return {
        "clips": len(scored),
        "dimensions": dimensions,
        "between": evaluation.between(judged).tolist(),
        "localisation": _localisation(known, scored),
    }


def _points(judged: Judged, dimension: int) -> list[list[float]]:
    """Label, score, low and high of each clip that has both."""
    rows = np.concatenate([judged.labels[:, dimension, None], judged.scores[:, dimension]], 1)
    return [[round(float(value), 3) for value in row] for row in rows[np.isfinite(rows[:, :2]).all(1)]]


def _localisation(known: Mapping[str, Known], scored: Mapping[str, Result]) -> dict[str, Any]:
    """Overlap and average precision by dimension, and segments a minute on clips that nothing was done to."""
    found: dict[str, Any] = {}
    local = {name: result for name, result in scored.items() if known[name].pieces}
    for dimension in DIMENSIONS[:-1]:
        spans = {name: _spans(known[name], result, dimension) for name, result in local.items()}
        weak = {name: one for name, one in spans.items() if one.true}
        if weak:
            overlaps = np.array([localisation.overlap(one) for one in weak.values()])
            who = np.array([known[name].speaker for name in weak])
            interval = agreement.bootstrap(lambda a, _: float(np.mean(a)), overlaps, overlaps, who)
            found[dimension] = {
                "clips": len(weak),
                "iou": [float(overlaps.mean()), *interval],
                "average_precision": localisation.average_precision(list(spans.values())),
            }
    clean = [r for name, r in scored.items() if known[name].pieces and not known[name].traits.get("kind")]
    minutes = sum(result["duration_s"] for result in clean) / 60
    if minutes:
        found["clean_per_minute"] = sum(len(result["weak_segments"]) for result in clean) / minutes
    return found


def _spans(known: Known, result: Result, dimension: str) -> localisation.Spans:
    told = [
        localisation.Told(Span(one["start_s"], one["end_s"]), one["mos"])
        for one in result["weak_segments"]
        if one["dimension"] == dimension
    ]
    return localisation.Spans(told, known.weak.get(dimension, []))


def _indicators(judged: Judged, names: Sequence[str], scored: Mapping[str, Result]) -> dict[str, Any]:
    """The single indicator that agrees best with the labels of each dimension, by the size of its SRCC.

    It is chosen on the clips that it is told of, which flatters it: a model has to do better all the same.
    """
    tried = sorted({name for result in scored.values() for name in result.get("indicators", {})})
    found = {}
    for i, dimension in enumerate(DIMENSIONS):
        best: tuple[float, str] = (0.0, "")
        for indicator in tried:
            given = [scored.get(name, {}).get("indicators", {}).get(indicator) for name in names]
            values = np.array([np.nan if value is None else float(value) for value in given])
            both = np.isfinite(values) & np.isfinite(judged.labels[:, i])
            size = abs(agreement.srcc(values[both], judged.labels[both, i])) if both.sum() >= evaluation.LEAST else 0.0
            best = max(best, (float(np.nan_to_num(size)), indicator))
        if best[0]:
            found[dimension] = {"name": best[1], "srcc": best[0]}
    return found
