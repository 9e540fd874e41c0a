"""Many files and their labels become one dataset index: JSON lines, a header first, then one object a file."""

from __future__ import annotations

import csv
import datetime
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tfq.config import DIMENSIONS, IndexConfig
from tfq.errors import FormatError, InputError, TfqError, UsageError
from tfq.fusion.rows import Statistics
from tfq.fusion.split import PARTS, assign, families
from tfq.stages import inputs
from tfq.store import TfqFile
from tfq.store.file import to_json

FORMAT = "tfq-index"
FORMAT_VERSION = 1
TABLE_COLUMNS = ("speaker", "group", "kind", "method", "language", "split")

Row = dict[str, Any]


def index(paths: Sequence[Path], out: Path, config: IndexConfig, table: Path | None = None) -> dict[str, Any]:
    """Write the index of some `.h5` files and return its header.

    Args:
        paths: files that `tfq features` has finished.
        out: the index; paths in it are relative to its folder.
        config: the split and the cleaning limits.
        table: CSV with a column `file` (name, relative path or SHA-256 of the video) and any of `TABLE_COLUMNS` and the
            dimensions, whose values are MOS from 1 to 5. A `split` in it is kept, as published sets need it; families
            without one are assigned.

    Raises:
        InputError: no file can be used, or the table is wrong.
    """
    known = _table(table) if table is not None else {}
    rows = [_row(path, out.parent, known, config) for path in sorted(set(paths))]
    _inherit(rows)
    _drop_duplicates(rows)
    for row in rows:
        row["split"] = row.get("split") if row["dropped"] is None else None
    kept = [row for row in rows if row["dropped"] is None]
    if not kept:
        reasons = Counter(row["dropped"] for row in rows)
        raise InputError(f"{out}: none of {len(rows)} files can be used ({_counts(reasons)})")
    _split(kept, config)
    header = _header(rows, out.parent, config)
    _write(out, header, rows)
    return header


