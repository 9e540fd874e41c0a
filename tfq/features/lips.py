"""Shape of the lips and how they move."""

from __future__ import annotations

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS
from tfq.types import Floats

_D = "eye distances"
_DS = "eye distances/s"
CLOSED = 0.02  # opening under which the lips touch: thinner than the landmarks' own noise on a 100 px face


def measure(clip: Clip) -> Found:
    """Inner lips, corners and lip points in the face's own axes, so that the head's motion is not the mouth's."""
    points = at.in_head_axes(clip.landmarks)
    opening = opening_of(points)
    width = at.distance(points, at.CORNER_LEFT, at.CORNER_RIGHT)
    values = {
        "opening": opening,
        "outer_height": at.distance(points, at.LIP_TOP, at.LIP_BOTTOM),
        "width": width,
        "protrusion": points[:, (at.LIP_TOP, at.LIP_BOTTOM), 2].mean(1) - points[:, (at.SUBNASALE, at.CHIN), 2].mean(1),
        "area": at.polygon_area(points[:, at.INNER_LIPS, :2]),
        "jaw": points[:, at.CHIN, 1] - points[:, at.SUBNASALE, 1],
        "corner_slant": points[:, at.CORNER_LEFT, 1] - points[:, at.CORNER_RIGHT, 1],
        "opening_speed": motion.derivative(opening, 1),
        "width_speed": motion.derivative(width, 1),
        "opening_acceleration": motion.derivative(opening, 2),
        "speed": speed_of(points),
    }
    return Found(values, _summary(values), clip.face)


def opening_of(points: Floats) -> Floats:
    """Distance of the inner lips, `[T]` eye distances, from points in head axes."""
    return at.distance(points, at.INNER_TOP, at.INNER_BOTTOM)


def speed_of(points: Floats) -> Floats:
    """Root mean square speed of 40 lip points, `[T]` eye distances per second, from points in head axes."""
    return motion.speed_of_points(points[:, at.OUTER_LIPS + at.INNER_LIPS, :2])


def _summary(values: dict[str, Floats]) -> dict[str, float]:
    opening = values["opening"]
    known = opening[np.isfinite(opening)]
    closing = (opening[1:] < CLOSED) & (opening[:-1] >= CLOSED)
    return {
        "opening_mean": motion.mean(opening),
        "opening_range": motion.spread(opening),
        "width_range": motion.spread(values["width"]),
        "protrusion_range": motion.spread(values["protrusion"]),
        "speed_mean": motion.mean(values["speed"]),
        "speed_peak": motion.spread(values["speed"], 0.0, 0.95),
        "acceleration_rms": motion.rms(values["opening_acceleration"]),
        "smoothness": motion.spectral_arc_length(np.abs(values["opening_speed"])),
        "closed_share": float((known < CLOSED).mean()) if len(known) else float("nan"),
        "closures_per_second": float(closing.sum()) * FPS / len(known) if len(known) else float("nan"),
        "slant_mean": motion.mean(np.abs(values["corner_slant"])),
    }


MEASUREMENT = Measurement(
    name="lips",
    about="Opening, width and protrusion of the lips, with speed and acceleration.",
    columns=(
        Column("opening", _D, 0, 1, "none", "Distance of the inner lips."),
        Column("outer_height", _D, 0, 1.5, "none", "Height of the mouth with its lips."),
        Column("width", _D, 0.4, 1.2, "none", "Distance of the mouth's corners."),
        Column("protrusion", _D, -0.5, 0.5, "none", "Lips before the line from the nose's base to the chin."),
        Column("area", f"{_D}²", 0, 0.5, "none", "Area inside the inner lips."),
        Column("jaw", _D, 0.5, 1.8, "none", "From the nose's base down to the chin."),
        Column("corner_slant", _D, -0.2, 0.2, "none", "Left corner lower than the right."),
        Column("opening_speed", _DS, -5, 5, "none", "Rate of the opening; negative: closing."),
        Column("width_speed", _DS, -3, 3, "none", "Rate of the width."),
        Column("opening_acceleration", f"{_DS}²", -60, 60, "none", "Second derivative of the opening."),
        Column("speed", _DS, 0, 4, "none", "Root mean square speed of 40 lip points."),
    ),
    clip_columns=(
        Column("opening_mean", _D, 0, 1, "none", "Mean opening."),
        Column("opening_range", _D, 0, 1, "none", "From the 5 % to the 95 % quantile of the opening."),
        Column("width_range", _D, 0, 0.5, "none", "The same of the width."),
        Column("protrusion_range", _D, 0, 0.5, "none", "The same of the protrusion."),
        Column("speed_mean", _DS, 0, 2, "none", "Mean speed of the lips."),
        Column("speed_peak", _DS, 0, 5, "none", "95 % quantile of the speed over the least."),
        Column("acceleration_rms", f"{_DS}²", 0, 40, "none", "Root mean square acceleration of the opening."),
        Column("smoothness", "", -12, -1, "higher", "Spectral arc length of the opening's speed."),
        Column("closed_share", "", 0, 1, "none", "Share of frames with closed lips."),
        Column("closures_per_second", "1/s", 0, 6, "none", "How often the lips come to touch."),
        Column("slant_mean", _D, 0, 0.2, "lower", "Mean size of the slant."),
    ),
    needs=("face",),
    method="Savitzky and Golay 1964; Balasubramanian et al. 2015",
    cost="light",
    function=measure,
)
