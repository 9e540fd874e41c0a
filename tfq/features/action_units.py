"""Seventeen action units of the face, the ones that OpenFace estimates, from blendshapes and geometry.

Each unit is a list of signs: a blendshape that ARKit's documentation describes as that movement, or the way of
landmarks that the FACS manual (Ekman, Friesen and Hager 2002) gives as its sign. A sign counts from the clip's own
neutral, a quantile of it, since faces differ at rest; `full` is what counts as the strongest (5). On real clips the
landmarker's cheekSquint, noseSneer and eyeWide never move, so AU05, AU06 and AU09 rest on geometry alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.types import Floats

_STRONGEST = 5.0
_PRESENT = 1.0  # intensity from which a unit counts as shown: OpenFace's own threshold
_REST, _OPEN = 0.1, 0.5  # quantiles: most frames are not at rest while somebody talks; eyes are mostly open


@dataclass(frozen=True)
class Sign:
    """What shows a unit: `of` gives it from blendshapes `[T, 52]` and points in head axes, it grows by `full`."""

    of: Callable[[Floats, Floats], Floats]
    full: float
    rest: float = _REST


def _shape(*names: str) -> Callable[[Floats, Floats], Floats]:
    index = [at.INDEX[name] for name in names]
    return lambda shapes, _: shapes[:, index].mean(1)


def _both(name: str) -> Callable[[Floats, Floats], Floats]:
    return _shape(f"{name}Left", f"{name}Right")


def _height(*points: int) -> Callable[[Floats, Floats], Floats]:
    """Mean height of points over the line of the eyes, in eye distances; falling points shrink it."""
    return lambda _, face: -face[:, list(points), 1].mean(1)


def _drop(*points: int) -> Callable[[Floats, Floats], Floats]:
    return lambda _, face: face[:, list(points), 1].mean(1)


def _apart(pairs: tuple[tuple[int, int], ...], sign: float) -> Callable[[Floats, Floats], Floats]:
    return lambda _, face: sign * np.mean([at.distance(face, one, other) for one, other in pairs], axis=0)


def _corners(_: Floats, face: Floats) -> Floats:
    """Height of the mouth's corners over the middle of the lips."""
    lips = face[:, [at.LIP_TOP, at.LIP_BOTTOM], 1].mean(1)
    return np.asarray(lips - face[:, [at.CORNER_LEFT, at.CORNER_RIGHT], 1].mean(1))


_INNER_BROWS, _OUTER_BROWS = (107, 336), (70, 300)
_UPPER_LIDS, _LOWER_LIDS = (159, 386), (145, 374)
_WINGS = ((129, 133), (358, 362))  # wing of the nose to the inner corner of the eye
_MOUTH = ((at.CORNER_RIGHT, at.CORNER_LEFT),)

UNITS: dict[str, tuple[str, tuple[Sign, ...]]] = {
    "AU01": ("Inner brow raiser", (Sign(_shape("browInnerUp"), 0.7), Sign(_height(*_INNER_BROWS), 0.12))),
    "AU02": ("Outer brow raiser", (Sign(_both("browOuterUp"), 0.6), Sign(_height(*_OUTER_BROWS), 0.12))),
    "AU04": (
        "Brow lowerer",
        (Sign(_both("browDown"), 0.5), Sign(_drop(*_INNER_BROWS), 0.1), Sign(_apart((_INNER_BROWS,), -1), 0.06)),
    ),
    "AU05": ("Upper lid raiser", (Sign(_height(*_UPPER_LIDS), 0.06, _OPEN),)),
    "AU06": ("Cheek raiser", (Sign(_height(50, 280, 117, 346), 0.1), Sign(_height(*_LOWER_LIDS), 0.05, _OPEN))),
    "AU07": ("Lid tightener", (Sign(_both("eyeSquint"), 0.6), Sign(_height(*_LOWER_LIDS), 0.05, _OPEN))),
    "AU09": ("Nose wrinkler", (Sign(_apart(_WINGS, -1), 0.08),)),
    "AU10": (
        "Upper lip raiser",
        (Sign(_both("mouthUpperUp"), 0.6), Sign(_apart(((at.SUBNASALE, at.LIP_TOP),), -1), 0.1)),
    ),
    "AU12": ("Lip corner puller", (Sign(_both("mouthSmile"), 0.8), Sign(_apart(_MOUTH, 1), 0.2))),
    "AU14": ("Dimpler", (Sign(_both("mouthDimple"), 0.3),)),
    "AU15": ("Lip corner depressor", (Sign(_both("mouthFrown"), 0.4), Sign(lambda s, f: -_corners(s, f), 0.12))),
    "AU17": ("Chin raiser", (Sign(_shape("mouthShrugLower"), 0.6),)),
    "AU20": ("Lip stretcher", (Sign(_both("mouthStretch"), 0.5), Sign(_apart(_MOUTH, 1), 0.2))),
    "AU23": (
        "Lip tightener",
        (
            Sign(_both("mouthPress"), 0.5),
            Sign(_apart(((at.LIP_TOP, at.INNER_TOP), (at.INNER_BOTTOM, at.LIP_BOTTOM)), -1), 0.08, _OPEN),
        ),
    ),
    "AU25": ("Lips part", (Sign(_apart(((at.INNER_TOP, at.INNER_BOTTOM),), 1), 0.3),)),
    "AU26": ("Jaw drop", (Sign(_shape("jawOpen"), 0.7), Sign(_apart(((at.SUBNASALE, at.CHIN),), 1), 0.35))),
    "AU45": ("Blink", (Sign(_both("eyeBlink"), 0.7),)),
}