def load(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Header and rows of an index.

    Raises:
        FormatError: the file is not an index.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            header, *rows = [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not an index written by `tfq index`") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT or header.get("format_version") != FORMAT_VERSION:
        raise FormatError(f"{path}: not an index written by `tfq index`")
    if not all(isinstance(row, dict) for row in rows):
        raise FormatError(f"{path}: a damaged index; run `tfq index` again")
    return header, rows


def sidecar(path: Path) -> Mapping[str, Any] | None:
    """What `tfq degrade` wrote beside a clip, if it did; found by the clip's name."""
    for candidate in (path.with_suffix(".json"), path.with_suffix(".mp4.json")):
        if candidate.is_file():
            try:
                content = json.loads(candidate.read_text(encoding="utf-8"))
            except ValueError as error:
                raise FormatError(f"{candidate}: not JSON") from error
            if isinstance(content, dict) and content.get("format") == "tfq-degrade":
                return content
    return None


def _row(path: Path, root: Path, known: Mapping[str, Mapping[str, str]], config: IndexConfig) -> Row:
    row: Row = {"file": os.path.relpath(path, root), "dropped": None}
    try:
        with TfqFile(path, read_only=True) as file:
            row.update(_facts(file))
    except TfqError as error:
        return {**row, "dropped": "unreadable", "error": str(error)}
    made = sidecar(path)
    if made is not None:
        row["degraded"] = {key: made[key] for key in ("kind", "severity", "spans", "source_sha256") if key in made}
        row["labels"] = made.get("labels", {})
        row["over_time"] = made.get("over_time", [])
    entry = known.get(row["sha256"]) or known.get(row["source"]) or known.get(row["file"]) or {}
    row.update({name: entry[name] for name in TABLE_COLUMNS if entry.get(name)})
    labels = {name: float(entry[name]) for name in DIMENSIONS if entry.get(name)}
    if labels:
        row["labels"] = labels
    row["dropped"] = _reason(row, config)
    return row


def _facts(file: TfqFile) -> Row:
    if not file.has("features"):
        raise FormatError(f"{file.path}: has no features yet; run `tfq features` on it")
    info = file.info("extract")
    rows = inputs.read(file)
    return {
        "sha256": file.attrs["source_sha256"],
        "source": file.attrs["source_name"],
        "duration_s": info["duration_s"],
        "frames": file.shape("extract/time_s")[0],
        "status": {group: file.status(group) for group in ("detect", "align", "audio", "sync")},
        "coverage": file.info("align").get("coverage", 0.0),
        "tracks": file.info("detect").get("tracks", 0),
        "speech_ratio": file.info("audio").get("speech_ratio", 0.0),
        "features": {name: list(values.shape) for name, values in rows.items()},
    }


def _reason(row: Row, config: IndexConfig) -> str | None:
    if row["status"]["detect"] != "ok" or row["status"]["align"] != "ok":
        return "no_face"
    if (row["coverage"] or 0.0) < config.min_coverage:
        return "low_coverage"
    if row["duration_s"] < config.min_duration_s:
        return "too_short"
    # Sound that was taken away on purpose is what a degraded copy is for.
    if row["status"]["audio"] != "ok" and "degraded" not in row:
        return str(row["status"]["audio"])
    return None


def _inherit(rows: Sequence[Row]) -> None:
    """A degraded copy is of its source's speaker and group, and is compared with it."""
    originals = {row["sha256"]: row for row in rows if "sha256" in row and "degraded" not in row}
    for row in rows:
        source = row.get("degraded", {}).get("source_sha256", row.get("sha256", row["file"]))
        row["family"] = source
        for name in ("speaker", "group", "language", "split"):
            if name not in row and name in originals.get(source, {}):
                row[name] = originals[source][name]


def _split(rows: Sequence[Row], config: IndexConfig) -> None:
    """The part of each row: the one given for its family, or else the one that the hash says."""
    keys = [_keys(row) for row in rows]
    given: dict[int, str] = {}
    for row, family in zip(rows, families(keys), strict=True):
        part = row.get("split")
        if part and part not in PARTS:
            raise InputError(f"{row['file']}: split is {part}; choose from {', '.join(PARTS)}")
        if part and given.setdefault(family, part) != part:
            raise InputError(
                f"{row['file']}: given to {part}, but it shares a speaker, group or source with {given[family]}"
            )
    assigned = assign(keys, config.validation, config.test, config.seed)
    for row, family, part in zip(rows, families(keys), assigned, strict=True):
        row["split"] = given.get(family, part)


def _drop_duplicates(rows: Sequence[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        if row["dropped"] is None and seen.setdefault(row["sha256"], row["file"]) != row["file"]:
            row["dropped"] = "duplicate"


def _keys(row: Row) -> list[str]:
    named = [f"{name}:{row[name]}" for name in ("speaker", "group") if row.get(name)]
    return [*named, f"source:{row['family']}"]


def _header(rows: Sequence[Row], root: Path, config: IndexConfig) -> dict[str, Any]:
    statistics = Statistics()
    for row in rows:
        if row["split"] == "train":
            with TfqFile(root / row["file"], read_only=True) as file:
                statistics.add(inputs.read(file))
    scales = {name: statistics.scale(name) for name in statistics.mean}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tfq": version("tfq"),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "files": len(rows),
        "split": dict(Counter(row["split"] for row in rows if row["split"])),
        "dropped": dict(Counter(row["dropped"] for row in rows if row["dropped"])),
        "seed": config.seed,
        "statistics": {name: {"mean": mean.tolist(), "std": std.tolist()} for name, (mean, std) in scales.items()},
    }


def _table(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = reader.fieldnames or []
            key = next((name for name in ("file", "path") if name in columns), None)
            if key is None:
                raise UsageError(f"{path}: has no column `file`")
            entries = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV") from error
    known: dict[str, dict[str, str]] = {}
    for number, entry in enumerate(entries, 2):
        if not entry[key]:
            raise InputError(f"{path}: line {number}: names no file")
        for name in DIMENSIONS:
            _check_label(path, number, name, entry.get(name))
        for identity in (entry[key], Path(entry[key]).name, entry.get("sha256")):
            if identity:
                known[identity] = entry
    return known


def _check_label(path: Path, line: int, name: str, text: str | None) -> None:
    try:
        wrong = bool(text) and not 1.0 <= float(text or "") <= 5.0
    except ValueError:
        wrong = True
    if wrong:
        raise InputError(f"{path}: line {line}: {name} is {text}, not a score from 1 to 5")


def _counts(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items()))


def _write(out: Path, header: Mapping[str, Any], rows: Iterable[Row]) -> None:
    sibling = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with sibling.open("w", encoding="utf-8") as lines:
            for entry in (header, *rows):
                lines.write(to_json(entry) + "\n")
        sibling.replace(out)
    except OSError as error:
        sibling.unlink(missing_ok=True)
        raise InputError(f"{out}: cannot be written ({error.strerror})") from error
