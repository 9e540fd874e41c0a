"""The networks that tfq trained itself and brings along, in `tfq/weights`, and checkpoints that a user names by path."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from tfq.errors import WeightsError

FOLDER = Path(__file__).parent.parent / "weights"

FILES = {
    "tfq-embedded": "embedded.safetensors",
    "tfq-sync": "sync.safetensors",
    "tfq-face-quality": "face_quality.safetensors",
}


def is_own(name: str) -> bool:
    """Whether a name means a file of ours, or one named by path, rather than a row of the registry."""
    return name in FILES or Path(name).suffix == ".safetensors"


def path(name: str) -> Path:
    """Where that file lies.

    Raises:
        WeightsError: it is not there.
    """
    found = FOLDER / FILES[name] if name in FILES else Path(name)
    if not found.is_file():
        raise WeightsError(f"{found}: no such checkpoint")
    return found


def sha(name: str) -> str:
    """SHA-256 of that file, read once a process for each version of it."""
    found = path(name)
    status = found.stat()
    return _sha(found, status.st_mtime_ns, status.st_size)


@functools.cache
def _sha(path: Path, _modified: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
