"""One function per format version, each turning an open file of that version into the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfq.errors import FormatError
from tfq.store.schema import FORMAT_VERSION

# Version 1 is the first: a migration from 1 to 2 goes here as {1: function}.
STEPS: dict[int, Callable[[Path], None]] = {}


def check_version(version: int, path: Path) -> None:
    """Raises FormatError where this tfq cannot read the version."""
    if version > FORMAT_VERSION:
        raise FormatError(
            f"{path}: format version {version} is newer than this tfq reads ({FORMAT_VERSION}); update tfq"
        )
    if any(step not in STEPS for step in range(version, FORMAT_VERSION)):
        raise FormatError(f"{path}: format version {version} is not one that tfq ever wrote")
