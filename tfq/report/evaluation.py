"""What a model is worth, as text and as a page. An evaluation is the JSON object that `tfq report --evaluate` writes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tfq.config import DIMENSIONS
from tfq.report.language import ENGLISH, Language
from tfq.report.page import render
from tfq.report.words import COLUMNS, TITLES

Evaluation = Mapping[str, Any]
Rows = list[list[str]]

MEASURES = {
    "clips": "clips",
    "srcc": "SRCC",
    "plcc": "PLCC",
    "krcc": "KRCC",
    "rmse": "RMSE",
    "plcc_fitted": "PLCC, fitted",
    "rmse_fitted": "RMSE, fitted",
    "pair_accuracy": "pairs in order",
    "over_copy": "original above copy",
    "outlier_ratio": "outliers",
    "coverage": "90 % interval holds",
}
SHARES = ("pair_accuracy", "over_copy", "outlier_ratio", "coverage")
_WIDTH = 200  # columns of the text: every table keeps its lines whole


def text(evaluation: Evaluation) -> str:
    """Tables in Markdown, aligned for a terminal."""
    return "\n".join(f"## {title}\n\n{_markdown(head, rows)}" for title, head, rows in tables(evaluation, ENGLISH))


def page(evaluation: Evaluation, title: str, say: Language = ENGLISH) -> str:
    """One HTML page: the same tables, and predictions against labels with what their intervals hold."""
    shown = [(name, head, rows) for name, head, rows in tables(evaluation, say) if rows]
    models = [
        {
            "name": model["name"],
            "dimensions": [
                {
                    "title": say(TITLES[d]),
                    "points": model["dimensions"][d]["points"],
                    "reliability": model["dimensions"][d]["reliability"],
                }
                for d in DIMENSIONS
            ],
        }
        for model in evaluation["models"]
    ]
    return render("evaluate.html", title, {"models": models}, say, tables=shown, models=[m["name"] for m in models])


def tables(evaluation: Evaluation, say: Language) -> Iterator[tuple[str, list[str], Rows]]:
    """Title, head and rows of each table."""
    models = evaluation["models"]
    for model in models:
        head = [say("dimension"), *map(say, MEASURES.values())]
        yield model["name"], head, [_agreement(model, name, say) for name in DIMENSIONS]
    if evaluation["differences"] or evaluation["indicators"]:
        yield say("Models compared (SRCC)"), *_compared(evaluation, say)
    for model in models:
        suffix = f": {model['name']}" if len(models) > 1 else ""
        yield from ((f"{title}{suffix}", head, rows) for title, head, rows in _details(model, say))


def _details(model: Mapping[str, Any], say: Language) -> Iterator[tuple[str, list[str], Rows]]:
    local = model["localisation"]
    head = [say("dimension"), say("clips"), say("overlap (IoU)"), say("average precision")]
    rows = [
        [say(TITLES[d]), str(local[d]["clips"]), _figure(local[d]["iou"]), _number(local[d]["average_precision"])]
        for d in DIMENSIONS
        if d in local
    ]
    if "clean_per_minute" in local:
        rows.append([say("on clean clips, a minute"), "", _number(local["clean_per_minute"]), ""])
    yield say("Weak segments"), head, rows
    short = [say(COLUMNS[name]) for name in DIMENSIONS]
    lines = zip(DIMENSIONS, model["between"], strict=True)
    yield say("Between dimensions (SRCC)"), ["", *short], [[say(TITLES[d]), *map(_number, row)] for d, row in lines]
    for trait, name in (("generator", "By generator"), ("language", "By language"), ("kind", "By kind of artefact")):
        yield say(name), [say("group"), say("clips"), *short], _parts(model, trait)


def _agreement(model: Mapping[str, Any], dimension: str, say: Language) -> list[str]:
    found = model["dimensions"][dimension]
    cells = [
        str(found["clips"]) if name == "clips" else _figure(found.get(name), share=name in SHARES) for name in MEASURES
    ]
    return [say(TITLES[dimension]), *cells]


def _compared(evaluation: Evaluation, say: Language) -> tuple[list[str], Rows]:
    """SRCC of each model less that of the first, with a p for no difference, and the best single indicator."""
    models, rows = evaluation["models"], []
    for dimension in DIMENSIONS:
        row = [say(TITLES[dimension]), _figure(models[0]["dimensions"][dimension].get("srcc"))]
        for other in evaluation["differences"]:
            found = other["figures"][dimension]
            row.append(f"{_figure(found['srcc'], sign='+')}, p {found['srcc_p']:.3f}" if "srcc_p" in found else "–")
        best = evaluation["indicators"].get(dimension)
        rows.append([*row, f"{best['name']} {best['srcc']:.2f}" if best else "–"])
    others = [f"{other['second']} − {other['first']}" for other in evaluation["differences"]]
    return [say("dimension"), models[0]["name"], *others, say("best single indicator")], rows


def _parts(model: Mapping[str, Any], trait: str) -> Rows:
    """A line a group: its mean in each dimension, and after a stroke the mean label where there is one."""
    by = {name: model["dimensions"][name]["parts"][trait] for name in DIMENSIONS}
    rows = []
    for part in sorted(set().union(*by.values())):
        found = [by[name].get(part) for name in DIMENSIONS]
        cells = [
            "–" if one is None else _number(one["mean"]) + (f" / {one['label']:.2f}" if "label" in one else "")
            for one in found
        ]
        rows.append([part, str(max(one["clips"] for one in found if one)), *cells])
    return rows


def _figure(figure: Sequence[float | None] | None, share: bool = False, sign: str = "") -> str:
    if not figure or figure[0] is None:
        return "–"
    value, low, high = figure
    told, low_told, high_told = (
        "" if x is None else f"{100 * x:.0f} %" if share else f"{x:{sign}.2f}" for x in (value, low, high)
    )
    return f"{told} ({low_told} … {high_told})" if low_told and high_told else told


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _markdown(head: Sequence[str], rows: Rows) -> str:
    made = Table(box=box.MARKDOWN, pad_edge=False)
    for i, title in enumerate(head):
        made.add_column(title, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        made.add_row(*(cell.replace("|", "\\|").replace("[", "\\[") for cell in row))
    out = io.StringIO()
    Console(file=out, width=_WIDTH + 200, color_system=None, highlight=False, emoji=False).print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines() if line.strip()) + "\n"
