"""Many files and their labels become one dataset index: a header, and a row for each file."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from tfq.config import DIMENSIONS, IndexConfig
from tfq.errors import FormatError, InputError, TfqError
from tfq.fusion.rows import Statistics
from tfq.stages import index_rows, tables
from tfq.stages.index_file import FORMAT, FORMAT_VERSION, Row, digest, load, ready, save
from tfq.stages.index_rows import FACTS, Reader
from tfq.stages.index_split import split, split_by
from tfq.stages.layouts import Layout

__all__ = ["FORMAT", "FORMAT_VERSION", "Said", "index", "load", "sidecar"]

Tell = Callable[[str], None]
_LAYOUTS = ("votes", "starts_s", "ends_s")  # what published layouts tell beyond `tables.COLUMNS`


@dataclass(frozen=True)
class Said:
    """What people say of the files: a layout, a CSV of labels, one of ratings; each later one goes before the others.

    `table` has a column `file` (name, relative path or SHA-256 of the video) and any of `tables.COLUMNS` and the
    dimensions, whose values are MOS from 1 to 5. `ratings` is described at `tables.read_ratings`, and
    `order`, of clips that are only known to be better or worse than others, at `tables.orders`.
    """

    layout: Layout | None = None
    table: Path | None = None
    ratings: Path | None = None
    order: Path | None = None


def index(
    paths: Sequence[Path],
    out: Path,
    config: IndexConfig,
    table: Path | None = None,
    *,
    said: Said | None = None,
    reader: Reader = index_rows.read,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Write the index of some `.h5` files and return its header.

    Files that an index of this name already holds, unchanged, are not read again and stay in their part, unless the
    seed or the sizes of the parts have changed.

    Args:
        paths: files that `tfq features` has finished.
        out: the index, JSON lines, CSV or Parquet by its name; paths in it are relative to its folder.
        config: the split and the cleaning limits.
        table: the table of `said`, if that is all there is.
        said: labels and people.
        reader: how files are read: several at once, or by other machines.
        tell: is told how far it is, and what is odd.

    Raises:
        InputError: no file can be used, or a table is wrong.
    """
    ready(out)
    people = _People(said or Said(table=table), tell)
    before = _before(out)
    with tempfile.TemporaryFile(prefix="tfq-") as spill:
        rows, starts = _rows(sorted(set(paths)), out.parent, before[1], spill, reader, tell)
        for row in rows:
            _describe(row, out.parent, people)
            row["dropped"] = "unreadable" if "error" in row else index_rows.reason(row, config)
        _inherit(rows)
        _drop_duplicates(rows)
        people.missed()
        kept = [row for row in rows if row["dropped"] is None]
        if not kept:
            reasons = Counter(row["dropped"] for row in rows)
            raise InputError(f"{out}: none of {len(rows)} files can be used ({_counts(reasons)})")
        divided = split(rows, config, before, published=people.said.layout is not None)
        statistics = _statistics(rows, starts, spill, before, out.parent, reader)
    header = _header(rows, config, statistics, people, divided)
    save(out, header, rows)
    return header


def sidecar(path: Path) -> Mapping[str, Any] | None:
    """What `tfq degrade` wrote beside a clip, if it did; found by the clip's name."""
    for candidate in (path.with_suffix(".json"), path.with_suffix(".mp4.json")):
        if candidate.is_file():
            try:
                content = json.loads(candidate.read_text(encoding="utf-8"))
            except (ValueError, RecursionError) as error:
                raise FormatError(f"{candidate}: not JSON") from error
            if isinstance(content, dict) and content.get("format") == "tfq-degrade":
                return content
    return None


_KNOWN = (*tables.KEYS, *tables.COLUMNS, *DIMENSIONS, "sha256", *_LAYOUTS, "generator")


