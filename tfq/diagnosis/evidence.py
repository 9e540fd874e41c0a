"""Why a piece is weak: facts of the clip that a person can check, in words.

A reason never comes from the score alone. Each rule looks at measured curves inside the piece, compares them with the
rest of the clip or with a limit from a standard, and gives the sentence and the numbers behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.config import NOTICED_EARLY_MS, NOTICED_LATE_MS, UNSURE
from tfq.diagnosis.segments import Segment
from tfq.types import Floats

NO_EVIDENCE = "the model's judgement"
LOWER = "lower than all of its parts, by the model's judgement"  # of overall
FEWEST = 5  # frames in which a share means something
UNBLINKING_S = 10.0  # at rest people blink 17 times a minute (Bentivoglio et al. 1997): a pause this long is odd
BLINK = 0.35  # how far a lid is shut in a blink

Curves = Mapping[str, Floats]


@dataclass(frozen=True)
class Reason:
    """`strength` orders reasons: 1 is just worth telling. `evidence` are the numbers behind the sentence."""

    text: str
    evidence: dict[str, float]
    strength: float


@dataclass(frozen=True)
class Rule:
    """Looks at a piece and says what is wrong with it, or nothing. `texts`: every sentence it can say, as templates."""

    texts: tuple[str, ...]
    look: Callable[[Curves, Segment], Reason | None]


def explain(curves: Curves, segment: Segment) -> Reason:
    """The strongest reason for a weak piece, or `NO_EVIDENCE`.

    Args:
        curves: measured curves by name, `[T]` each, NaN where absent; a rule whose curves are missing says nothing.
        segment: the piece.
    """
    found = [rule.look(curves, segment) for rule in RULES.get(segment.dimension, ())]
    reasons = [reason for reason in found if reason is not None]
    return max(reasons, key=lambda reason: reason.strength, default=Reason(NO_EVIDENCE, {}, 0.0))


def sentences() -> tuple[str, ...]:
    """Every sentence that a reason can be, as templates; what there is to translate."""
    texts = [text for rules in RULES.values() for rule in rules for text in rule.texts]
    return tuple(dict.fromkeys([NO_EVIDENCE, LOWER, *texts]))


def _inside(curves: Curves, name: str, segment: Segment) -> float:
    """Median of a curve inside the piece; NaN where it was not measured."""
    values = curves.get(name)
    piece = np.array([]) if values is None else values[segment.start : segment.stop]
    piece = piece[np.isfinite(piece)]
    return float(np.median(piece)) if len(piece) else float("nan")


_LAGS = "mouth lags the voice by {:.0f} ms"
_LEADS = "mouth is ahead of the voice by {:.0f} ms"


def _look_at_offset(curves: Curves, segment: Segment) -> Reason | None:
    if _inside(curves, "confidence", segment) < UNSURE:
        return None
    offset = timebase.milliseconds_of(_inside(curves, "offset", segment))
    limit = NOTICED_EARLY_MS if offset > 0 else NOTICED_LATE_MS
    if not abs(offset) > limit:
        return None
    text = (_LAGS if offset > 0 else _LEADS).format(abs(offset))
    return Reason(text, {"offset_ms": round(offset, 1)}, abs(offset) / limit)


_offset = Rule((_LAGS, _LEADS), _look_at_offset)


def _still(curve: str, limit: float, what: str) -> Rule:
    """A rule for something that should move and does not; the time is that of the piece."""
    alone = f"{what} hardly moves for {{:.1f}} s"
    voiced = f"{alone} while the voice goes on"

    def look(curves: Curves, segment: Segment) -> Reason | None:
        moves = _inside(curves, curve, segment)
        if not moves < limit:
            return None
        text = voiced if _inside(curves, "speech", segment) > 0.5 else alone
        strength = min(3.0, limit / max(moves, limit / 3))
        return Reason(text.format(segment.end_s - segment.start_s), {curve: round(moves, 4)}, strength)

    return Rule((alone, voiced), look)


def _share(curve: str, least: float, text: str) -> Rule:
    """A rule for frames in which something is true; `text` is formatted with their share of those where it is known."""

    def look(curves: Curves, segment: Segment) -> Reason | None:
        piece = curves.get(curve, np.array([]))[segment.start : segment.stop]
        piece = piece[np.isfinite(piece)]
        if len(piece) < FEWEST:
            return None
        share = float(np.mean(piece > 0.5))
        return (
            Reason(text.format(share), {f"{curve}_ratio": round(share, 3)}, share / least) if share >= least else None
        )

    return Rule((text,), look)


def _below(curve: str, limit: float, text: str, shown: Callable[[float], float] = float) -> Rule:
    """A rule for a measurement that is bad under a limit; `text` is formatted with what `shown` makes of the value."""

    def look(curves: Curves, segment: Segment) -> Reason | None:
        value = _inside(curves, curve, segment)
        if not value < limit:
            return None
        # Strength is how far under the limit, in units of the limit's own size.
        strength = 1 + (limit - value) / max(abs(limit), 1.0)
        return Reason(text.format(shown(value)), {curve: round(value, 3)}, strength)

    return Rule((text,), look)


def _above(curve: str, limit: float, text: str) -> Rule:
    """A rule for a measurement that is bad over a limit; `text` is formatted with the value."""

    def look(curves: Curves, segment: Segment) -> Reason | None:
        value = _inside(curves, curve, segment)
        return Reason(text.format(value), {curve: round(value, 3)}, value / limit) if value > limit else None

    return Rule((text,), look)


def _unusual(curve: str, limit: float, text: str, *, under: bool, shown: Callable[[float], float] = float) -> Rule:
    """A rule for what four recordings of five are better in, told only where no stronger rule speaks.

    Args:
        curve: the measurement.
        limit: the recordings' quantile of a fifth, or of four fifths.
        text: formatted with what `shown` makes of the value, which stands in brackets at its end; what it is compared
            with is added there.
        under: whether values under the limit are unusual, or over it.
    """
    said = f"{text[:-1]}; four recordings of five have {'more' if under else 'less'})"

    def look(curves: Curves, segment: Segment) -> Reason | None:
        value = _inside(curves, curve, segment)
        beyond = limit - value if under else value - limit
        if not beyond > 0:
            return None
        return Reason(said.format(shown(value)), {curve: round(value, 4)}, min(0.99, 0.5 + beyond / (2 * abs(limit))))

    return Rule((said,), look)


_STARES = "eyes do not blink for {:.0f} s"


def _look_at_lids(curves: Curves, segment: Segment) -> Reason | None:
    shut = [curves[name][segment.start : segment.stop] for name in ("blink_left", "blink_right") if name in curves]
    seen = [lid[np.isfinite(lid)] for lid in shut]
    known_s = min((timebase.seconds_of(len(lid)) for lid in seen), default=0.0)
    if known_s < UNBLINKING_S or max(float(lid.max()) for lid in seen) >= BLINK:
        return None
    return Reason(_STARES.format(known_s), {"unblinking_s": round(known_s, 2)}, known_s / UNBLINKING_S)


_stares = Rule((_STARES,), _look_at_lids)


def _kilo(hertz: float) -> float:
    return hertz / 1000


def _ratio(log10: float) -> float:
    """What a difference of logarithms is as a factor."""
    return float(10**log10)


_closed = _share("closed_in_voice", 0.4, "mouth is closed in {:.0%} of the frames with voice")
_against = _below("local_correlation", -0.4, "mouth opens when the voice is quiet (correlation {:.2f})")
_repeated = _share("repeated", 0.25, "{:.0%} of the frames repeat the one before")
_slow = _below("fresh_rate", 20.0, "only {:.0f} new pictures a second")
_nowhere = _below("confidence", UNSURE, "mouth and voice match at no offset (confidence {:.2f})")
_loose = _unusual("coherence", 0.374, "mouth follows the syllables loosely (coherence {:.2f})", under=True)

# Limits are where about a hundredth to a twentieth of the seconds of clean recordings lie beyond, by
# `python -m tests.bench.limits`, unless a standard is named; of `_unusual` rules a fifth of the seconds and of the clips.
RULES: Mapping[str, tuple[Rule, ...]] = {
    "lip_sync": (
        _offset,
        _nowhere,
        _still("mouth_speed", 0.08, "mouth"),
        _share("mouth_still", 0.3, "mouth is a still picture in {:.0%} of the frames"),
        _closed,
        _against,
        _loose,
        _unusual("confidence", 0.287, "mouth and voice match loosely (confidence {:.2f})", under=True),
        _unusual("mouth_speed", 0.185, "mouth moves little ({:.2f} eye distances/s)", under=True),
    ),
    "expression": (
        _still("upper_motion", 0.03, "upper face"),
        _still("head_speed", 0.03, "head"),
        _above("jerkiness", 1.5, "face jerks (jerkiness {:.2f})"),
        _above("head_acceleration", 15.0, "head trembles ({:.0f} eye distances/s²)"),
        _above("asymmetry", 0.08, "face is lopsided (asymmetry {:.2f})"),
        _stares,
        _repeated,
        _slow,
        _unusual("upper_motion", 0.055, "upper face moves little ({:.3f} eye distances/s)", under=True),
        _unusual("head_speed", 0.096, "head moves little ({:.2f} eye distances/s)", under=True),
        _unusual("gaze_speed", 0.021, "gaze moves little ({:.3f} eye distances/s)", under=True),
        _unusual("jerkiness", 1.366, "face moves unevenly (jerkiness {:.2f})", under=False),
        _unusual("asymmetry", 0.043, "face is uneven (asymmetry {:.2f})", under=False),
    ),
    "audio_quality": (
        _below("dnsmos_bak", 2.1, "noise behind the voice (DNSMOS background {:.1f})"),
        _below("dnsmos_sig", 2.9, "voice is distorted (DNSMOS signal {:.1f})"),
        _below("hnr", 6.0, "harsh or metallic voice (HNR {:.1f} dB)"),
        _below("distillmos", 2.4, "voice sounds synthetic or coded (DistillMOS {:.1f})"),
        _below("modulation", 4.2, "voice is covered or smeared (modulation {:.1f} dB)"),
        _below("band_edge", 5200.0, "dull sound: nothing above {:.1f} kHz", _kilo),
        _above("clipped", 0.001, "sound is clipped in {:.1%} of the samples"),
        _unusual("dnsmos_bak", 2.65, "background disturbs (DNSMOS background {:.1f})", under=True),
        _unusual("dnsmos_sig", 3.1, "voice is not quite clear (DNSMOS signal {:.1f})", under=True),
        _unusual("hnr", 9.2, "rough voice (HNR {:.1f} dB)", under=True),
        _unusual("distillmos", 2.98, "voice sounds not quite natural (DistillMOS {:.1f})", under=True),
        _unusual("modulation", 10.1, "voice is not quite distinct (modulation {:.1f} dB)", under=True),
    ),
    "consistency": (
        _offset,
        _above("mouth_in_silence", 1.0, "mouth moves while nobody speaks ({:.2f} eye distances/s)"),
        _closed,
        _against,
        _nowhere,
        _loose,
        _unusual(
            "arousal_agreement", -0.64, "face and voice are lively at different times (correlation {:.2f})", under=True
        ),
    ),
    "visual_quality": (
        _below("mouth_to_face_sharpness", -0.07, "mouth is blurrier than the face ({:.2f}×)", _ratio),
        _below("face_sharpness", 0.16, "face is blurred (log sharpness {:.2f})"),
        _below("mouth_detail", -0.3, "mouth lacks the fine detail of the face ({:.2f}×)", _ratio),
        _below("teeth_detail", 0.8, "teeth are a blur (log detail {:.2f})"),
        _above("squares", 0.7, "picture falls into squares (blocking {:.2f})"),
        _above("flat", 0.12, "skin without texture on {:.0%} of the face"),
        _above("noise", 1.3, "picture noise of {:.1f} grey levels"),
        _above("flicker", 1.2, "brightness of the face flickers by {:.1f} grey levels"),
        _above("instability", 9.0, "face swims or trembles ({:.1f} grey levels from frame to frame)"),
        _above("unexplained_change", 3.1, "face changes by {:.1f} grey levels a frame where nothing moves it"),
        _above("colour_shift", 13.0, "colour of the mouth differs from the face by {:.0f} grey levels"),
        _above("burnt_out", 0.05, "{:.0%} of the face is black or burnt out"),
        _above("niqe", 25.0, "picture is unlike natural ones (NIQE {:.0f})"),
        _repeated,
        _slow,
        _unusual("niqe", 18.2, "picture is not quite natural (NIQE {:.0f})", under=False),
        _unusual("brisque", 43.2, "picture is somewhat distorted (BRISQUE {:.0f})", under=False),
        _unusual(
            "unexplained_change", 2.27, "face changes where nothing moves it ({:.1f} grey levels a frame)", under=False
        ),
        _unusual("noise", 0.9, "picture noise ({:.1f} grey levels)", under=False),
        _unusual("flat", 0.027, "skin without texture ({:.0%} of the face)", under=False),
        _unusual("mouth_detail", -0.153, "mouth lacks the fine detail of the face ({:.2f}×)", under=True, shown=_ratio),
        _unusual("teeth_detail", 0.969, "teeth show little detail (log detail {:.2f})", under=True),
        _unusual("colour_shift", 8.3, "colour of the mouth differs from the face ({:.0f} grey levels)", under=False),
    ),
}
