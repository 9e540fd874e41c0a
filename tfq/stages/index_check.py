"""Whether an index and its files are still what the index says: every file, every value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfq.config import DIMENSIONS
from tfq.errors import TfqError
from tfq.fusion.split import PARTS
from tfq.stages import index_rows, inputs
from tfq.stages.index_file import Row, digest, load
from tfq.store import TfqFile, guard


def check(index: Path, jobs: int = 1) -> list[str]:
    """Read the index and all of its files, and return what is wrong, a sentence each.

    Raises:
        InputError: the index itself cannot be read.
    """
    header, rows = load(index)
    found = _said(_header(header, rows))
    held: list[tuple[Path, Row]] = []
    for number, row in enumerate(rows, 1):
        wrong = _said(_row(row))
        found += [f"row {number} ({row.get('file', 'no file')}): {sentence}" for sentence in wrong]
        if not wrong and row.get("dropped") is None:
            held.append((index.parent / row["file"], row))
    known = dict(held)
    for path, answer in zip(
        known, guard.each(lambda path: (_file(known[path], path), b""), list(known), jobs), strict=True
    ):
        sentences = [str(answer)] if isinstance(answer, TfqError) else answer[0]
        found += [f"{path}: {sentence.removeprefix(f'{path}: ')}" for sentence in sentences]
    return found


def _said(sentences: Iterator[str]) -> list[str]:
    """All of them; a description of another shape than tfq writes is one more."""
    found = []
    try:
        for sentence in sentences:
            found.append(sentence)  # noqa: PERF402 - what was said before the error counts
    except (KeyError, TypeError, AttributeError, ValueError):
        found.append("is not what `tfq index` writes")
    return found


def _header(header: dict[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    if "rows_sha256" in header and header["rows_sha256"] != digest(rows):
        yield "the rows are not those that were written: their hash differs"
    if header.get("files") != len(rows):
        yield f"the header tells of {header.get('files')} files, and there are {len(rows)} rows"
    for name, columns in header.get("statistics", {}).items():
        if not all(_number(value) for values in columns.values() for value in values):
            yield f"statistics of {name}: not all of them are numbers"


def _row(row: Row) -> Iterator[str]:
    if not isinstance(row.get("file"), str):
        yield "names no file"
    if row.get("dropped") is not None:
        return
    if row.get("split") not in PARTS:
        yield f"split is {row.get('split')}, not one of {', '.join(PARTS)}"
    if not _number(row.get("duration_s")) or row["duration_s"] <= 0:
        yield "has no duration"
        return
    for name, value in (row.get("labels") or {}).items():
        if name not in DIMENSIONS or not _number(value) or not 1 <= value <= 5:
            yield f"label {name} is {value}, not a score from 1 to 5"
    spans = [*(row.get("over_time") or []), *(row.get("degraded", {}).get("spans") or [])]
    for span in spans:
        # A grid of 25 frames a second may end up to a frame behind the file's own duration.
        if not 0 <= span["start_s"] <= span["end_s"] <= row["duration_s"] + 0.04:
            yield f"a span from {span['start_s']} to {span['end_s']} s lies outside of {row['duration_s']} s"


def _file(row: Row, path: Path) -> list[str]:
    """What is wrong with one file."""
    try:
        with TfqFile(path, read_only=True, looked=True) as file:
            found = [
                f"{name} is {now}, and was {row[name]}"
                for name, now in index_rows.facts_of(file).items()
                if name in row and row[name] != now
            ]
            if "values_sha256" in row and index_rows.content(file) != row["values_sha256"]:
                found.append("its numbers are not those that were indexed")
            for name, values in inputs.read(file).items():
                if list(values.shape) != row["features"].get(name, list(values.shape)):
                    found.append(f"{name} is {list(values.shape)}, and was {row['features'][name]}")
                if np.isinf(values).any():
                    found.append(f"{name} holds infinite numbers")
            return found
    except TfqError as error:
        return [str(error)]
    except (KeyError, TypeError, AttributeError):
        return ["its row is not what `tfq index` writes"]


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
