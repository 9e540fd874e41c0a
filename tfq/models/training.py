"""What a training that was killed goes on from: one file, replaced whole after each pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfq import disk
from tfq.errors import WeightsError
from tfq.models import pickled


def save(path: Path, identity: str, state: Mapping[str, Any]) -> None:
    """Write plain values and tensors; `identity` says what was being trained, on what."""
    import torch

    with disk.written(path) as sibling, sibling.open("wb") as file:
        torch.save({"identity": identity, "state": dict(state)}, file)


def load(path: Path, identity: str) -> Mapping[str, Any] | None:
    """The state kept of the same training; None where there is none, or only that of another."""
    try:
        kept = pickled.load(path)
    except (OSError, WeightsError):
        return None  # not what `save` wrote: training starts anew and replaces it
    same = isinstance(kept, dict) and kept.get("identity") == identity
    return kept["state"] if same else None
