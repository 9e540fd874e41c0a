"""The other plots of the pages, as pictures: one panel a dimension, of many clips or of what moved a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq.config import DIMENSIONS
from tfq.report import many
from tfq.report.figures import COLOURS, save, styled
from tfq.report.formats import Result
from tfq.report.language import ENGLISH, Language
from tfq.report.moved import Moved
from tfq.report.words import TITLES

SCALE = (0.9, 5.1)
MOST_GROUPS = 30  # rows that a distribution has room for
_ACROSS = 3


@dataclass(frozen=True)
class Dot:
    """A point, with the half of an error bar at each end, or None where there is no interval."""

    x: float
    y: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Axes:
    """What stands at the axes, and their ranges; `line`: from corner to corner, or at a height."""

    x: str
    y: str
    x_range: tuple[float, float] = SCALE
    y_range: tuple[float, float] = SCALE
    line: float | None = None


def distributions(
    results: Sequence[Result], labels: Mapping[str, many.Labels], paths: Sequence[Path], say: Language = ENGLISH
) -> None:
    """Every clip of every group a dot in its row, with the median; a panel a dimension."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(many.group(result, labels.get(many.key(result["file"]))), []).append(result)
    rows = [(name or say("all"), groups[name]) for name in sorted(groups)[:MOST_GROUPS]]

    def drawn(axis: Any, name: str, colour: str) -> None:
        for row, (_, members) in enumerate(rows):
            values = np.array([one["scores"][name]["mos"] for one in members if one["scores"][name]])
            spread = ((np.arange(len(values)) * 7) % 11 - 5) / 25  # the same every time
            axis.plot(values, row + spread, ".", color=colour, alpha=0.6, ms=4)
            if len(values):
                axis.plot(np.median(values), row, "|", color=colour, ms=14, mew=2.5)
        axis.set(
            yticks=range(len(rows)), yticklabels=[group for group, _ in rows], xlim=SCALE, ylim=(len(rows) - 0.5, -0.5)
        )
        axis.set_xlabel("MOS")

    _panels(DIMENSIONS, drawn, paths, say, height=0.8 + 0.28 * len(rows))


def against_labels(
    results: Sequence[Result], labels: Mapping[str, many.Labels], paths: Sequence[Path], say: Language = ENGLISH
) -> bool:
    """Predictions against opinions of people, both with their intervals; False: no clip has an opinion."""
    dots: dict[str, list[Dot]] = {}
    for result in results:
        known = labels.get(many.key(result["file"]))
        for name, opinion in (known.opinions if known else {}).items():
            if score := result["scores"].get(name):
                dots.setdefault(name, []).append(Dot(_mos(opinion), score["mos"], _ends(opinion), _ends(score)))
    return scatters(dots, Axes(say("opinion of people (MOS)"), say("predicted")), paths, say)


def pairs(
    compared: Sequence[tuple[Result, Result]], names: tuple[str, str], paths: Sequence[Path], say: Language = ENGLISH
) -> bool:
    """The second of two results against the first."""
    dots: dict[str, list[Dot]] = {}
    for first, second in compared:
        for name in DIMENSIONS:
            if (x := first["scores"][name]) and (y := second["scores"][name]):
                dots.setdefault(name, []).append(Dot(x["mos"], y["mos"]))
    return scatters(dots, Axes(*names), paths, say)


def scatters(dots: Mapping[str, Sequence[Dot]], axes: Axes, paths: Sequence[Path], say: Language = ENGLISH) -> bool:
    """A panel of dots a dimension; False, and no picture, where there is none."""

    def drawn(axis: Any, name: str, colour: str) -> None:
        for dot in dots[name]:
            x_bar, y_bar = (_bar(ends, at) for ends, at in ((dot.x_ends, dot.x), (dot.y_ends, dot.y)))
            axis.errorbar(dot.x, dot.y, y_bar, x_bar, fmt="o", color=colour, ms=4, lw=0.7, alpha=0.6)
        if axes.line is None:
            axis.plot(axes.x_range, axes.y_range, "--", color="0.6", lw=1)
        else:
            axis.axhline(axes.line, ls="--", color="0.6", lw=1)
        axis.set(xlim=axes.x_range, ylim=axes.y_range, xlabel=axes.x, ylabel=axes.y)

    names = [name for name in DIMENSIONS if dots.get(name)]
    _panels(names, drawn, paths, say, height=3.2)
    return bool(names)


def movers(explained: Sequence[Moved], paths: Sequence[Path], say: Language = ENGLISH) -> bool:
    """Points that groups of measurements gained or lost; False, and no picture, where that was not asked for."""
    by_name = {one.dimension: one for one in explained}

    def drawn(axis: Any, name: str, _: str) -> None:
        told = by_name[name].drawn[::-1]
        points = [value for _, value in told]
        axis.barh(
            [group for group, _ in told], points, color=["tab:red" if value < 0 else "tab:green" for value in points]
        )
        axis.axvline(0, color="0.5", lw=0.8)
        axis.set_xlabel(say("points"))

    names = [name for name in DIMENSIONS if name in by_name and by_name[name].drawn]
    _panels(names, drawn, paths, say, height=2.4)
    return bool(names)


def _panels(
    names: Sequence[str], drawn: Callable[[Any, str, str], None], paths: Sequence[Path], say: Language, height: float
) -> None:
    if not names:
        return
    down = -(-len(names) // _ACROSS)
    with styled() as figure:
        figure.set_size_inches(11, height * down + 0.3)
        axes = np.atleast_1d(figure.subplots(down, min(_ACROSS, len(names)), squeeze=False)).ravel()
        for axis, name in zip(axes, names, strict=False):
            drawn(axis, name, COLOURS[DIMENSIONS.index(name)])
            axis.set_title(say(TITLES[name]))
        for axis in axes[len(names) :]:
            axis.remove()
        save(figure, paths)


def _mos(opinion: Mapping[str, float | None]) -> float:
    return float(opinion["mos"] or np.nan)


def _ends(opinion: Mapping[str, float | None]) -> tuple[float, float] | None:
    low, high = opinion["low"], opinion["high"]
    return None if low is None or high is None else (low, high)


def _bar(ends: tuple[float, float] | None, at: float) -> list[list[float]] | None:
    return None if ends is None or not np.isfinite(ends).all() else [[max(0.0, at - ends[0])], [max(0.0, ends[1] - at)]]
