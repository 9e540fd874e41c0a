"""Emotion of the face by rules: action units from blendshapes, categories from their prototypes, valence and arousal.

A rule sees the face's configuration, not the person's feeling, and takes speech for part of it. What it is good for:
to compare a face with itself over time, with its voice, and with other faces measured by the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.series import window_mean
from tfq.timebase import FPS
from tfq.types import Floats

# Action units by the blendshapes that ARKit's definitions name for the same movement; a unit is their mean.
UNITS: Mapping[int, tuple[str, ...]] = {
    1: ("browInnerUp",),
    2: ("browOuterUpLeft", "browOuterUpRight"),
    4: ("browDownLeft", "browDownRight"),
    5: ("eyeWideLeft", "eyeWideRight"),
    # MediaPipe's cheekSquint hardly moves; the lower lid that the raised cheek pushes up does.
    6: ("eyeSquintLeft", "eyeSquintRight"),
    7: ("eyeSquintLeft", "eyeSquintRight"),
    9: ("noseSneerLeft", "noseSneerRight"),
    10: ("mouthUpperUpLeft", "mouthUpperUpRight"),
    12: ("mouthSmileLeft", "mouthSmileRight"),
    14: ("mouthDimpleLeft", "mouthDimpleRight"),
    15: ("mouthFrownLeft", "mouthFrownRight"),
    20: ("mouthStretchLeft", "mouthStretchRight"),
    24: ("mouthPressLeft", "mouthPressRight"),
    26: ("jawOpen",),
}
# Prototypes after EMFACS (Friesen and Ekman 1983), in the form of Lucey et al. 2010, by the units above.
PROTOTYPES: Mapping[str, tuple[int, ...]] = {
    "happiness": (6, 12),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "fear": (1, 4, 5, 20),
    "anger": (4, 7, 24),
    "disgust": (9, 10),
}
# Degrees on the circumplex of affect (Russell 1980: happy, sad, astonished, afraid, angry); disgust, which it lacks,
# is put with frustration. Valence is the cosine, arousal the sine.
_ANGLES = {"happiness": 7.8, "sadness": 207.5, "surprise": 69.8, "fear": 116.0, "anger": 99.0, "disgust": 141.0}
_LEAST = 0.02  # of a unit: what blendshapes show on a face at rest
_SHOWN = 0.15  # from which a category is said to be shown


def measure(clip: Clip) -> Found:
    """Categories as geometric means of their units, so that one unit alone makes no emotion."""
    emotions = categories(clip.blendshapes)
    valence, arousal = affect(emotions)
    table = np.stack(list(emotions.values()), 1)
    smile = clip.blendshapes[:, [at.INDEX["mouthSmileLeft"], at.INDEX["mouthSmileRight"]]]
    values = {
        **emotions,
        "strongest": table.max(1),
        "valence": valence,
        "arousal": arousal,
        "valence_speed": motion.derivative(valence, 1),
        "arousal_speed": motion.derivative(arousal, 1),
        "conflict": np.minimum(emotions["happiness"], table[:, [1, 3, 4, 5]].max(1)),
        "one_sided_smile": np.abs(smile[:, 0] - smile[:, 1]),
        "smile_without_eyes": smile.mean(1) - _units(clip.blendshapes)[6],
    }
    return Found(values, _summary(values, table), clip.face)


def _units(shapes: Floats) -> dict[int, Floats]:
    return {unit: shapes[:, [at.INDEX[name] for name in names]].mean(1) for unit, names in UNITS.items()}


def categories(shapes: Floats) -> dict[str, Floats]:
    """How far each prototype is complete, `[T]` 0-1, from blendshapes `[T, 52]`."""
    units = _units(shapes)
    return {
        name: np.exp(np.mean([np.log(units[unit] + _LEAST) for unit in wanted], 0)) - _LEAST
        for name, wanted in PROTOTYPES.items()
    }


def affect(emotions: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Valence and arousal, `[T]` each: the categories' directions added, each as long as the category is complete."""
    angles = np.radians([_ANGLES[name] for name in emotions])
    table = np.stack(list(emotions.values()), 1)
    return table @ np.cos(angles), table @ np.sin(angles)


