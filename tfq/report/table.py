"""The table that `tfq score` prints."""

from __future__ import annotations

import io
import shlex
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tfq.config import DIMENSIONS
from tfq.report.formats import LOOK, offset_text, place_text, segment_text
from tfq.report.language import ENGLISH, Language
from tfq.report.moved import Moved, moved, signed
from tfq.report.words import COLUMNS, TITLES, printable, reason, word

Result = Mapping[str, Any]

_STYLES = {"excellent": "green", "good": "green", "fair": "yellow", "poor": "red", "bad": "bold red"}
MOST_SEGMENTS = 8
INDENT = 4  # of what stands under a weak segment
WIDE, NARROW = 100, 64  # columns from which reasons stand beside the scores, and under which bars and intervals go
EXPLAINED = "What moved the scores: points gained (+) or lost (−) by a group of measurements, and by a moment"
ALL_COLUMNS = 80  # columns from which a row of several clips has room for every dimension


def table(results: Sequence[Result], width: int, colour: bool, say: Language = ENGLISH, look: str = LOOK) -> str:
    """One result in full, or several as one row each, worst first.

    Args:
        results: JSON objects of the contract.
        width: columns of the terminal.
        colour: whether terminal colours may be used.
        say: the language.
        look: the command that opens the page of a clip; the clip's name follows.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, emoji=False)
    console.print(_one(results[0], width, say, look) if len(results) == 1 else _many(results, width, say, look))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _one(result: Result, width: int, say: Language, look: str) -> RenderableType:
    weak = result["weak_segments"]
    count = say("1 segment") if len(weak) == 1 else say("{count} segments").format(count=len(weak))
    facts = [(say("Offset"), offset_text(result, say)), (say("Weak"), count if weak else say("nowhere"))]
    parts: list[RenderableType] = [_heading(result, say), _scores(result, width, say)]
    parts += [_fact(title, value) for title, value in facts]
    for segment in weak[:MOST_SEGMENTS]:
        parts += [_hanging(segment_text(segment, say)), *_where(result["file"], segment, width, say, look)]
    if len(weak) > MOST_SEGMENTS:
        more = say("… and {count} more (see --format json)").format(count=len(weak) - MOST_SEGMENTS)
        parts.append(Text(f"  {more}"))
    if weak:
        parts.append(_fact(say("Look"), command(result["file"], look)))
    if explained := moved(result):
        parts += [Text(), Text(say(EXPLAINED)), _moved(explained, width, say)]
    return Group(*parts)


def _where(name: str, segment: Mapping[str, Any], width: int, say: Language, look: str) -> Iterator[RenderableType]:
    """The worst frame of a weak segment with its box, and the command that opens it; two lines where one is too short."""
    place, opening = place_text(segment, say), command(name, f"{look} --at {segment['worst_frame_s']:.2f}")
    for line in [f"{place}  {opening}"] if INDENT + cell_len(f"{place}  {opening}") <= width else [place, opening]:
        yield _hanging(Text(line, style="dim"), INDENT)


def _scores(result: Result, width: int, say: Language) -> Table:
    """A row a dimension; on a narrow terminal the reason goes under its row, and bar and interval go away."""
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    narrow, wide = width < NARROW, width >= WIDE
    rows.add_column(say("dimension"), no_wrap=True)
    rows.add_column(say("score"), justify="right", no_wrap=True)
    if not narrow:
        rows.add_column(say("1 bad … 5 excellent"), no_wrap=True)
        rows.add_column(say("90 %"), no_wrap=True)
    rows.add_column("", no_wrap=True)
    if wide:
        rows.add_column(say("why"), overflow="fold")
    for name in DIMENSIONS:
        title = Text(say(TITLES[name]), style="bold" if name == "overall" else "")
        score, why = result["scores"][name], _why(result, name, say)
        if score is None:
            label, cells = Text("–"), [Text("–"), *([] if narrow else [Text(), Text()])]
        else:
            style = _STYLES[word(score["mos"])]
            label = Text(say(word(score["mos"])), style=style)
            cells = [Text(f"{score['mos']:.1f}", style=style)]
            cells += [] if narrow else [Text(bar(score["mos"], 19), style=style), Text(interval(score))]
        rows.add_row(title, *cells, label, *([why] if wide else []))
    return rows if wide else _with_reasons(rows, result, say)


def _moved(explained: Sequence[Moved], width: int, say: Language) -> RenderableType:
    """A row a dimension: its groups, the strongest first, and its strongest moment; lines where there is no room."""
    if width < NARROW:
        lines = [_hanging(Text(f"{say(TITLES[one.dimension])}: ").append_text(_groups(one, say))) for one in explained]
        return Group(*lines)
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    rows.add_column(say("dimension"), no_wrap=True)
    rows.add_column(say("measurements, points"), overflow="fold")
    rows.add_column(say("moment, points"), no_wrap=True)
    for one in explained:
        moment = one.moment
        when = "" if moment is None else f"{moment[0]:.1f}–{moment[1]:.1f} s {signed(moment[2])}"
        rows.add_row(say(TITLES[one.dimension]), _groups(one, say), when)
    return rows


def _groups(one: Moved, say: Language) -> Text:
    if not one.told:
        return Text(say("none alone"), style="dim")
    told = [(f"{name} {signed(points)}", "red" if points < 0 else "green") for name, points in one.told]
    return Text(" · ").join(Text(text, style=style) for text, style in told)


def _with_reasons(rows: Table, result: Result, say: Language) -> Table:
    """The table with its reasons as lines of their own below it, where there is no room beside the scores."""
    outer = Table.grid()
    outer.add_row(rows)
    for name in DIMENSIONS:
        if why := _why(result, name, say).plain:
            outer.add_row(_hanging(f"{say(TITLES[name])}: {why}"))
    outer.add_row("")
    return outer


def _why(result: Result, name: str, say: Language) -> Text:
    if result["scores"][name] is None:
        return Text(say(reason(result["unjudged"].get(name, ""))), style="dim")
    return Text(say(result.get("reasons", {}).get(name, {}).get("reason", "")))


def _many(results: Sequence[Result], width: int, say: Language, look: str) -> RenderableType:
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)
    full = width >= ALL_COLUMNS
    shown = DIMENSIONS if full else ("overall",)
    rows.add_column(say("file"), overflow="fold", ratio=1, footer=say("mean"))
    for name in shown:
        rows.add_column(say(COLUMNS[name]), justify="right", no_wrap=True, footer=_mean(results, name))
    if full:
        rows.add_column(say("offset"), justify="right", no_wrap=True)
    rows.add_column(say("weakest"), no_wrap=True)
    rows.add_column(say("weak"), justify="right", no_wrap=True)
    ordered = sorted(results, key=_worst_first)
    for result in ordered:
        offset = result["sync"]["offset_ms"]
        rows.add_row(
            Text(isolated(printable(result["file"]))),
            *(_cell(result["scores"][name]) for name in shown),
            *(["–" if offset is None else f"{offset:+.0f} ms"] if full else []),
            say(weakest(result)),
            str(len(result["weak_segments"])),
        )
    judged = sum(result["status"] == "ok" for result in results)
    weak = sum(bool(result["weak_segments"]) for result in results)
    text = say("{count} files, {judged} judged in full, {weak} with weak segments; worst first")
    worst = next((result for result in ordered if result["scores"]["overall"]), None)
    parts: list[RenderableType] = [rows, Text(text.format(count=len(results), judged=judged, weak=weak))]
    parts += [] if worst is None else [_fact(say("Look"), command(worst["file"], look))]
    return Group(*parts)


def bar(mos: float, cells: int = 16) -> str:
    """A score as a bar of block characters on the scale from 1 to 5."""
    filled = round((mos - 1) / 4 * cells)
    return "█" * filled + "·" * (cells - filled)


def interval(score: Mapping[str, float | None]) -> str:
    """The 90 % interval, or a dash where the checkpoint was not calibrated."""
    return "–" if score["low"] is None else f"{score['low']:.1f}–{score['high']:.1f}"


def weakest(result: Result) -> str:
    """The column of the judged dimension with the lowest score; empty where there is none."""
    judged = {name: score["mos"] for name, score in result["scores"].items() if score and name != "overall"}
    return COLUMNS[min(judged, key=judged.__getitem__)] if judged else ""


def command(name: str, look: str) -> str:
    """What to type to look at a clip; a name that cannot be typed is left to the reader."""
    if not name:
        return look
    dashed = f"./{name}" if name.startswith("-") else name
    return f"{look} {shlex.quote(dashed) if name == printable(name) else 'CLIP'}"


def isolated(name: str) -> str:
    """A name with right-to-left letters, kept from reordering what stands beside it."""
    rightwards = any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in name)
    return f"\u2068{name}\u2069" if rightwards else name


def _heading(result: Result, say: Language) -> Text:
    return Text.assemble(
        (isolated(printable(result["file"])), "bold"), "  ", (" · ".join(_facts(result, say)), "dim"), overflow="fold"
    )


def _facts(result: Result, say: Language) -> Iterator[str]:
    yield f"{result['duration_s']:.1f} s"
    faces = result["faces"]["tracks"]
    yield say("1 face") if faces == 1 else say("{count} faces").format(count=faces)
    if result["speech_ratio"] is not None:
        yield say("speech {share}").format(share=f"{result['speech_ratio']:.0%}")


def _fact(title: str, value: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(title, value)
    return grid


def _hanging(text: str | Text, indent: int = 2) -> Table:
    """Indented text whose further lines stand under its first."""
    grid = Table.grid()
    grid.add_column(width=indent)
    grid.add_column(overflow="fold")
    grid.add_row("", Text(text) if isinstance(text, str) else text)
    return grid


def _mean(results: Sequence[Result], name: str) -> Text:
    known = [score["mos"] for result in results if (score := result["scores"][name])]
    return _cell({"mos": sum(known) / len(known)} if known else None)


def _cell(score: Mapping[str, float] | None) -> Text:
    return Text("–", style="dim") if score is None else Text(f"{score['mos']:.1f}", style=_STYLES[word(score["mos"])])


def _worst_first(result: Result) -> float:
    overall = result["scores"]["overall"]
    return -1.0 if overall is None else float(overall["mos"])
