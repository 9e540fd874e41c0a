"""Whether face and voice are moved together: arousal of both over time, brows and head against melody."""

from __future__ import annotations

import numpy as np

from tfq.features import cross, expression, face_emotion, motion, voice_arousal
from tfq.features import face_points as at
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.series import standard, window_mean
from tfq.timebase import FPS
from tfq.types import Floats

_WINDOW = 3 * FPS  # frames: a phrase
_REACH = FPS // 2  # frames of lag
_SHORT = 2 * FPS
_LEAST_CLIP = 2 * FPS  # frames of speech: a phrase, under which an agreement over time says nothing


def measure(clip: Clip) -> Found:
    """Everything over a second, in deviations from the clip's own mean, so that faces and voices can be compared."""
    emotions = face_emotion.categories(clip.blendshapes)
    _, arousal = face_emotion.affect(emotions)
    activity = expression.upper_face_motion(clip.landmarks)
    parts = voice_arousal.part_rows(clip)
    spoken = {name: np.where(clip.speech, rows, np.nan) for name, rows in parts.items()}
    heard = voice_arousal.arousal_of(spoken)
    both = clip.face & np.isfinite(clip.level_db)
    shown, lively = (standard(window_mean(np.where(clip.face, rows, np.nan), FPS)) for rows in (arousal, activity))
    brows = clip.blendshapes[:, at.INDEX["browInnerUp"]]
    pitch = spoken["pitch"]
    values = {
        "face_arousal": shown,
        "face_liveliness": lively,
        "voice_arousal": heard,
        "difference": shown - heard,
        "liveliness_difference": lively - heard,
        "agreement": cross.local_correlation(heard, shown, _WINDOW),
        "liveliness_agreement": cross.local_correlation(heard, lively, _WINDOW),
        "brow_melody": cross.local_correlation(pitch, brows, _SHORT),
        "head_melody": cross.local_correlation(pitch, clip.pose[:, 1], _SHORT),
        "brow_stress": cross.local_correlation(parts["level"], brows, _SHORT),
    }
    values = {name: np.where(both, rows, np.nan) for name, rows in values.items()}
    summary = _summary(values, pitch, brows, clip, arousal)
    return Found(values, summary, both, _reasons(clip, summary))


def _summary(values: dict[str, Floats], pitch: Floats, brows: Floats, clip: Clip, arousal: Floats) -> dict[str, float]:
    enough = int((clip.speech & clip.face).sum()) >= _LEAST_CLIP
    curve = cross.correlation_curve(values["voice_arousal"], values["face_arousal"], _REACH)
    lively = cross.correlation_curve(values["voice_arousal"], values["face_liveliness"], _REACH)
    quiet = motion.mean(np.where(clip.speech, np.nan, arousal))
    found = {
        "agreement_whole": float(curve[_REACH]),
        "agreement_best": _best(curve),
        "liveliness_agreement_whole": float(lively[_REACH]),
        "liveliness_agreement_best": _best(lively),
        "difference_rms": motion.rms(values["difference"]),
        "liveliness_difference_rms": motion.rms(values["liveliness_difference"]),
        "brow_melody_best": _best(cross.correlation_curve(pitch, brows, _REACH)),
        "head_melody_best": _best_size(cross.correlation_curve(pitch, clip.pose[:, 1], _REACH)),
    }
    found = {name: value if enough else float("nan") for name, value in found.items()}
    return {
        **found,
        "brow_melody_mean": motion.mean(values["brow_melody"]),
        "head_melody_size": motion.mean(np.abs(values["head_melody"])),
        "speaking_arousal": motion.mean(np.where(clip.speech, arousal, np.nan)) - quiet,
    }


def _best(curve: Floats) -> float:
    return float(np.nanmax(curve)) if np.isfinite(curve).any() else float("nan")


def _best_size(curve: Floats) -> float:
    return _best(np.abs(curve))


def _reasons(clip: Clip, summary: dict[str, float]) -> dict[str, str]:
    reasons = {} if clip.speech.any() else dict.fromkeys(summary, "no_speech")
    if clip.speech.all():
        reasons["speaking_arousal"] = "no_pauses"
    return {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}


_DEV = "deviations"

MEASUREMENT = Measurement(
    name="emotion",
    about="Arousal of the face against arousal of the voice over time; brows and head against melody.",
    columns=(
        Column("face_arousal", _DEV, -3, 3, "none", "Arousal by the face's emotions over 1 s."),
        Column("face_liveliness", _DEV, -3, 3, "none", "Speed of the upper face over 1 s."),
        Column("voice_arousal", _DEV, -2, 2, "none", "Arousal of the voice over 1 s; NaN: no speech."),
        Column("difference", _DEV, -4, 4, "none", "Face arousal less voice arousal."),
        Column("liveliness_difference", _DEV, -4, 4, "none", "Face liveliness less voice arousal."),
        Column("agreement", "", -1, 1, "higher", "Correlation of the two arousals over 3 s."),
        Column("liveliness_agreement", "", -1, 1, "higher", "Liveliness and voice arousal over 3 s."),
        Column("brow_melody", "", -1, 1, "none", "Raised brows against pitch over 2 s."),
        Column("head_melody", "", -1, 1, "none", "Nod against pitch over 2 s; people differ in its sign."),
        Column("brow_stress", "", -1, 1, "none", "Raised brows against level over 2 s."),
    ),
    clip_columns=(
        Column("agreement_whole", "", -1, 1, "higher", "Correlation of the two arousals over the clip."),
        Column("agreement_best", "", -1, 1, "higher", "The same at the best lag within half a second."),
        Column("liveliness_agreement_whole", "", -1, 1, "higher", "Liveliness and voice arousal over the clip."),
        Column("liveliness_agreement_best", "", -1, 1, "higher", "The same at the best lag."),
        Column("difference_rms", _DEV, 0, 3, "lower", "Root mean square difference of the two arousals."),
        Column("liveliness_difference_rms", _DEV, 0, 3, "lower", "The same of liveliness and voice arousal."),
        Column("brow_melody_best", "", -1, 1, "none", "Brows against pitch over the clip, at the best lag."),
        Column("head_melody_best", "", 0, 1, "higher", "Nod against pitch likewise, size."),
        Column("brow_melody_mean", "", -1, 1, "none", "Mean of brow_melody."),
        Column("head_melody_size", "", 0, 1, "none", "Mean size of head_melody."),
        Column("speaking_arousal", "", -0.5, 0.5, "none", "Arousal of the face in speech less that in pauses."),
    ),
    needs=("face", "sound"),
    method="Bone, Lee and Narayanan 2014; brows: Cavé et al. 1996; head: Munhall et al. 2004",
    cost="medium",
    function=measure,
)