class _People:
    """Labels and columns by clip, from wherever they come; remembers which have found their clip."""

    def __init__(self, said: Said, tell: Tell) -> None:
        self.said, self._tell = said, tell
        self._table = tables.labels(said.table) if said.table else {}
        self._used: set[int] = set()  # lines of the table that have found their file
        for sentence in tables.strangers(next(iter(self._table.values()), {}), _KNOWN):
            tell(f"{said.table}: {sentence}")
        self._order = tables.orders(said.order) if said.order else {}
        ratings = tables.read_ratings(said.ratings) if said.ratings else None
        self._rated, self.raters = ratings.labels() if ratings else ({}, {})
        self._found = {""}
        for dimension, told in self.raters.items():
            if told["under_ten_raters"]:
                tell(f"{dimension}: {told['under_ten_raters']} of {told['clips']} clips have under 10 raters")

    def entry(self, row: Row) -> dict[str, Any]:
        """Columns of the layout, over them those of the table."""
        layout = self.said.layout
        written = self._of(self._table, row)
        self._used.add(id(written))
        return {
            **(layout.entry(row["file"]) if layout else {}),
            **{name: cell for name, cell in written.items() if cell},
        }

    def rated(self, row: Row) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._of(self._rated, row)
        self._found.add(found.get("clip", ""))
        return found

    def order(self, row: Row) -> list[Row]:
        return list(self._of(self._order, row))

    def missed(self) -> None:
        """Tell of rated clips, and of lines of the table, that no file is of."""
        lines = {id(entry): name for name, entry in reversed(self._table.items())}
        if stray := [name for line, name in lines.items() if line not in self._used]:
            self._tell(f"{self.said.table}: {len(stray)} of {len(lines)} lines are of no file here, as {stray[-1]}")
        if lost := len(self._rated.keys() - self._found):
            self._tell(f"{self.said.ratings}: {lost} of {len(self._rated)} rated clips are in no file")

    @staticmethod
    def _of(known: Mapping[str, Any], row: Row) -> Any:
        names = (row["sha256"], row["source"], row["file"], Path(row["file"]).name)
        return next((known[name] for name in names if name in known), {})


def _before(out: Path) -> tuple[dict[str, Any], dict[str, Row]]:
    """The index of this name as it is, rows by file; nothing where there is none that can be read."""
    if not out.exists():
        return {}, {}
    try:
        header, rows = load(out)
    except TfqError:
        return {}, {}
    return header, {row["file"]: row for row in rows if "file" in row}


def _rows(
    paths: Sequence[Path], root: Path, before: Mapping[str, Row], spill: BinaryIO, reader: Reader, tell: Tell
) -> tuple[list[Row], dict[str, int]]:
    """A row of facts for each file, and where the statistics of those begin that had to be read."""
    names = [os.path.relpath(path, root) for path in paths]
    old = {name for name, path in zip(names, paths, strict=True) if index_rows.known(path, before.get(name, {}))}
    fresh = index_rows.gather(
        [path for name, path in zip(names, paths, strict=True) if name not in old], spill, reader, tell
    )
    rows, starts = [], {}
    for name in names:
        row: Row = {"file": name, "dropped": None}
        if name in old:
            facts: Mapping[str, Any] = {fact: before[name][fact] for fact in FACTS if fact in before[name]}
        else:
            facts, starts[name] = next(fresh)
        rows.append({**row, **facts})
    if old:
        tell(f"{len(old)} of {len(rows)} files are unchanged and were not read again")
    return rows, starts


