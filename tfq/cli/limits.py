"""The options that make `tfq score` a gate, turned into limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfq.config import DIMENSIONS
from tfq.errors import UsageError, meant

if TYPE_CHECKING:
    from tfq.report.gates import Baseline, Gates


def gates(
    fail_under: Sequence[str] | None,
    max_offset_ms: float | None,
    max_weak_seconds: float | None,
    baseline: Path | None,
    max_drop: float | None,
) -> Gates:
    """The limits of one run.

    Raises:
        UsageError: a limit that means nothing, or a baseline that cannot be read.
    """
    from tfq.report.gates import Gates

    if (baseline is None) != (max_drop is None):
        raise UsageError("--baseline and --max-drop go together: what to compare with, and how much a score may fall")
    earlier = None if baseline is None else read_baseline(baseline)
    return Gates(least(fail_under or ()), max_offset_ms, max_weak_seconds, earlier, max_drop or 0.0)


def least(given: Sequence[str]) -> dict[str, float]:
    """The lowest MOS by dimension, of `DIM=MOS,...`."""
    found: dict[str, float] = {}
    for limit in (part for several in given for part in several.split(",") if part.strip()):
        name, sign, number = limit.strip().partition("=")
        if name not in DIMENSIONS or not sign:
            raise UsageError(
                f"--fail-under {limit}: write DIM=MOS with one of {', '.join(DIMENSIONS)}{meant(name, DIMENSIONS)}"
            )
        found[name] = _mos(number, limit)
    return found


def read_baseline(path: Path) -> Baseline:
    """Results that `tfq score --format jsonl` or `json` wrote."""
    from tfq.report.gates import Baseline

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--baseline {path}: {getattr(error, 'strerror', None) or 'not a text'}") from error
    try:
        found = _objects(text)
        usable = all(isinstance(one["file"], str) and _scored(one["scores"]) for one in found)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        usable, found = False, []
    if not usable or not found:
        raise UsageError(
            f"--baseline {path}: holds no results; make it with `tfq score --format jsonl CLIP... > {path}`"
        )
    return Baseline(found)


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _scored(scores: dict[str, Any]) -> bool:
    return all(score is None or isinstance(score["mos"], int | float) for score in scores.values())


def _mos(number: str, limit: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if not 1 <= value <= 5:
        raise UsageError(f"--fail-under {limit}: scores lie between 1 and 5")
    return value
