"""Sound against picture without a network: envelope and lips, mouth in silence, voice and face, rhythm."""

from __future__ import annotations

import numpy as np

from tfq.audio import prosody, spectrum
from tfq.features import expression, face_points, lips, motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS, rows_to_grid
from tfq.types import Floats, Mask

REACH = 15  # frames of lag that are searched to either side
_WINDOW = 2 * FPS  # frames a local correlation looks at
_LEAST = FPS // 2  # frames a correlation needs
_RESTING = 0.12  # eye distances per second: root mean square speed of resting lips, landmarks' tremble included
_LOW_BAND, _HIGH_BAND = slice(8, 48), slice(48, 80)  # mel bands of vowels (about 0.3-3.4 kHz), and of sibilants


def measure(clip: Clip) -> Found:
    """Series on the grid, then how they go together."""
    points = face_points.in_head_axes(clip.landmarks)
    opening = lips.opening_of(points)
    lip_speed = lips.speed_of(points)
    width = face_points.distance(points, face_points.CORNER_LEFT, face_points.CORNER_RIGHT)
    envelope, hiss = _envelopes(clip)
    curve = correlation_curve(envelope, opening, REACH)
    heard = np.isfinite(clip.level_db)
    both = clip.face & heard
    values = {
        "local_correlation": local_correlation(envelope, opening, _WINDOW),
        "motion_correlation": local_correlation(np.abs(motion.derivative(envelope, 1)), lip_speed, _WINDOW),
        "mouth_in_silence": np.where(both & ~clip.speech, lip_speed, np.nan),
        "mouth_in_speech": np.where(both & clip.speech, lip_speed, np.nan),
        "closed_in_voice": np.where(both & clip.speech, _closed(opening, envelope), np.nan),
        "arousal": _arousal(clip, envelope),
        "face_activity": motion.derivative(expression.upper_face_motion(clip.landmarks), 0),
    }
    summary = {**_lags(curve, clip.offset), **_silence(values), **_rhythm(clip, values, envelope, points)}
    summary["hiss_correlation"] = _best(correlation_curve(hiss, width, 3))
    return Found(values, summary, both, _reasons(clip, summary))


def correlation_curve(sound: Floats, picture: Floats, reach: int) -> Floats:
    """Pearson correlation of `[T]` series at lags -reach..reach, `[2 reach + 1]`; NaN where too few frames overlap.

    At lag k the sound of frame i meets the picture of frame i + k: the best lag is positive where the sound is early.
    """
    curve = []
    for lag in range(-reach, reach + 1):
        early, late = max(0, -lag), max(0, lag)
        curve.append(_pearson(sound[early : max(0, len(sound) - late)], picture[late : max(0, len(picture) - early)]))
    return np.array(curve)


