"""Gates: how bad a clip may be before a script says no. Results and limits in, failures out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfq.report.formats import weak_seconds
from tfq.report.words import TITLES, reason


@dataclass(frozen=True)
class Gates:
    """Limits; a clip that meets one exactly passes.

    `least` is the lowest MOS by dimension, `max_offset_ms` the largest offset either way, `max_weak_seconds` the
    longest time in weak segments.
    """

    least: Mapping[str, float] = field(default_factory=dict)
    max_offset_ms: float | None = None
    max_weak_seconds: float | None = None


@dataclass(frozen=True)
class Failure:
    """A gate that a clip did not pass; `unjudged` where there was nothing to compare, which is not the same as bad."""

    file: str
    dimension: str
    message: str
    unjudged: bool = False


def check(results: Sequence[Mapping[str, Any]], gates: Gates) -> list[Failure]:
    """Every gate that some result does not pass, in the order of the results.

    Args:
        results: JSON objects of the contract.
        gates: the limits.
    """
    return [failure for result in results for failure in _failures(result, gates)]


def _failures(result: Mapping[str, Any], gates: Gates) -> Iterator[Failure]:
    name = result["file"]
    for dimension, least in gates.least.items():
        score = result["scores"][dimension]
        if score is None:
            why = reason(result["unjudged"].get(dimension, ""))
            yield Failure(name, dimension, f"{TITLES[dimension]} cannot be judged: {why}", unjudged=True)
        elif score["mos"] < least:
            yield Failure(name, dimension, f"{TITLES[dimension]} {score['mos']:.4g} is under {least:g}")
    if gates.max_offset_ms is not None:
        yield from _offset(result, gates.max_offset_ms)
    weak = weak_seconds(result)
    if gates.max_weak_seconds is not None and weak > gates.max_weak_seconds:
        yield Failure(name, "overall", f"{weak:.2f} s are weak, more than {gates.max_weak_seconds:g} s")


def _offset(result: Mapping[str, Any], most: float) -> Iterator[Failure]:
    offset = result["sync"]["offset_ms"]
    if offset is None:
        why = reason(result["sync"]["status"])
        yield Failure(result["file"], "lip_sync", f"The offset cannot be measured: {why}", unjudged=True)
    elif abs(offset) > most:
        yield Failure(result["file"], "lip_sync", f"Offset {offset:+.0f} ms is beyond {most:g} ms")