def measure(clip: Clip) -> Found:
    """Intensities, and how many units a frame shows; OpenFace's own intensities where there are any."""
    if clip.openface is None:
        values = intensities(clip.blendshapes, at.in_head_axes(clip.landmarks))
    else:
        values = dict(zip(UNITS, clip.openface.astype(np.float64).T, strict=True))
    summary = {f"{name}_mean": motion.mean(series) for name, series in values.items()}
    summary |= {f"{name}_deviation": motion.deviation(series) for name, series in values.items()}
    stack = np.stack(list(values.values()), 1)
    known = np.isfinite(stack).all(1)
    shown = np.where(known, (stack > _PRESENT).sum(1), np.nan)
    speed = np.abs(motion.derivative(stack, 1))
    values["shown"] = shown
    values["rate"] = speed.mean(1)
    summary |= {
        "shown_mean": motion.mean(shown),
        "rate_mean": motion.mean(values["rate"]),
        "used": float(((stack[known] > _PRESENT).mean(0) > _OFTEN).sum()) if known.any() else float("nan"),
        "upper_rate": motion.mean(speed[:, : len(_UPPER)].mean(1)),
        "lower_rate": motion.mean(speed[:, len(_UPPER) : -1].mean(1)),
    }
    return Found(values, summary, clip.face & known)


def intensities(shapes: Floats, face: Floats) -> dict[str, Floats]:
    """Intensity 0 to 5 of each unit, `[T]`: the mean of its signs; NaN where they are."""
    return {
        name: _STRONGEST * np.mean([_level(sign, shapes, face) for sign in signs], 0)
        for name, (_, signs) in UNITS.items()
    }


def _level(sign: Sign, shapes: Floats, face: Floats) -> Floats:
    series = sign.of(shapes, face).astype(np.float64)
    known = series[np.isfinite(series)]
    if not len(known):
        return np.full(len(series), np.nan)
    return np.clip((series - np.quantile(known, sign.rest)) / sign.full, 0, 1)


_UPPER = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU07")
_OFTEN = 0.02  # share of frames from which a unit belongs to what the face does
_UNITS = tuple(Column(name, "intensity", 0, 5, "none", f"{what}.") for name, (what, _) in UNITS.items())

MEASUREMENT = Measurement(
    name="action_units",
    about="Intensities of 17 action units from blendshapes and geometry, from the clip's own neutral.",
    columns=(
        *_UNITS,
        Column("shown", "units", 0, 17, "none", "Units of intensity 1 and more."),
        Column("rate", "intensity/s", 0, 10, "none", "Mean speed of the intensities."),
    ),
    clip_columns=(
        *(Column(f"{c.name}_mean", c.unit, 0, 5, "none", f"Mean. {c.about}") for c in _UNITS),
        *(Column(f"{c.name}_deviation", c.unit, 0, 2.5, "none", f"Standard deviation. {c.about}") for c in _UNITS),
        Column("shown_mean", "units", 0, 17, "none", "Mean number of units shown."),
        Column("rate_mean", "intensity/s", 0, 10, "none", "Mean speed of the intensities."),
        Column("used", "units", 0, 17, "higher", "Units that 2 % of the frames or more show: how rich the play is."),
        Column("upper_rate", "intensity/s", 0, 10, "higher", "Mean speed of AU01 to AU07; near zero: a mask."),
        Column("lower_rate", "intensity/s", 0, 10, "none", "Mean speed of the units of nose, mouth and jaw."),
    ),
    needs=("face",),
    method="Ekman, Friesen and Hager 2002 (FACS); Apple's ARKit names of blendshapes; units of OpenFace (Baltrusaitis 2018)",
    cost="light",
    function=measure,
)
