"""Pages of many clips: one set, and two sets on the same sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq.config import DIMENSIONS
from tfq.report.formats import Result
from tfq.report.language import ENGLISH, Language
from tfq.report.page import render
from tfq.report.words import COLUMNS, TITLES, reason

Opinion = Mapping[str, float | None]  # mos, low, high


@dataclass(frozen=True)
class Labels:
    """What people say of one clip.

    Attributes:
        opinions: by dimension.
        spans: start and end in seconds of what they marked, by dimension.
        traits: `generator`, `language`, `speaker` and the like.
    """

    opinions: Mapping[str, Opinion]
    spans: Mapping[str, Sequence[tuple[float, float]]]
    traits: Mapping[str, str]


def many_page(
    results: Sequence[Result],
    labels: Mapping[str, Labels],
    links: Mapping[str, str],
    title: str,
    say: Language = ENGLISH,
) -> str:
    """A table that sorts and filters, distributions by group, the worst clips, and predictions against labels.

    Args:
        results: JSON objects of the contract.
        labels: by `key` of a file.
        links: addresses of the clips' own pages, by the file's name in its result.
        title: of the page.
        say: the language.
    """
    rows = [_row(result, labels.get(key(result["file"])), links, say) for result in results]
    return render("many.html", title, {"rows": rows, "dimensions": _dimensions(say)}, say, dimensions=DIMENSIONS)


def compare_page(
    pairs: Sequence[tuple[Result, Result]], names: tuple[str, str], title: str, say: Language = ENGLISH
) -> str:
    """Two models on the same clips, or two generators on the same sounds: every pair, and the mean difference.

    Args:
        pairs: results of one clip or sound.
        names: of the two sides.
        title: of the page.
        say: the language.
    """
    rows = [{"file": key(a["file"]), "a": _scores(a), "b": _scores(b)} for a, b in pairs]
    differences = [{"name": name, "title": say(TITLES[name]), **difference(pairs, name)} for name in DIMENSIONS]
    data = {"rows": rows, "dimensions": _dimensions(say), "names": names, "differences": differences}
    return render(
        "compare.html", title, data, say, names=names, differences=differences, count=len(rows), dimensions=DIMENSIONS
    )


def difference(pairs: Sequence[tuple[Result, Result]], name: str) -> dict[str, float | int | None]:
    """Mean of second less first in one dimension, with its 95 % bootstrap interval over pairs, and wins of the second."""
    known = [(a["scores"][name], b["scores"][name]) for a, b in pairs if a["scores"][name] and b["scores"][name]]
    apart = np.array([b["mos"] - a["mos"] for a, b in known])
    if not len(apart):
        return {"count": 0, "mean": None, "low": None, "high": None, "wins": None}
    drawn = np.random.default_rng(0).integers(len(apart), size=(2000, len(apart)))
    low, high = np.percentile(apart[drawn].mean(1), [2.5, 97.5]) if len(apart) > 2 else (None, None)
    wins = float(np.mean(apart > 0) + np.mean(apart == 0) / 2)
    return {
        "count": len(apart),
        "mean": float(apart.mean()),
        "low": None if low is None else float(low),
        "high": None if high is None else float(high),
        "wins": wins,
    }


def paired(first: Sequence[Result], second: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Results whose files have the same name but for folder and ending, in order of the first."""
    others = {key(result["file"]): result for result in second}
    return [(result, others[key(result["file"])]) for result in first if key(result["file"]) in others]


def key(name: str) -> str:
    """What files of one clip share: the name without folder and ending."""
    return Path(name).stem


def group(result: Result, labels: Labels | None) -> str:
    """The generator that labels tell of; without one, the folder of the clip."""
    known = labels.traits.get("generator", "") if labels else ""
    return known or Path(result["file"]).parent.name


def _row(result: Result, labels: Labels | None, links: Mapping[str, str], say: Language) -> dict[str, Any]:
    told = min(result["weak_segments"], key=lambda one: one["mos"], default=None)
    reasons, scores = result.get("reasons", {}), result["scores"]
    worst = min((name for name in reasons if scores.get(name)), key=lambda name: scores[name]["mos"], default=None)
    why = told["reason"] if told else reasons[worst]["reason"] if worst else ""
    if result["status"] != "ok":
        why = reason(result["status"])
    return {
        "file": result["file"],
        "page": links.get(result["file"], ""),
        "group": group(result, labels),
        "scores": _scores(result),
        "labels": dict(labels.opinions) if labels else {},
        "offset_ms": result["sync"]["offset_ms"],
        "weak": len(result["weak_segments"]),
        "why": say(why),
    }


def _scores(result: Result) -> dict[str, Any]:
    return {name: result["scores"][name] for name in DIMENSIONS}


def _dimensions(say: Language) -> list[dict[str, str]]:
    return [{"name": name, "title": say(TITLES[name]), "short": say(COLUMNS[name])} for name in DIMENSIONS]
