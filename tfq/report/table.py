"""The table that `tfq score` prints."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tfq.config import DIMENSIONS
from tfq.report.formats import offset_text, segment_text
from tfq.report.words import COLUMNS, TITLES, reason, word

Result = Mapping[str, Any]

_STYLES = {"excellent": "green", "good": "green", "fair": "yellow", "poor": "red", "bad": "bold red"}
MOST_SEGMENTS = 8


def table(results: Sequence[Result], width: int, colour: bool) -> str:
    """One result in full, or several as one row each, worst first."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False)
    console.print(_one(results[0]) if len(results) == 1 else _many(results))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _one(result: Result) -> RenderableType:
    scores = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, justify in (
        ("dimension", "left"),
        ("score", "right"),
        ("1 ··· 5", "left"),
        ("90 %", "left"),
        ("", "left"),
    ):
        scores.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for name in DIMENSIONS:
        score = result["scores"][name]
        if score is None:
            scores.add_row(TITLES[name], "–", "", "", Text(reason(result["unjudged"].get(name, "")), style="dim"))
            continue
        label = word(score["mos"])
        style = _STYLES[label]
        interval = f"{score['low']:.1f}–{score['high']:.1f}" if score["low"] is not None else "–"
        scores.add_row(
            Text(TITLES[name], style="bold" if name == "overall" else ""),
            Text(f"{score['mos']:.1f}", style=style),
            Text(bar(score["mos"]), style=style),
            interval,
            label,
        )
    parts: list[RenderableType] = [_heading(result), scores, Text(f"Offset    {offset_text(result)}")]
    weak = result["weak_segments"]
    parts.append(Text("Weak      " + ("nowhere" if not weak else f"{len(weak)} segment{'s' if len(weak) > 1 else ''}")))
    parts += [Text(f"  {segment_text(segment)}", overflow="fold") for segment in weak[:MOST_SEGMENTS]]
    if len(weak) > MOST_SEGMENTS:
        parts.append(Text(f"  … and {len(weak) - MOST_SEGMENTS} more (see --format json)"))
    return Group(*parts)


def _many(results: Sequence[Result]) -> RenderableType:
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rows.add_column("file", overflow="fold", ratio=1)
    for name in DIMENSIONS:
        rows.add_column(COLUMNS[name], justify="right", no_wrap=True)
    rows.add_column("offset", justify="right", no_wrap=True)
    rows.add_column("weak", justify="right")
    for result in sorted(results, key=_worst_first):
        cells = [_cell(result["scores"][name]) for name in DIMENSIONS]
        offset = result["sync"]["offset_ms"]
        rows.add_row(
            Text(printable(result["file"])),
            *cells,
            "–" if offset is None else f"{offset:+.0f} ms",
            str(len(result["weak_segments"])),
        )
    judged = sum(result["status"] == "ok" for result in results)
    return Group(rows, Text(f"{len(results)} files, {judged} judged in full, worst first"))


def bar(mos: float, cells: int = 16) -> str:
    """A score as a bar of block characters on the scale from 1 to 5."""
    filled = round((mos - 1) / 4 * cells)
    return "█" * filled + "·" * (cells - filled)


def printable(name: str) -> str:
    """A file name that cannot move the cursor or break the terminal's encoding."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def _heading(result: Result) -> Text:
    faces = result["faces"]
    parts = [f"{result['duration_s']:.1f} s", f"{faces['tracks']} face{'s' if faces['tracks'] != 1 else ''}"]
    if result["speech_ratio"] is not None:
        parts.append(f"speech {result['speech_ratio']:.0%}")
    return Text.assemble((printable(result["file"]), "bold"), "  ", (" · ".join(parts), "dim"))


def _cell(score: Mapping[str, float] | None) -> Text:
    return Text("–", style="dim") if score is None else Text(f"{score['mos']:.1f}", style=_STYLES[word(score["mos"])])


def _worst_first(result: Result) -> float:
    overall = result["scores"]["overall"]
    return -1.0 if overall is None else float(overall["mos"])