def _describe(row: Row, root: Path, people: _People) -> None:
    """Add what lies beside the file and what people say of it."""
    if "error" in row:
        return
    made = sidecar(root / row["file"])
    if made is not None:
        row["degraded"] = {key: made[key] for key in ("kind", "severity", "spans", "source_sha256") if key in made}
        row["labels"] = made.get("labels", {})
        row["over_time"] = made.get("over_time", [])
    entry = people.entry(row)
    row.update({name: value for name, value in entry.items() if name not in DIMENSIONS and _is_ours(name)})
    labels = {name: float(entry[name]) for name in DIMENSIONS if entry.get(name)}
    rated = people.rated(row)
    if order := people.order(row):
        row["rank"] = order
    if labels or rated:
        row["labels"] = {**labels, **rated.get("labels", {})}
    if rated:
        row |= {name: rated[name] for name in ("ratings", "marks") if rated[name]}
        row["doubt"] = {name: _standard_error(opinion) for name, opinion in rated["ratings"].items()}
        row["over_time"] = tables.over_time(row) if rated["marks"] and rated["labels"] else []


def _standard_error(opinion: Mapping[str, Any]) -> float | None:
    """Of a mean opinion, in points, from its 95 % interval."""
    known = opinion["low"] is not None and opinion["high"] is not None
    return round((opinion["high"] - opinion["low"]) / (2 * 1.96), 4) if known else None


def _is_ours(name: str) -> bool:
    return name in (*tables.COLUMNS, *_LAYOUTS)


def _inherit(rows: Sequence[Row]) -> None:
    """A degraded copy is of its source's speaker and group, and is compared with it."""
    originals = {row["sha256"]: row for row in rows if "sha256" in row and "degraded" not in row}
    for row in rows:
        source = row.get("degraded", {}).get("source_sha256", row.get("sha256", row["file"]))
        row["family"] = source
        for name in ("speaker", "group", "language", "split"):
            if name not in row and name in originals.get(source, {}):
                row[name] = originals[source][name]


def _drop_duplicates(rows: Sequence[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        if row["dropped"] is None and seen.setdefault(row["sha256"], row["file"]) != row["file"]:
            row["dropped"] = "duplicate"


def _statistics(
    rows: Sequence[Row],
    starts: Mapping[str, int],
    spill: BinaryIO,
    before: tuple[Mapping[str, Any], Mapping[str, Row]],
    root: Path,
    reader: Reader,
) -> Statistics:
    """Of the training part. What an earlier index counted counts on where all of it is still there and in that part."""
    train = [row["file"] for row in rows if row["split"] == "train"]
    counted = {name for name, row in before[1].items() if row.get("split") == "train"}
    begin = Statistics.from_json(before[0].get("statistics", {}))
    if begin is not None and counted and counted <= set(train) - starts.keys():
        return index_rows.total(spill, [starts[name] for name in train if name in starts], begin)
    again = [name for name in train if name not in starts]
    gathered = index_rows.gather([root / name for name in again], spill, reader, lambda _: None)
    places = {**starts, **{name: start for name, (_, start) in zip(again, gathered, strict=True)}}
    return index_rows.total(spill, [places[name] for name in train], Statistics())


def _header(
    rows: Sequence[Row], config: IndexConfig, statistics: Statistics, people: _People, divided: int
) -> dict[str, Any]:
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tfq": version("tfq"),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "files": len(rows),
        "hours": round(sum(row["duration_s"] for row in rows if row["dropped"] is None) / 3600, 3),
        "split": dict(Counter(row["split"] for row in rows if row["split"])),
        "dropped": dict(Counter(row["dropped"] for row in rows if row["dropped"])),
        "labels": _labels(rows),
        "seed": config.seed,
        "split_by": split_by(config),
        "limits": {name: value for name, value in asdict(config).items() if name.startswith(("min_", "max_"))},
        "statistics": statistics.to_json(),
        "rows_sha256": digest(rows),
    }
    if people.raters:
        header["raters"] = people.raters
    if divided:
        header["divided_families"] = divided
    return header


def _labels(rows: Sequence[Row]) -> dict[str, int]:
    """Clips with a label, by dimension."""
    kept = [row.get("labels") or {} for row in rows if row["dropped"] is None]
    counts = {name: sum(labels.get(name) is not None for labels in kept) for name in DIMENSIONS}
    return {name: count for name, count in counts.items() if count}


def _counts(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items()))
