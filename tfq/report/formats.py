"""Results in every form that people and scripts read. A result is the JSON object of the contract, as a dict."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any
from xml.etree import ElementTree

from tfq import timebase
from tfq.config import DIMENSIONS
from tfq.errors import UsageError
from tfq.report.language import ENGLISH, Language
from tfq.report.markers import as_chapters, as_edl
from tfq.report.moved import signed
from tfq.report.words import TITLES, offset, reason, word

Result = Mapping[str, Any]

_MARKS = re.compile(r"[\\`*\[\]|]")  # what Markdown would take for its own
LOOK = "tfq report --open"  # the command that opens the page of a clip


def render(
    results: Sequence[Result],
    form: str,
    *,
    width: int = 100,
    colour: bool = False,
    say: Language = ENGLISH,
    look: str = LOOK,
) -> str:
    """All results as one text that ends with a newline.

    Args:
        results: one object a file.
        form: `table`, `json`, `jsonl`, `csv`, `md`, `junit`, `edl` or `chapters`.
        width: columns of the terminal, for the table.
        colour: whether the table may use terminal colours.
        say: the language of what people read; what programs read stays English.
        look: the command that opens the page of one clip, for the table.
    """
    if form == "table":
        from tfq.report.table import table

        return table(results, width, colour, say, look)
    if form in SPOKEN:
        return SPOKEN[form](results, say)
    if form not in FORMS:
        raise UsageError(f"no format is called {form}; there are table, {', '.join((*FORMS, *SPOKEN))}")
    return FORMS[form](results)


def schema() -> str:
    """The JSON Schema of a result."""
    return resources.files("tfq.report").joinpath("score.schema.json").read_text(encoding="utf-8")


def as_json(results: Sequence[Result]) -> str:
    """One object for one file, a list for several."""
    content = results[0] if len(results) == 1 else list(results)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def as_jsonl(results: Sequence[Result]) -> str:
    """One line a file."""
    return "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)


def as_csv(results: Sequence[Result]) -> str:
    """One row a file: scores with their intervals, offset, number of weak segments."""
    out = io.StringIO()
    columns = [f"{name}{end}" for name in DIMENSIONS for end in ("", "_low", "_high")]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["file", "status", "duration_s", *columns, "offset_ms", "sync_status", "weak_segments", "weak_seconds"]
    )
    for result in results:
        cells = [
            _number((result["scores"][name] or {}).get(key)) for name in DIMENSIONS for key in ("mos", "low", "high")
        ]
        weak = result["weak_segments"]
        writer.writerow(
            [
                result["file"],
                result["status"],
                result["duration_s"],
                *cells,
                _number(result["sync"]["offset_ms"]),
                result["sync"]["status"],
                len(weak),
                f"{weak_seconds(result):.2f}",
            ]
        )
    return out.getvalue()


def as_markdown(results: Sequence[Result], say: Language = ENGLISH, failures: Sequence[str] | None = None) -> str:
    """A table of scores, then weak segments under each file's name, then what gates said (None: there were none)."""
    lines = [
        f"| {say('file')} | " + " | ".join(say(TITLES[name]) for name in DIMENSIONS) + f" | {say('offset')} |",
        "|---" * (len(DIMENSIONS) + 2) + "|",
    ]
    for result in results:
        cells = [
            "–"
            if score is None
            else f"{score['mos']:.1f}"
            if score["low"] is None
            else f"{score['mos']:.1f} ({score['low']:.1f}–{score['high']:.1f})"
            for score in _scores(result)
        ]
        lines.append(f"| {_cell(result['file'])} | " + " | ".join(cells) + f" | {offset_text(result, say)} |")
    for result in results:
        if result["weak_segments"]:
            lines += ["", f"**{_cell(result['file'])}**", ""]
            told = (f"{segment_text(one, say)} ({place_text(one, say)})" for one in result["weak_segments"])
            lines += [f"- {_cell(text)}" for text in told]
    if failures is not None:
        lines += ["", f"**{say('Gates')}**", "", *(f"- ❌ {_cell(failure)}" for failure in failures)]
        lines += [] if failures else [f"- ✅ {say('every gate passed')}"]
    return "\n".join(lines) + "\n"


def as_junit(results: Sequence[Result], failures: Mapping[tuple[str, str], str] | None = None) -> str:
    """One test case a file and dimension; a case fails where a gate did, and is skipped where nothing was judged."""
    failures = failures or {}
    suite = ElementTree.Element(
        "testsuite", name="tfq", tests=str(len(results) * len(DIMENSIONS)), failures=str(len(failures))
    )
    for result in results:
        for name in DIMENSIONS:
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(result["file"]), name=name)
            score = result["scores"][name]
            if score is None:
                ElementTree.SubElement(case, "skipped", message=reason(result["unjudged"].get(name, "")))
            elif (result["file"], name) in failures:
                failure = ElementTree.SubElement(case, "failure", message=failures[result["file"], name])
                weak = [segment for segment in result["weak_segments"] if segment["dimension"] == name]
                failure.text = _xml("\n".join(f"{segment_text(one)} ({place_text(one)})" for one in weak))
            else:
                ElementTree.SubElement(case, "system-out").text = f"{score['mos']:.3f} {word(score['mos'])}"
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


FORMS: dict[str, Callable[[Sequence[Result]], str]] = {  # that programs read
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
    "junit": as_junit,
}

SPOKEN: dict[str, Callable[[Sequence[Result], Language], str]] = {  # that people read, beside the table
    "md": as_markdown,
    "edl": as_edl,
    "chapters": as_chapters,
}


def weak_seconds(result: Result) -> float:
    """Time that lies in at least one weak segment."""
    total, reached = 0.0, 0.0
    for start, end in sorted((segment["start_s"], segment["end_s"]) for segment in result["weak_segments"]):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def segment_text(segment: Mapping[str, Any], say: Language = ENGLISH) -> str:
    """A weak segment in one line."""
    times = f"{segment['start_s']:.2f}–{segment['end_s']:.2f} s"
    lowered = ", ".join(f"{name} {signed(points)}" for name, points in segment.get("lowered_by", {}).items())
    return f"{times}  {say(TITLES[segment['dimension']])} {segment['mos']:.1f}: {say(segment['reason'])}" + (
        f" ({say('lowered by')} {lowered})" if lowered else ""
    )


def place_text(segment: Mapping[str, Any], say: Language = ENGLISH) -> str:
    """Where to look in a weak segment: its worst frame on the grid of 25 frames a second, and the box in that picture."""
    at = segment["worst_frame_s"]
    frame = say("frame {frame} at {time} s").format(frame=round(timebase.frames_of(1000 * at)), time=f"{at:.2f}")
    if segment["box_px"] is None:
        return frame
    left, top, right, bottom = segment["box_px"]
    return say("{frame}, box {box}").format(frame=frame, box=f"{left},{top}–{right},{bottom}")


def offset_text(result: Result, say: Language = ENGLISH) -> str:
    """The offset in words, or why there is none."""
    sync = result["sync"]
    if sync["offset_ms"] is None:
        return say(reason(sync["status"]))
    return f"{sync['offset_ms']:+.0f} ms ({say(offset(sync['offset_ms'], sync.get('confidence')))})"


def _scores(result: Result) -> list[Mapping[str, float] | None]:
    return [result["scores"][name] for name in DIMENSIONS]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _cell(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", _xml(text).replace("\n", " ").replace("<", "&lt;"))


def _xml(text: str) -> str:
    """Without the control characters and lone surrogates that no XML or page may hold."""
    return "".join(c if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in text)
