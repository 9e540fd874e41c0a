"""The registry as rows of text: a row of titles, then one a model."""

from __future__ import annotations

from pathlib import Path

from tfq.models.packages import installed
from tfq.models.registry import WEIGHTS, Weight
from tfq.models.weights import verify


def state_rows(folder: Path | None) -> list[tuple[str, ...]]:
    """What is on this machine; every file there is read and its hash compared."""
    titles = ("name", "state", "bytes", "file", "licence", "task")
    rows = [
        (name, str(verify(name, folder)), str(row.size), row.file, row.licence, row.task)
        for name, row in WEIGHTS.items()
    ]
    return [titles, *rows]


def licence_rows() -> list[tuple[str, ...]]:
    """Under which terms each file and each package that tfq stands on comes, and from where."""
    titles = ("name", "licence", "sha256", "sources")
    files = ((name, row.licence, row.sha256, ", ".join(_sources(row))) for name, row in WEIGHTS.items())
    packages = ((one.name, one.licence, "", f"{one.name}=={one.version}") for one in installed())
    return [titles, *files, *packages]


def _sources(row: Weight) -> list[str]:
    made = [] if row.derived is None else [f"made of {row.derived.source}"]
    return [*row.urls, *(part.requirement for part in row.parts), *made]
