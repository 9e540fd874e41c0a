"""How lively the face is: activity of its upper and lower part, symmetry, smoothness, freezing."""

from __future__ import annotations

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS
from tfq.types import Floats

_DS = "eye distances/s"
_UPPER = [i for name, i in at.INDEX.items() if name.startswith(("brow", "eyeSquint", "eyeWide", "cheek", "nose"))]
_LOWER = [i for name, i in at.INDEX.items() if name.startswith(("mouth", "jaw"))]
_PAIRS = [(i, j) for i, j in enumerate(at.MIRRORED) if i < j and not at.BLENDSHAPES[i].startswith("eyeLook")]
_FROZEN = 0.015  # eye distances per second; the landmarks' tremble on a repeated picture is less
_HALF_SECOND = FPS // 2


def measure(clip: Clip) -> Found:
    """Blendshapes for what is shown, points in head axes for what moves."""
    upper, lower = clip.blendshapes[:, _UPPER], clip.blendshapes[:, _LOWER]
    motion_up = upper_face_motion(clip.landmarks)
    uneven = clip.blendshapes[:, [i for i, _ in _PAIRS]] - clip.blendshapes[:, [j for _, j in _PAIRS]]
    values = {
        "upper_level": upper.sum(1),
        "lower_level": lower.sum(1),
        "upper_activity": np.abs(motion.derivative(upper, 1)).sum(1),
        "lower_activity": np.abs(motion.derivative(lower, 1)).sum(1),
        "upper_motion": motion_up,
        "asymmetry": np.abs(uneven).mean(1),
        "jerkiness": _jerkiness(clip.blendshapes),
        "smile": clip.blendshapes[:, [at.INDEX["mouthSmileLeft"], at.INDEX["mouthSmileRight"]]].mean(1),
        "brow_raise": clip.blendshapes[:, at.INDEX["browInnerUp"]],
        "brow_lower": clip.blendshapes[:, [at.INDEX["browDownLeft"], at.INDEX["browDownRight"]]].mean(1),
    }
    return Found(values, _summary(values, clip.blendshapes, uneven), clip.face)


def upper_face_motion(landmarks: Floats) -> Floats:
    """Root mean square speed of brows, forehead and cheeks in the face's own axes, `[T]` eye distances per second."""
    return motion.speed_of_points(at.in_head_axes(landmarks)[:, at.UPPER_FACE, :2])


def frozen_share(moved: Floats) -> float:
    """Share of the clip in stretches of half a second or more in which the upper face stands still; NaN: unknown."""
    known = np.isfinite(moved)
    if not known.any():
        return float("nan")
    still = np.where(known, moved < _FROZEN, False)
    return sum(stop - start for start, stop in motion.runs(still) if stop - start >= _HALF_SECOND) / float(known.sum())


def _jerkiness(shapes: Floats) -> Floats:
    """Second difference over first, `[T]`: smooth motion is under 1, tremble from frame to frame reaches 1.7."""
    first = np.abs(np.diff(shapes, axis=0, prepend=shapes[:1])).sum(1)
    around = first + np.roll(first, -1)
    second = np.full(len(shapes), np.nan)
    if len(shapes) > 2:
        second[1:-1] = np.abs(shapes[2:] - 2 * shapes[1:-1] + shapes[:-2]).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(around > 1e-3, 2 * second / around, np.nan)


def _summary(values: dict[str, Floats], shapes: Floats, uneven: Floats) -> dict[str, float]:
    lower = motion.mean(values["lower_activity"])
    return {
        "upper_activity_mean": motion.mean(values["upper_activity"]),
        "lower_activity_mean": lower,
        "upper_to_lower": motion.mean(values["upper_activity"]) / lower if lower > 0 else float("nan"),
        "upper_motion_mean": motion.mean(values["upper_motion"]),
        "frozen_share": frozen_share(values["upper_motion"]),
        "variety": float(np.nanstd(shapes, axis=0).sum()),
        "exaggeration": motion.spread(values["upper_level"] + values["lower_level"], 0.0, 0.95),
        "asymmetry_mean": motion.mean(values["asymmetry"]),
        "asymmetry_change": motion.mean(np.abs(motion.derivative(uneven, 1)).mean(1)),
        "jerkiness_mean": motion.mean(values["jerkiness"]),
        "smoothness": motion.spectral_arc_length(values["upper_activity"] + values["lower_activity"]),
        "smile_range": motion.spread(values["smile"]),
    }


MEASUREMENT = Measurement(
    name="expression",
    about="Activity of the upper and lower face, symmetry, smoothness, freezing, exaggeration.",
    columns=(
        Column("upper_level", "", 0, 4, "none", "Sum of the upper face's blendshapes."),
        Column("lower_level", "", 0, 6, "none", "Sum of the lower face's blendshapes."),
        Column("upper_activity", "1/s", 0, 10, "none", "Sum of their rates, upper face."),
        Column("lower_activity", "1/s", 0, 30, "none", "Sum of their rates, lower face."),
        Column("upper_motion", _DS, 0, 1, "none", "Speed of brows, forehead and cheeks in the face's own axes."),
        Column("asymmetry", "", 0, 0.5, "lower", "Mean difference of left and right blendshapes."),
        Column("jerkiness", "", 0, 1.8, "lower", "Second difference of the blendshapes over the first."),
        Column("smile", "", 0, 1, "none", "Smile, mean of both sides."),
        Column("brow_raise", "", 0, 1, "none", "Inner brows raised."),
        Column("brow_lower", "", 0, 1, "none", "Brows lowered, mean of both sides."),
    ),
    clip_columns=(
        Column("upper_activity_mean", "1/s", 0, 6, "higher", "Mean activity of the upper face."),
        Column("lower_activity_mean", "1/s", 0, 20, "none", "Mean activity of the lower face."),
        Column("upper_to_lower", "", 0, 2, "none", "Activity of the upper face over that of the lower."),
        Column("upper_motion_mean", _DS, 0, 0.5, "higher", "Mean speed of the upper face."),
        Column(
            "frozen_share",
            "",
            0,
            1,
            "lower",
            "Share of stretches of 0.5 s and more in which the upper face stands still.",
        ),
        Column("variety", "", 0, 8, "none", "Standard deviations of all blendshapes added."),
        Column("exaggeration", "", 0, 6, "none", "95 % quantile of all blendshapes' sum over its least."),
        Column("asymmetry_mean", "", 0, 0.4, "lower", "Mean asymmetry."),
        Column("asymmetry_change", "1/s", 0, 2, "lower", "Mean rate at which it changes."),
        Column("jerkiness_mean", "", 0, 1.8, "lower", "Mean jerkiness."),
        Column("smoothness", "", -12, -1, "higher", "Spectral arc length of the activity."),
        Column("smile_range", "", 0, 1, "none", "From the 5 % to the 95 % quantile of the smile."),
    ),
    needs=("face",),
    method="Balasubramanian et al. 2015 for smoothness",
    cost="light",
    function=measure,
)