def local_correlation(one: Floats, other: Floats, window: int) -> Floats:
    """Pearson correlation in a window around each frame, `[T]`; NaN where under half a second of it is known."""
    known = (np.isfinite(one) & np.isfinite(other)).astype(np.float64)
    x, y = (np.where(known > 0, series, 0.0).astype(np.float64) for series in (one, other))
    x, y = x - x.sum() / max(known.sum(), 1) * known, y - y.sum() / max(known.sum(), 1) * known
    kernel = np.ones(window)
    count, sx, sy, sxx, syy, sxy = (_same(series, kernel) for series in (known, x, y, x * x, y * y, x * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.maximum(sxx - sx * sx / count, 0) * np.maximum(syy - sy * sy / count, 0))
        value = (sxy - sx * sy / count) / spread
    return np.where((count >= _LEAST) & (spread > 1e-9), value, np.nan)


def _same(series: Floats, kernel: Floats) -> Floats:
    """Sums over a centred window, also where the window is longer than the series."""
    return np.convolve(series, kernel, mode="full")[len(kernel) // 2 :][: len(series)]


def _pearson(one: Floats, other: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < _LEAST:
        return float("nan")
    x, y = one[known] - one[known].mean(), other[known] - other[known].mean()
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / size if size > 1e-9 else float("nan")


def _envelopes(clip: Clip) -> tuple[Floats, Floats]:
    """Level in dB of the vowels' and of the sibilants' band, `[T]`, not deeper than 50 under its loudest: what lies
    below is noise, and would drown the speech in a correlation.
    """
    power = 10 ** (clip.spectrum.mel.astype(np.float64) / 10)
    bands = np.stack([power[:, band].mean(1) for band in (_LOW_BAND, _HIGH_BAND)], 1)
    level = 10 * np.log10(rows_to_grid(bands, spectrum.ROW_RATE, clip.length))
    level = np.maximum(level, np.nanmax(level, 0) - 50)
    return level[:, 0], level[:, 1]


def _closed(opening: Floats, envelope: Floats) -> Floats:
    """1 where the lips are closed under a loud vowel, 0 where they are not; NaN where the sound is not loud."""
    known = envelope[np.isfinite(envelope)]
    loud = envelope >= np.quantile(known, 0.7) if len(known) else np.zeros(len(envelope), bool)
    return np.where(loud & np.isfinite(opening), (opening < lips.CLOSED).astype(np.float64), np.nan)


def _arousal(clip: Clip, envelope: Floats) -> Floats:
    """Arousal of the voice from prosody: the mean of level and melody, each in its standard deviations, over 1 s."""
    f0, _ = prosody.voiced_to_grid(clip.voice.f0, clip.length)
    melody = prosody.semitones(f0)
    parts = [_standard(np.where(clip.speech, series, np.nan)) for series in (envelope, melody)]
    known = np.isfinite(parts)
    total = np.where(known, parts, 0.0).sum(0)
    count = known.sum(0)
    kernel = np.ones(FPS)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(_same(count, kernel) >= _LEAST, _same(total, kernel) / _same(count, kernel), np.nan)


def _standard(series: Floats) -> Floats:
    known = series[np.isfinite(series)]
    deviation = known.std() if len(known) > 1 else 0.0
    return (series - known.mean()) / deviation if deviation > 1e-9 else np.full(len(series), np.nan)


def _lags(curve: Floats, offset: float) -> dict[str, float]:
    """Best lag and the correlations there, at zero, and at the offset that the sync network measured."""
    if not np.isfinite(curve).any():
        return dict.fromkeys(("correlation", "best_correlation", "best_lag", "correlation_in_sync"), float("nan"))
    best = int(np.nanargmax(curve))
    inside = np.isfinite(offset) and abs(offset) <= REACH
    return {
        "correlation": float(curve[REACH]),
        "best_correlation": float(curve[best]),
        "best_lag": float(best - REACH),
        "correlation_in_sync": float(curve[REACH + round(offset)]) if inside else float("nan"),
    }


def _silence(values: dict[str, Floats]) -> dict[str, float]:
    """Whether the mouth moves when the voice does, and rests when it rests."""
    silence, speech = motion.mean(values["mouth_in_silence"]), motion.mean(values["mouth_in_speech"])
    return {
        "silence_to_speech": silence / speech if speech > 0 else float("nan"),
        "moving_in_silence": _share(values["mouth_in_silence"] > _RESTING, values["mouth_in_silence"]),
        "still_in_speech": _share(values["mouth_in_speech"] < _RESTING / 2, values["mouth_in_speech"]),
        "closed_in_voice_share": motion.mean(values["closed_in_voice"]),
    }


def _rhythm(clip: Clip, values: dict[str, Floats], envelope: Floats, points: Floats) -> dict[str, float]:
    """The voice against the upper face, the head, and how far the mouth opens for its level."""
    nose = clip.landmarks[:, face_points.NOSE_TIP, :2] / np.nanmedian(face_points.eye_distance(clip.landmarks))
    return {
        "arousal_agreement": _pearson(values["arousal"], values["face_activity"]),
        "head_rhythm": _best(correlation_curve(envelope, motion.speed(nose), 12)),
        "opening_per_level": motion.spread(lips.opening_of(points)) / max(motion.spread(envelope), 1.0),
    }


def _best(curve: Floats) -> float:
    return float(np.nanmax(curve)) if np.isfinite(curve).any() else float("nan")


def _share(what: Mask, known: Floats) -> float:
    count = int(np.isfinite(known).sum())
    return float(what.sum()) / count if count >= 5 else float("nan")


def _reasons(clip: Clip, summary: dict[str, float]) -> dict[str, str]:
    reasons = {"correlation_in_sync": "no_offset"}
    if not clip.speech.any():
        spoken = ("silence_to_speech", "still_in_speech", "closed_in_voice_share", "arousal_agreement")
        reasons |= dict.fromkeys(spoken, "no_speech")
    elif clip.speech.all():
        reasons |= dict.fromkeys(("silence_to_speech", "moving_in_silence"), "no_pauses")
    return {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}


MEASUREMENT = Measurement(
    name="cross",
    about="Envelope against lips, mouth in silence, arousal of the voice against the face, head rhythm.",
    columns=(
        Column("local_correlation", "", -1, 1, "higher", "Voice envelope against lip opening over 2 s."),
        Column("motion_correlation", "", -1, 1, "higher", "Change of the envelope against lip speed over 2 s."),
        Column("mouth_in_silence", "eye distances/s", 0, 2, "lower", "Lip speed where nobody speaks; NaN: speech."),
        Column("mouth_in_speech", "eye distances/s", 0, 3, "none", "Lip speed in speech; NaN: no speech."),
        Column("closed_in_voice", "", 0, 1, "lower", "Lips closed under a loud vowel; NaN: not loud."),
        Column("arousal", "deviations", -2, 2, "none", "Level and melody of the voice over 1 s."),
        Column("face_activity", "eye distances/s", 0, 1, "none", "Speed of the upper face."),
    ),
    clip_columns=(
        Column("correlation", "", -1, 1, "higher", "Envelope against opening, as shown."),
        Column("best_correlation", "", -1, 1, "higher", "The same at the best lag."),
        Column("best_lag", "frames", -REACH, REACH, "none", "That lag; positive: sound early."),
        Column("correlation_in_sync", "", -1, 1, "higher", "The same at the offset that `sync` measured."),
        Column("hiss_correlation", "", -1, 1, "none", "Sibilants against the mouth's width."),
        Column("silence_to_speech", "", 0, 2, "lower", "Lip speed in silence over that in speech."),
        Column("moving_in_silence", "", 0, 1, "lower", "Share of silence in which the lips move."),
        Column("still_in_speech", "", 0, 1, "lower", "Share of speech in which they do not."),
        Column("closed_in_voice_share", "", 0, 1, "lower", "Share of loud vowels with closed lips."),
        Column("arousal_agreement", "", -1, 1, "higher", "Arousal of the voice against activity of the upper face."),
        Column("head_rhythm", "", -1, 1, "higher", "Envelope against head speed, at its best lag."),
        Column(
            "opening_per_level", "eye distances/dB", 0, 0.05, "none", "Range of the opening over that of the level."
        ),
    ),
    needs=("face", "sound"),
    method="correlation of envelope and opening: Chandrasekaran et al. 2009",
    cost="medium",
    function=measure,
)
