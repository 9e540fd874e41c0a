"""Gates: how bad a clip may be before a script says no. Results and limits in, failures out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from tfq.config import DIMENSIONS
from tfq.report.formats import weak_seconds
from tfq.report.words import TITLES, reason, unsure


@dataclass(frozen=True)
class Gates:
    """Limits; a clip that meets one exactly passes.

    `least` is the lowest MOS by dimension, `max_offset_ms` the largest offset either way, `max_weak_seconds` the
    longest time in weak segments, `max_drop` the most that a score may fall below that of the same clip in `baseline`.
    """

    least: Mapping[str, float] = field(default_factory=dict)
    max_offset_ms: float | None = None
    max_weak_seconds: float | None = None
    baseline: Baseline | None = None
    max_drop: float = 0.0

    def __bool__(self) -> bool:
        limits = (self.max_offset_ms, self.max_weak_seconds, self.baseline)
        return bool(self.least) or any(limit is not None for limit in limits)


class Baseline:
    """Earlier results, found again by the clip's content, its name, or its last part where that names one clip only."""

    def __init__(self, results: Sequence[Mapping[str, Any]]) -> None:
        self._by_name = {result["file"]: result for result in results}
        self._by_content = {result["sha256"]: result for result in results if result.get("sha256")}
        self._by_last: dict[str, list[Mapping[str, Any]]] = {}
        for name, result in self._by_name.items():
            self._by_last.setdefault(PurePath(name).name, []).append(result)

    def of(self, result: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The earlier result of a clip, or None: a new version's clip has another content and the old one's name."""
        name = result["file"]
        if name in self._by_name:
            return self._by_name[name]
        if (same := self._by_content.get(result.get("sha256"))) is not None:
            return same
        alike = self._by_last.get(PurePath(name).name, [])
        return alike[0] if len(alike) == 1 else None


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
            yield Failure(name, dimension, f"{TITLES[dimension]} {apart(score['mos'], least)} is under {_plain(least)}")
    if gates.max_offset_ms is not None:
        yield from _offset(result, gates.max_offset_ms)
    weak = weak_seconds(result)
    if gates.max_weak_seconds is not None and weak > gates.max_weak_seconds:
        said = apart(weak, gates.max_weak_seconds)
        yield Failure(name, "overall", f"{said} s are weak, more than {_plain(gates.max_weak_seconds)} s")
    if gates.baseline is not None:
        yield from _drops(result, gates.baseline, gates.max_drop)


def _offset(result: Mapping[str, Any], most: float) -> Iterator[Failure]:
    offset = result["sync"]["offset_ms"]
    if offset is None:
        why = reason(result["sync"]["status"])
        yield Failure(result["file"], "lip_sync", f"The offset cannot be measured: {why}", unjudged=True)
    elif abs(offset) > most:
        told = f"Offset {'-+'[offset > 0]}{apart(abs(offset), most)} ms is beyond {_plain(most)} ms"
        confidence = result["sync"].get("confidence")
        if unsure(confidence):
            told += f", but not sure: mouth and voice match at no offset (confidence {confidence:.2f})"
        yield Failure(result["file"], "lip_sync", told)


def _drops(result: Mapping[str, Any], baseline: Baseline, most: float) -> Iterator[Failure]:
    name = result["file"]
    before = baseline.of(result)
    if before is None:
        yield Failure(name, "overall", "The baseline has no such clip", unjudged=True)
        return
    for dimension in DIMENSIONS:
        old, new = before["scores"].get(dimension), result["scores"][dimension]
        if old is None:
            continue
        title = TITLES[dimension]
        if new is None:
            why = reason(result["unjudged"].get(dimension, ""))
            yield Failure(
                name, dimension, f"{title} was {old['mos']:.4g} and cannot be judged now: {why}", unjudged=True
            )
        elif (drop := old["mos"] - new["mos"]) > most:
            change = f"from {old['mos']:.4g} to {new['mos']:.4g}"
            yield Failure(name, dimension, f"{title} fell by {apart(drop, most)} ({change}), more than {_plain(most)}")


def apart(value: float, limit: float) -> str:
    """A value with as many digits, from three on, as show on which side of a limit it lies."""
    side = _side(value, limit)
    whole = len(str(int(abs(value))))  # fewer digits than these would be an exponent
    texts = (f"{value:.{digits}g}" for digits in range(max(3, whole), 18))
    return next((text for text in texts if _side(float(text), limit) == side), repr(value))


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _plain(limit: float) -> str:
    """A limit as the user wrote it."""
    return f"{limit:.15g}"
