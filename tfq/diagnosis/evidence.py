"""Why a piece is weak: facts of the clip that a person can check, in words.

A reason never comes from the score alone. Each rule looks at measured curves inside the piece, compares them with the
rest of the clip or with a limit from a standard, and gives the sentence and the numbers behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.diagnosis.segments import Segment
from tfq.types import Floats

NO_EVIDENCE = "the model's judgement"

Curves = Mapping[str, Floats]


@dataclass(frozen=True)
class Reason:
    """`strength` orders reasons: 1 is just worth telling. `evidence` are the numbers behind the sentence."""

    text: str
    evidence: dict[str, float]
    strength: float


Rule = Callable[[Curves, Segment], Reason | None]


def explain(curves: Curves, segment: Segment) -> Reason:
    """The strongest reason for a weak piece, or `NO_EVIDENCE`.

    Args:
        curves: measured curves by name, `[T]` each, NaN where absent; a rule whose curves are missing says nothing.
        segment: the piece.
    """
    reasons = [reason for rule in RULES.get(segment.dimension, ()) if (reason := rule(curves, segment)) is not None]
    return max(reasons, key=lambda reason: reason.strength, default=Reason(NO_EVIDENCE, {}, 0.0))


def _inside(curves: Curves, name: str, segment: Segment) -> float:
    """Median of a curve inside the piece; NaN where it was not measured."""
    values = curves.get(name)
    piece = np.array([]) if values is None else values[segment.start : segment.stop]
    piece = piece[np.isfinite(piece)]
    return float(np.median(piece)) if len(piece) else float("nan")


def _offset(curves: Curves, segment: Segment) -> Reason | None:
    # ITU-R BT.1359: sound is noticed 45 ms early or 125 ms late.
    offset = timebase.milliseconds_of(_inside(curves, "offset", segment))
    limit = 45.0 if offset > 0 else 125.0
    if not abs(offset) > limit:
        return None
    who = "lags" if offset > 0 else "is ahead of"
    return Reason(f"mouth {who} the voice by {abs(offset):.0f} ms", {"offset_ms": round(offset, 1)}, abs(offset) / limit)


def _no_match(curves: Curves, segment: Segment) -> Reason | None:
    confidence, usual = _inside(curves, "confidence", segment), _inside(curves, "usual_confidence", segment)
    if not confidence < 0.5 * usual:
        return None
    text = f"mouth and voice do not match at any offset (sync confidence {confidence:.2f}, {usual:.2f} in clean clips)"
    return Reason(text, {"confidence": round(confidence, 3)}, min(3.0, 0.5 * usual / max(confidence, 1e-3)))


def _still_mouth(curves: Curves, segment: Segment) -> Reason | None:
    moves, speech = _inside(curves, "mouth_speed", segment), _inside(curves, "speech", segment)
    if not (moves < 0.05 and speech > 0.5):
        return None
    seconds = segment.end_s - segment.start_s
    return Reason(f"mouth hardly moves for {seconds:.1f} s of speech", {"mouth_speed": round(moves, 4)}, 0.1 / max(moves, 0.02))


def _still_face(curves: Curves, segment: Segment) -> Reason | None:
    moves, speech = _inside(curves, "upper_face_motion", segment), _inside(curves, "speech", segment)
    usual = _inside(curves, "usual_upper_face_motion", segment)
    if not moves < 0.25 * usual:
        return None
    during = " while the voice goes on" if speech > 0.5 else ""
    text = f"upper face does not move for {segment.end_s - segment.start_s:.1f} s{during}"
    return Reason(text, {"upper_face_motion": round(moves, 4)}, min(3.0, 0.25 * usual / max(moves, 1e-4)))


def _repeated(curves: Curves, segment: Segment) -> Reason | None:
    values = curves.get("repeated")
    if values is None:
        return None
    share = float(np.mean(values[segment.start : segment.stop] > 0.5))
    if share < 0.25:
        return None
    return Reason(f"{share:.0%} of the frames repeat the one before", {"repeated_ratio": round(share, 3)}, 4 * share)


def _below(curve: str, limit: float, text: str) -> Rule:
    """A rule for a measurement that is bad under a limit; `text` is formatted with the value."""

    def rule(curves: Curves, segment: Segment) -> Reason | None:
        value = _inside(curves, curve, segment)
        if not value < limit:
            return None
        # Strength is how far under the limit, in units of the limit's own size.
        return Reason(text.format(value), {curve: round(value, 3)}, 1 + (limit - value) / max(abs(limit), 1.0))

    return rule


def _above(curve: str, limit: float, text: str) -> Rule:
    """A rule for a measurement that is bad over a limit; `text` is formatted with the value."""

    def rule(curves: Curves, segment: Segment) -> Reason | None:
        value = _inside(curves, curve, segment)
        return Reason(text.format(value), {curve: round(value, 3)}, value / limit) if value > limit else None

    return rule
