"""What the multi-task network reads of a file: the feature groups and the sync curves, on the grid."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from tfq.fusion.rows import combine, sync_rows
from tfq.types import Floats

SYNC = "sync"


class Readable(Protocol):
    """What is asked of a file here."""

    def has(self, path: str) -> bool: ...
    def names(self, path: str) -> tuple[str, ...]: ...
    def array(self, path: str) -> Any: ...


def available(file: Readable) -> tuple[str, ...]:
    """Names of the inputs that a file offers."""
    return (*file.names("features"), *((SYNC,) if file.has("sync/distance") else ()))


def read(file: Readable, names: tuple[str, ...] | None = None) -> dict[str, Floats]:
    """Inputs by name, each `[T, D]` float32 with NaN where something is absent; those the file lacks are left out."""
    wanted = available(file) if names is None else tuple(name for name in names if name in available(file))
    return {name: _sync(file) if name == SYNC else _feature(file, name) for name in wanted}


def _feature(file: Readable, name: str) -> Floats:
    path = f"features/{name}"
    clip = file.array(f"{path}/clip") if file.has(f"{path}/clip") else np.zeros(0, np.float32)
    return combine(file.array(f"{path}/values"), file.array(f"{path}/valid"), clip)


def _sync(file: Readable) -> Floats:
    return sync_rows(file.array("sync/distance"), file.array("sync/valid"), file.array("sync/offsets"))