def _summary(values: dict[str, Floats], table: Floats) -> dict[str, float]:
    known = np.isfinite(table[:, 0])
    shown = np.where(table[known].max(1) >= _SHOWN, table[known].argmax(1), -1)
    slow = window_mean(values["arousal"], FPS)
    return {
        **{f"{name}_mean": motion.mean(values[name]) for name in PROTOTYPES},
        **{f"{name}_range": motion.spread(values[name]) for name in PROTOTYPES},
        "valence_mean": motion.mean(values["valence"]),
        "valence_range": motion.spread(values["valence"]),
        "arousal_mean": motion.mean(values["arousal"]),
        "arousal_range": motion.spread(values["arousal"]),
        "slow_arousal_range": motion.spread(slow),
        "valence_speed_rms": motion.rms(values["valence_speed"]),
        "arousal_speed_rms": motion.rms(values["arousal_speed"]),
        "neutral_share": float((shown < 0).mean()) if len(shown) else float("nan"),
        "changes": float((np.diff(shown) != 0).sum()) * FPS / len(shown) if len(shown) else float("nan"),
        "conflict_mean": motion.mean(values["conflict"]),
        "one_sided_smile_mean": motion.mean(values["one_sided_smile"]),
    }


MEASUREMENT = Measurement(
    name="face_emotion",
    about="Six emotions of the face by prototypes of action units; valence and arousal from them.",
    columns=(
        *(
            Column(name, "", 0, 1, "none", f"How far units {'+'.join(map(str, units))} are all there.")
            for name, units in PROTOTYPES.items()
        ),
        Column("strongest", "", 0, 1, "none", "The most complete of them."),
        Column("valence", "", -1, 1, "none", "Pleasant is positive."),
        Column("arousal", "", -1, 1, "none", "Activated is positive."),
        Column("valence_speed", "1/s", -5, 5, "none", "Rate of the valence."),
        Column("arousal_speed", "1/s", -5, 5, "none", "Rate of the arousal."),
        Column("conflict", "", 0, 1, "lower", "A smile and an unpleasant emotion at once: the lesser of the two."),
        Column("one_sided_smile", "", 0, 1, "lower", "Difference of the smile's sides."),
        Column("smile_without_eyes", "", -1, 1, "lower", "Smile less the lids' squint."),
    ),
    clip_columns=(
        *(Column(f"{name}_mean", "", 0, 1, "none", f"Mean {name}.") for name in PROTOTYPES),
        *(Column(f"{name}_range", "", 0, 1, "none", "From its 5 % to its 95 % quantile.") for name in PROTOTYPES),
        Column("valence_mean", "", -1, 1, "none", "Mean valence."),
        Column("valence_range", "", 0, 1, "none", "From its 5 % to its 95 % quantile."),
        Column("arousal_mean", "", -1, 1, "none", "Mean arousal."),
        Column("arousal_range", "", 0, 1, "none", "From its 5 % to its 95 % quantile."),
        Column("slow_arousal_range", "", 0, 1, "none", "The same of its means over a second."),
        Column("valence_speed_rms", "1/s", 0, 3, "none", "Root mean square rate of the valence."),
        Column("arousal_speed_rms", "1/s", 0, 3, "none", "Root mean square rate of the arousal."),
        Column("neutral_share", "", 0, 1, "none", f"Share of frames in which no emotion reaches {_SHOWN}."),
        Column("changes", "1/s", 0, 10, "lower", "How often the strongest emotion changes."),
        Column("conflict_mean", "", 0, 1, "lower", "Mean conflict."),
        Column("one_sided_smile_mean", "", 0, 1, "lower", "Mean difference of the smile's sides."),
    ),
    needs=("face",),
    method="EMFACS (Friesen and Ekman 1983); Lucey et al. 2010; Russell 1980",
    cost="light",
    function=measure,
)
