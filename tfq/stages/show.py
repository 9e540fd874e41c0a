"""What is in a file: groups, what made them, and the shape of every dataset."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tfq.store import TfqFile, schema

PICTURES = ("extract/source", "align/crops", "align/large_crops", "align/mouths", "align/portraits")


def strip(path: Path) -> None:
    """Rewrite a file without anything in which a face can be seen; every number stays.

    What needs the pictures again, as a new version of a stage would, then asks for the video.
    """
    with TfqFile(path) as file:
        file.strip(PICTURES)


def contents(file: TfqFile) -> dict[str, Any]:
    """The tree of a file as plain data: `attributes`, and `groups` by name in the order of the road."""
    groups: dict[str, Any] = {}
    for name in file.names():
        stamp = file.stamp(name)
        groups[name] = {
            "status": file.status(name),
            "stamp": None if stamp is None else {**dataclasses.asdict(stamp), "digest": stamp.digest},
            **_group(file, name),
        }
    return {"file": str(file.path), "attributes": file.attrs, "groups": groups}


def _group(file: TfqFile, path: str) -> dict[str, Any]:
    datasets: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    for name in file.names(path):
        full = f"{path}/{name}"
        row = schema.find(full)
        if row is None:
            groups[name] = {"status": file.status(full), **_group(file, full)}
        else:
            shape, dtype = file.shape(full), file.rows(full, 0, 0).dtype.name
            datasets[name] = {"shape": list(shape), "dtype": dtype, "unit": row.unit, "about": row.about}
    return {"info": file.info(path), "datasets": datasets, "groups": groups}
