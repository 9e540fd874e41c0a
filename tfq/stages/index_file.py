"""An index on disk: JSON lines, CSV or Parquet by its name, the same header and rows in each.

JSON lines begin with the header, an object, and hold one object a file. In a table, strings and numbers are cells of
their own, labels are columns named by their dimension, and all else is JSON in a cell; the header is the first line of
the CSV after `# `, and the entry `tfq` of the Parquet file's metadata.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfq import disk
from tfq.config import DIMENSIONS
from tfq.errors import FormatError, InputError, UsageError
from tfq.store.file import to_json

FORMAT = "tfq-index"
FORMAT_VERSION = 1

Row = dict[str, Any]

TEXT = (
    "file", "dropped", "split", "source", "sha256", "family", "speaker", "group", "kind", "method", "language", "emotion",
    "sentiment", "text", "values_sha256", "error",
)  # fmt: skip


def load(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Header and rows of an index.

    Raises:
        InputError: there is no such file.
        FormatError: the file is not an index.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file")
    read = {".csv": _from_csv, ".parquet": _from_parquet}.get(path.suffix.lower(), _from_lines)
    try:
        header, rows = read(path)
    except (ValueError, RecursionError, OSError, csv.Error) as error:
        raise FormatError(f"{path}: not an index written by `tfq index`") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT or header.get("format_version") != FORMAT_VERSION:
        raise FormatError(f"{path}: not an index written by `tfq index`")
    if not all(isinstance(row, dict) for row in rows):
        raise FormatError(f"{path}: a damaged index; run `tfq index` again")
    return header, rows


def save(path: Path, header: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write an index, which takes its name only when it is whole.

    Raises:
        InputError: the folder cannot be written to.
    """
    write = {".csv": _to_csv, ".parquet": _to_parquet}.get(path.suffix.lower(), _to_lines)
    with disk.written(path) as sibling:
        write(sibling, header, rows)


def digest(rows: Sequence[Row]) -> str:
    """SHA-256 of all rows, the same whichever format they were read from."""
    made = hashlib.sha256()
    for row in rows:
        made.update((to_json(row) + "\n").encode())
    return made.hexdigest()


def ready(path: Path) -> None:
    """Raise now what writing would raise for want of a package.

    Raises:
        UsageError: Parquet is asked for, and pyarrow is not there.
    """
    if path.suffix.lower() == ".parquet":
        _parquet()


def _from_lines(path: Path) -> tuple[Any, list[Any]]:
    with path.open(encoding="utf-8") as lines:
        header, *rows = (json.loads(line) for line in lines if line.strip())
    return header, rows


def _to_lines(path: Path, header: Mapping[str, Any], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(to_json(entry) + "\n" for entry in (header, *rows))


def _from_csv(path: Path) -> tuple[Any, list[Any]]:
    csv.field_size_limit(2**30)
    with path.open(newline="", encoding="utf-8") as lines:
        first = lines.readline()
        return json.loads(first.removeprefix("# ")), [_row(cells) for cells in csv.DictReader(lines, strict=True)]


def _to_csv(path: Path, header: Mapping[str, Any], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        lines.write(f"# {to_json(header)}\n")
        writer = csv.DictWriter(lines, _columns(rows), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(_cells(row) for row in rows)


def _from_parquet(path: Path) -> tuple[Any, list[Any]]:
    parquet = _parquet()
    table = parquet.read_table(io.BytesIO(path.read_bytes()))
    header = json.loads((table.schema.metadata or {}).get(b"tfq", b"null"))
    return header, [_row({name: value or "" for name, value in cells.items()}) for cells in table.to_pylist()]


def _to_parquet(path: Path, header: Mapping[str, Any], rows: Sequence[Row]) -> None:
    parquet, arrow = _parquet(), importlib.import_module("pyarrow")
    cells = [_cells(row) for row in rows]
    columns = {name: [cell.get(name) for cell in cells] for name in _columns(rows)}
    table = arrow.table({name: arrow.array(values, arrow.string()) for name, values in columns.items()})
    parquet.write_table(table.replace_schema_metadata({"tfq": to_json(header)}), path)


def _parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow, which is not here; run `pip install 'tfq[parquet]'`") from error


def _columns(rows: Sequence[Row]) -> list[str]:
    """Every name that any row has, those of the first row first."""
    return list(dict.fromkeys(name for row in rows for name in _cells(row)))


def _cells(row: Row) -> dict[str, str]:
    flat = {name: value for name, value in row.items() if name != "labels"}
    flat |= row.get("labels") or {}
    return {name: value if name in TEXT else to_json(value) for name, value in flat.items() if value is not None}


def _row(cells: Mapping[str, str]) -> Row:
    row = {name: value if name in TEXT else json.loads(value) for name, value in cells.items() if value}
    labels = {name: row.pop(name) for name in DIMENSIONS if name in row}
    for name in ("dropped", "split"):
        row.setdefault(name, None)
    if labels:
        row["labels"] = labels
    return row
