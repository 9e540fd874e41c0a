"""Pages of many clips: a set, two sets of results against each other, and clips to rate."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfq.config import DIMENSIONS
from tfq.errors import InputError
from tfq.report import figures_many, many, rate
from tfq.report.figures import readable
from tfq.report.language import Language
from tfq.stages import tables
from tfq.stages.report import drawn_into, pictures, save

Result = dict[str, Any]


def summarise(
    made: Sequence[tuple[Result, Path]],
    out: Path,
    table: Path | None,
    ratings: Path | None,
    say: Language,
    figures: Path | None = None,
) -> None:
    """Write the page of a set, with links to the clips' own pages.

    Args:
        made: results, and where each clip's page lies.
        out: the page.
        table: labels by file, as `tables.labels` reads them; `method` or `generator` names the group.
        ratings: ratings, as `tables.read_ratings` reads them; they go before the table's labels.
        say: the language.
        figures: the folder into which its plots are drawn too.
    """
    links = {result["file"]: os.path.relpath(page, out.parent) for result, page in made}
    labels = _labels(table, ratings)
    results = [result for result, _ in made]
    save(out, many.many_page(results, labels, links, out.stem, say))
    if figures is not None:
        say = readable(say)
        with drawn_into(figures):
            figures_many.distributions(results, labels, pictures(figures, f"{out.stem}-groups"), say)
            figures_many.against_labels(results, labels, pictures(figures, f"{out.stem}-labels"), say)


def compare(first: Path, second: Path, out: Path, say: Language, figures: Path | None = None) -> None:
    """Write the page that compares two files of results, clip by clip.

    Raises:
        InputError: one of them cannot be read, or they have no clip in common.
    """
    pairs = many.paired(tables.results(first), tables.results(second))
    if not pairs:
        raise InputError(
            f"{first} and {second}: no clip is in both; clips are matched by name without folder and ending"
        )
    names = (first.stem, second.stem)
    save(out, many.compare_page(pairs, names, f"{names[0]} / {names[1]}", say))
    if figures is not None:
        with drawn_into(figures):
            figures_many.pairs(pairs, names, pictures(figures, f"{out.stem}-pairs"), readable(say))


def rate_page(clips: Sequence[rate.Rated], practice: int, out: Path, say: Language) -> None:
    """Write the page on which people rate clips; the first `practice` of them do not count."""
    shown = [dataclasses.replace(clip, training=i < practice) for i, clip in enumerate(clips)]
    save(out, rate.rate_page(shown, out.stem, say))


def _labels(table: Path | None, ratings: Path | None) -> dict[str, many.Labels]:
    """What people say, by `many.key` of a file."""
    opinions: dict[str, dict[str, many.Opinion]] = {}
    traits: dict[str, dict[str, str]] = {}
    for name, entry in (tables.labels(table) if table else {}).items():
        given = {dimension: float(entry[dimension]) for dimension in DIMENSIONS if entry.get(dimension)}
        key = many.key(name)
        opinions[key] = {dimension: {"mos": mos, "low": None, "high": None} for dimension, mos in given.items()}
        traits[key] = {"generator": entry.get("generator") or entry.get("method") or entry.get("group") or ""}
    for name, rated in (tables.read_ratings(ratings).labels()[0] if ratings else {}).items():
        told = opinions.setdefault(many.key(name), {})
        for dimension, mos in rated["labels"].items():
            opinion = rated["ratings"][dimension]
            told[dimension] = {"mos": mos, "low": opinion["low"], "high": opinion["high"]}
    return {key: many.Labels(told, {}, traits.get(key, {})) for key, told in opinions.items()}
