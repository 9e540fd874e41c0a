"""Which part of an index each row belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfq.config import IndexConfig
from tfq.errors import InputError
from tfq.fusion.split import PARTS, assign, families
from tfq.stages.index_file import Row


def split(
    rows: Sequence[Row], config: IndexConfig, before: tuple[Mapping[str, Any], Mapping[str, Row]], *, published: bool
) -> int:
    """Give each kept row its part; returns how many families a published split divides."""
    kept = [row for row in rows if row["dropped"] is None]
    found = [keys(row) for row in kept]
    joined = families(found)
    given, divided = _given(kept, joined, published=published)
    if before[0].get("split_by") == split_by(config):
        for row, family in zip(kept, joined, strict=True):
            part = before[1].get(row["file"], {}).get("split")
            if part in PARTS:
                given.setdefault(family, part)
    parts = assign(found, config.validation, config.test, config.seed, [_stratum(row) for row in kept], given)
    for row, part in zip(kept, parts, strict=True):
        row["split"] = row.get("split") or part
    for row in rows:
        row["split"] = row.get("split") if row["dropped"] is None else None
    return divided


def _given(rows: Sequence[Row], joined: Sequence[int], *, published: bool) -> tuple[dict[int, str], int]:
    """Parts that a table or layout names, by family."""
    given: dict[int, str] = {}
    divided: set[int] = set()
    for row, family in zip(rows, joined, strict=True):
        part = row.get("split")
        if part and part not in PARTS:
            raise InputError(f"{row['file']}: split is {part}; choose from {', '.join(PARTS)}")
        if part and given.setdefault(family, part) != part:
            divided.add(family)
            if not published:
                raise InputError(
                    f"{row['file']}: given to {part}, but it shares a speaker, group or source with {given[family]}"
                )
    if not divided:
        for row, family in zip(rows, joined, strict=True):
            row.pop("split", None) if family not in given else row.update(split=given[family])
    return given, len(divided)


def _stratum(row: Row) -> str:
    """What every part should have its share of: kind, and the level of the overall label or the mean of the others."""
    labels = row.get("labels") or {}
    level = labels.get("overall", float(np.mean(list(labels.values()))) if labels else None)
    return f"{row.get('kind', '')}:{row.get('emotion', '')}:{'' if level is None else int(level)}"


def keys(row: Row) -> list[str]:
    """What no two parts may share."""
    named = [f"{name}:{row[name]}" for name in ("speaker", "group") if row.get(name)]
    return [*named, f"source:{row['family']}"]


def split_by(config: IndexConfig) -> list[int]:
    return [config.validation, config.test, config.seed]
