"""What people hand over beside the files: a table of labels, and ratings as rating pages export them."""

from __future__ import annotations

import csv
import difflib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.artefacts.labels import SHARE_POWER, pieces
from tfq.config import DIMENSIONS
from tfq.errors import InputError, UsageError
from tfq.fusion import ratings
from tfq.nets.spec import CLEAN
from tfq.types import Floats

COLUMNS = ("speaker", "group", "kind", "method", "language", "split", "emotion", "sentiment", "text")
KEYS = ("file", "path", "clip", "video")

Row = dict[str, Any]


def labels(path: Path) -> dict[str, dict[str, str]]:
    """Lines of a table by every name a file may have in it: as written, its last part, its SHA-256.

    Raises:
        UsageError: no column names the file.
        InputError: it cannot be read, or a label is off the scale.
    """
    known: dict[str, dict[str, str]] = {}
    for number, key, entry in lines(path):
        if not key:
            raise InputError(f"{path}: line {number}: names no file")
        for name in DIMENSIONS:
            score(path, number, name, entry.get(name))
        for identity in (key, Path(key).name, entry.get("sha256")):
            if identity:
                known[identity] = entry
    return known


def strangers(names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """What to say of each column that nothing is done with: a label's name with a slip would be lost in silence."""
    for name in names:
        if name and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            yield f"column {name} is not used" + (f"; is it {near[0]}?" if near else "")


def orders(path: Path) -> dict[str, list[Row]]:
    """What is only known to be better or worse: `group,file` and any dimensions, a line for each place of a clip.

    Inside a group more is better, on any scale: recordings 1 and generated clips 0, or the published means of
    generators. Nothing is said across groups. Keys are as in `labels`.

    Raises:
        UsageError: no column names the file.
        InputError: it cannot be read, a line has no group, or a value is no number.
    """
    known: dict[str, list[Row]] = defaultdict(list)
    for number, key, entry in lines(path):
        if not key or not entry.get("group"):
            raise InputError(f"{path}: line {number}: needs a group and a file")
        try:
            values = {name: float(entry[name]) for name in DIMENSIONS if entry.get(name)}
        except ValueError as error:
            raise InputError(f"{path}: line {number}: {error}") from error
        if not values or not np.isfinite(list(values.values())).all():
            raise InputError(f"{path}: line {number}: needs a number in a dimension ({', '.join(DIMENSIONS)})")
        for identity in {key, Path(key).name}:
            known[identity].append({"group": entry["group"], "values": values})
    return dict(known)


def lines(path: Path, keys: Sequence[str] = KEYS) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Line number, name of the file and cells of each line of a CSV; the name stands in the first of `keys` there is.

    Raises:
        UsageError: no column names the file.
        InputError: it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            key = next((name for name in keys if name in (reader.fieldnames or [])), None)
            if key is None:
                raise UsageError(f"{path}: has no column `{keys[0]}`")
            for entry in reader:
                yield reader.line_num, entry[key] or "", entry
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV") from error


def results(path: Path) -> list[Row]:
    """What `tfq score` wrote as jsonl, or one JSON object.

    Raises:
        InputError: it cannot be read, or holds anything else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = (
            [json.loads(text)] if text.lstrip().startswith("{\n") else [json.loads(line) for line in text.splitlines()]
        )
        if not all(one["format"] == "tfq-score" and {*DIMENSIONS} <= one["scores"].keys() for one in found):
            raise ValueError
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not results of `tfq score --format jsonl`") from error
    return found


def score(path: Path, line: int, name: str, text: str | None) -> float:
    """A cell as a score; NaN where it is empty.

    Raises:
        InputError: it is not a score from 1 to 5.
    """
    try:
        value = float(text) if text else np.nan
        wrong = bool(text) and not 1.0 <= value <= 5.0
    except ValueError:
        value, wrong = np.nan, True
    if wrong:
        raise InputError(f"{path}: line {line}: {name} is {text}, not a score from 1 to 5")
    return value


@dataclass
class Ratings:
    """Ratings of all clips: scores by dimension, clip and rater, and the marks of each clip."""

    path: Path
    scores: dict[str, dict[tuple[str, str], float]] = field(default_factory=lambda: defaultdict(dict))
    marks: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def clips(self) -> list[str]:
        """Names of the clips, as written."""
        return sorted({clip for said in self.scores.values() for clip, _ in said} | set(self.marks))

    def labels(self) -> tuple[dict[str, Row], dict[str, Any]]:
        """For each clip its `labels`, `ratings` and `marks`; and what is to be told of raters, by dimension."""
        known: dict[str, Row] = {
            clip: {"clip": clip, "labels": {}, "ratings": {}, "marks": self.marks.get(clip, [])}
            for clip in self.clips()
        }
        told = {}
        for dimension, said in sorted(self.scores.items()):
            clips, raters = sorted({clip for clip, _ in said}), sorted({rater for _, rater in said})
            scores = _matrix(said, clips, raters)
            told[dimension] = ratings.summary(scores, raters)
            opinions, means = ratings.recover(scores)[0], ratings.plain(scores).mos
            for i, clip in enumerate(clips):
                known[clip]["labels"][dimension] = round(float(opinions.mos[i]), 4)
                known[clip]["ratings"][dimension] = {
                    "mean": _rounded(means[i]),
                    "sd": _rounded(opinions.sd[i]),
                    "low": _rounded(opinions.low[i]),
                    "high": _rounded(opinions.high[i]),
                    "raters": int(opinions.count[i]),
                }
        return known, told


def read_ratings(path: Path) -> Ratings:
    """Ratings as a rating page exports them: `rater,file,dimension,score`, and `start_s,end_s,frame,box,text` of marks.

    A line with a score is a rating, one with a time or a frame marks a fault, and a line may be both. Who rates a clip
    twice counts with the last.

    Raises:
        UsageError: a column is missing.
        InputError: a line is wrong; the message names it.
    """
    found = Ratings(path)
    for number, clip, entry in lines(path):
        rater, dimension = entry.get("rater") or "", entry.get("dimension") or ""
        if not clip or not rater or dimension not in DIMENSIONS:
            wanted = f"needs a rater, a file and a dimension ({', '.join(DIMENSIONS)})"
            raise InputError(f"{path}: line {number}: {wanted}")
        value = score(path, number, dimension, entry.get("score"))
        if np.isfinite(value):
            found.scores[dimension][clip, rater] = value
        mark = _mark(path, number, entry)
        if mark or entry.get("text"):
            found.marks[clip].append({"rater": rater, "dimension": dimension, **mark, **_given(entry, "text")})
    return found


def over_time(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Frame labels of a rated clip, as a degraded copy's sidecar has them: what it lost lies where raters marked it."""
    count, given = row["frames"], row["labels"]
    grid = np.tile([float(given.get(name, 0.0)) for name in DIMENSIONS], (count, 1))
    for i, name in enumerate(DIMENSIONS):
        seen = row.get("ratings", {}).get(name, {}).get("raters", 0)
        if seen:
            marked = _marked([mark for mark in row["marks"] if mark["dimension"] == name], count) / seen
            grid[:, i] = ratings.over_time(given[name], np.minimum(marked, 1), max(CLEAN, given[name]), SHARE_POWER)
    return [
        {**piece, "labels": {name: value for name, value in piece["labels"].items() if name in given}}
        for piece in pieces(grid)
    ]


def _marked(marks: Sequence[Mapping[str, Any]], count: int) -> Floats:
    """How many raters marked each frame `[T]`."""
    by_rater: dict[str, Floats] = {}
    for mark in marks:
        frames = by_rater.setdefault(mark["rater"], np.zeros(count))
        if "start_s" in mark:
            start = max(0, timebase.frame_at(mark["start_s"]))
            frames[start : max(start + 1, timebase.frame_at(mark["end_s"]))] = 1
        elif "frame" in mark:
            frames[mark["frame"] : mark["frame"] + 1] = 1
    return np.asarray(sum(by_rater.values(), np.zeros(count)))


def _mark(path: Path, line: int, entry: Mapping[str, str]) -> dict[str, Any]:
    """Time span, frame of the 25 fps grid and box in pixels of a mark, as far as they are given."""
    mark: dict[str, Any] = {}
    try:
        if entry.get("start_s"):
            start = float(entry["start_s"])
            end = float(entry.get("end_s") or start)
            if not 0 <= start <= end < np.inf:
                raise ValueError
            mark |= {"start_s": start, "end_s": end}
        if entry.get("frame"):
            mark["frame"] = int(entry["frame"])
            if mark["frame"] < 0:
                raise ValueError
        if entry.get("box"):
            mark["box"] = [float(part) for part in entry["box"].strip("[]() ").replace(",", " ").split()]
            if len(mark["box"]) != 4 or not np.isfinite(mark["box"]).all():
                raise ValueError
    except ValueError as error:
        raise InputError(
            f"{path}: line {line}: a mark has start_s and end_s in seconds, a frame number, or a box of four numbers"
        ) from error
    return mark


def _given(entry: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: entry[name] for name in names if entry.get(name)}


def _matrix(said: Mapping[tuple[str, str], float], clips: Sequence[str], raters: Sequence[str]) -> Floats:
    rows = {name: i for i, name in enumerate(clips)}
    columns = {name: i for i, name in enumerate(raters)}
    scores = np.full((len(clips), len(raters)), np.nan)
    for (clip, rater), value in said.items():
        scores[rows[clip], columns[rater]] = value
    return scores


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
