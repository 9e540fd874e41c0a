"""Does it move like a person: mouth, gaze, blinks, head and brows in speed, jerk, tremble, symmetry and repetition."""

from __future__ import annotations

import numpy as np

from tfq.features import events, lips, motion
from tfq.features import face_points as at
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS
from tfq.types import Floats

_NAN = float("nan")
_STEADY = 0.15  # eye distances per second of the iris in its eye, under which the gaze rests
_SLOW = 6.0  # Hz; a face hardly moves faster
_IRIS = ((468, 33, 133), (473, 362, 263))  # iris, and the eye's image-left and image-right corner
_LIPS = (*at.OUTER_LIPS, *at.INNER_LIPS)
_BROWS = (*at.BROW_LEFT, *at.BROW_RIGHT)
_PAIRS = (
    *zip(at.LIDS_LEFT, at.LIDS_RIGHT, strict=True),
    *zip(at.BROW_LEFT, at.BROW_RIGHT, strict=True),
    *((at.OUTER_LIPS[i], at.OUTER_LIPS[(10 - i) % 20]) for i in (0, 1, 2, 3, 4, 16, 17, 18, 19)),
)
_LEAST = 2 * FPS  # frames for what needs more than a moment
_WINDOW = 10 * FPS  # frames in which a loop is looked for
_TURNS = 0.1  # degrees from pose to pose, under which a head does not move
_LAGS = 5  # frames by which head or brows may lead or follow the mouth


def measure(clip: Clip) -> Found:
    """Points in the face's own axes; the head by its pose."""
    face = at.in_head_axes(clip.landmarks)
    mouth, brows = face[:, _LIPS, :2], face[:, _BROWS, :2]
    gaze = _gaze(face)
    uneven = _uneven(face)
    values = {
        "mouth_acceleration": _size(motion.derivative(_flat(mouth), 2), mouth.shape[1]),
        "mouth_jerk": _size(_jerk(_flat(mouth)), mouth.shape[1]),
        "protrusion_speed": np.abs(motion.derivative(face[:, (at.LIP_TOP, at.LIP_BOTTOM), 2].mean(1), 1)),
        "brow_speed": motion.speed_of_points(brows),
        "iris_x": gaze[:, 0],
        "iris_y": gaze[:, 1],
        "iris_speed": motion.speed(gaze),
        "turn_acceleration": np.linalg.norm(motion.derivative(clip.pose, 2), axis=1),
        "turn_jerk": np.linalg.norm(_jerk(clip.pose), axis=1),
        "unevenness": np.sqrt((uneven**2).mean(1)),
        "unevenness_speed": np.sqrt((motion.derivative(uneven, 1) ** 2).mean(1)),
        "strength": _strength(face),
    }
    absent = {"repetition": "under_ten_seconds_or_still"}
    absent |= {name: reason for names, reason in events.REASONS.items() for name in names}
    return Found(values, _summary(values, clip, face) | events.measure(clip, lips.opening_of(face)), clip.face, absent)


def _summary(values: dict[str, Floats], clip: Clip, face: Floats) -> dict[str, float]:
    speeds = {
        "mouth": lips.speed_of(face),
        "brow": values["brow_speed"],
        "head": np.linalg.norm(motion.derivative(clip.pose, 1), axis=1),
    }
    iris = values["iris_speed"][np.isfinite(values["iris_speed"])]
    return {
        **{f"{name}_mean": motion.mean(series) for name, series in values.items() if not name.startswith("iris_")},
        "iris_range": motion.spread(values["iris_x"]) + motion.spread(values["iris_y"]),
        "iris_speed_mean": motion.mean(values["iris_speed"]),
        "gaze_rest_share": float((iris < _STEADY).mean()) if len(iris) else _NAN,
        "strength_peak": motion.spread(values["strength"], 0.0, 0.95),
        **{f"{name}_smoothness": motion.spectral_arc_length(series) for name, series in speeds.items()},
        "mouth_tremble": _tremble(_flat(face[:, _LIPS, :2])),
        "brow_tremble": _tremble(_flat(face[:, _BROWS, :2])),
        "head_tremble": _tremble(clip.pose),
        "head_with_mouth": _together(speeds["head"], speeds["mouth"]),
        "brow_with_mouth": _together(speeds["brow"], speeds["mouth"]),
        "brow_symmetry": _alike(face[:, at.BROW_LEFT, 1].mean(1), face[:, at.BROW_RIGHT, 1].mean(1)),
        "lid_symmetry": _alike(
            clip.blendshapes[:, at.INDEX["eyeBlinkLeft"]], clip.blendshapes[:, at.INDEX["eyeBlinkRight"]]
        ),
        "corner_symmetry": _alike(face[:, at.CORNER_LEFT, 1], face[:, at.CORNER_RIGHT, 1]),
        "repetition": _repetition(clip.pose),
    }


def _flat(points: Floats) -> Floats:
    return points.reshape(len(points), -1)


def _size(series: Floats, points: int) -> Floats:
    """Root mean square over points of `[T, P * 2]` vectors."""
    return np.asarray(np.sqrt((series.reshape(len(series), points, -1) ** 2).sum(2).mean(1)))


def _jerk(series: Floats) -> Floats:
    return motion.derivative(motion.derivative(series, 2), 1)


def _gaze(face: Floats) -> Floats:
    """Place of the irises between the corners of their eyes, `[T, 2]` eye distances: to the person's left, and up."""
    sides = []
    for iris, one, other in _IRIS:
        sides.append(face[:, iris, :2] - (face[:, one, :2] + face[:, other, :2]) / 2)
    return np.asarray(np.mean(sides, 0) * (1, -1))


def _uneven(face: Floats) -> Floats:
    """What is left of the face less its mirror image, pair by pair, `[T, P]` eye distances."""
    left, right = (face[:, [pair[side] for pair in _PAIRS], :2] for side in (0, 1))
    return np.asarray(np.hypot(left[..., 0] + right[..., 0], left[..., 1] - right[..., 1]))


def _strength(face: Floats) -> Floats:
    """How far brows, lids and lips are from the clip's median face, `[T]` eye distances."""
    points = face[:, [index for pair in _PAIRS for index in pair], :2]
    return np.asarray(np.sqrt(((points - np.nanmedian(points, 0)) ** 2).sum(2).mean(1)))


def _tremble(series: Floats) -> float:
    """Share of the motion of `[T, D]` that is faster than 6 Hz, by the power of its first difference."""
    fast = total = 0.0
    for start, stop in motion.runs(np.asarray(np.isfinite(series).all(1))):
        if stop - start < _LEAST:
            continue
        moved = np.diff(series[start:stop].astype(np.float64), axis=0)
        power = (np.abs(np.fft.rfft(moved * np.hanning(len(moved))[:, None], axis=0)) ** 2).sum(1)
        frequency = np.fft.rfftfreq(len(moved), 1 / FPS)
        fast, total = fast + float(power[frequency > _SLOW].sum()), total + float(power.sum())
    return fast / total if total > 1e-12 else _NAN


def _alike(left: Floats, right: Floats) -> float:
    """Correlation of what both sides do; NaN where one does nothing."""
    known = np.isfinite(left) & np.isfinite(right)
    if known.sum() < _LEAST or min(left[known].std(), right[known].std()) < 1e-6:
        return _NAN
    return float(np.corrcoef(left[known], right[known])[0, 1])


def _together(one: Floats, other: Floats) -> float:
    """The highest correlation of two speeds within five frames."""
    lagged: list[float] = []
    if len(one) <= _LAGS:
        return _NAN
    for lag in range(-_LAGS, _LAGS + 1):
        ours, theirs = one[max(0, lag) : len(one) + min(0, lag)], other[max(0, -lag) : len(other) - max(0, lag)]
        lagged.append(_alike(ours, theirs))
    known = [value for value in lagged if np.isfinite(value)]
    return max(known) if known else _NAN


def _repetition(pose: Floats) -> float:
    """How nearly the head's motion comes again within ten seconds: 1 less the least mean step from pose to pose a second
    or more later, over the mean of those steps; near 1: a loop. The median over windows, so that a long clip is no worse.
    """
    found = []
    for start, stop in motion.runs(np.asarray(np.isfinite(pose).all(1))):
        for first in range(start, stop - _WINDOW + 1, _WINDOW // 2):
            piece = pose[first : first + _WINDOW].astype(np.float64)
            steps = [np.abs(piece[lag:] - piece[:-lag]).sum(1).mean() for lag in range(FPS, _WINDOW - _LEAST)]
            found.append(1 - min(steps) / np.mean(steps) if np.mean(steps) > _TURNS else _NAN)
    known = [value for value in found if np.isfinite(value)]
    return float(np.median(known)) if known else _NAN


_D, _DS = "eye distances", "eye distances/s"
_COLUMNS = (
    Column("mouth_acceleration", f"{_DS}²", 0, 60, "none", "Acceleration of 40 lip points, root mean square."),
    Column("mouth_jerk", f"{_DS}³", 0, 1500, "none", "Its rate."),
    Column("protrusion_speed", _DS, 0, 2, "none", "Speed at which the lips come forward or go back."),
    Column("brow_speed", _DS, 0, 1, "none", "Speed of the brows in the face's own axes."),
    Column("iris_x", _D, -0.2, 0.2, "none", "Irises to the person's left of the middle of their eyes."),
    Column("iris_y", _D, -0.2, 0.2, "none", "Irises over the line of the eyes' corners."),
    Column("iris_speed", _DS, 0, 1.5, "none", "Speed of the irises in their eyes."),
    Column("turn_acceleration", "deg/s²", 0, 600, "none", "Acceleration of the head's turning."),
    Column("turn_jerk", "deg/s³", 0, 10000, "none", "Its rate."),
    Column("unevenness", _D, 0, 0.3, "none", "Left side of the face less the mirrored right one."),
    Column("unevenness_speed", _DS, 0, 1, "none", "Rate of that."),
    Column("strength", _D, 0, 0.3, "none", "Distance of brows, lids and lips from the clip's median face."),
)

MEASUREMENT = Measurement(
    name="liveliness",
    about="Speed, jerk, tremble, symmetry and repetition of mouth, gaze, lids, brows and head; events of lips and lids.",
    columns=_COLUMNS,
    clip_columns=(
        *(
            Column(f"{c.name}_mean", c.unit, c.low, c.high, c.better, f"Mean of {c.name}.")
            for c in _COLUMNS
            if not c.name.startswith("iris_")
        ),
        Column("iris_range", _D, 0, 0.3, "none", "From the 5 % to the 95 % quantile, both directions added."),
        Column("iris_speed_mean", _DS, 0, 1, "none", "Mean speed of the irises."),
        Column("gaze_rest_share", "", 0, 1, "none", "Share of frames in which the gaze rests; 1: a stare."),
        Column("strength_peak", _D, 0, 0.4, "none", "95 % quantile of strength over the least: exaggeration."),
        Column("mouth_smoothness", "", -12, -1, "higher", "Spectral arc length of the lips' speed."),
        Column("brow_smoothness", "", -12, -1, "higher", "The same of the brows."),
        Column("head_smoothness", "", -12, -1, "higher", "The same of the head's turning."),
        Column("mouth_tremble", "", 0, 1, "none", "Share of the lips' motion that is faster than 6 Hz."),
        Column("brow_tremble", "", 0, 1, "none", "The same of the brows."),
        Column("head_tremble", "", 0, 1, "none", "The same of the head's turning."),
        Column("head_with_mouth", "", -1, 1, "higher", "Correlation of the head's and the lips' speed within 0.2 s."),
        Column("brow_with_mouth", "", -1, 1, "none", "The same of brows and lips."),
        Column("brow_symmetry", "", -1, 1, "none", "Correlation of the two brows' heights."),
        Column("lid_symmetry", "", -1, 1, "higher", "Correlation of the two lids: eyes blink together."),
        Column("corner_symmetry", "", -1, 1, "none", "Correlation of the heights of the mouth's corners."),
        Column("repetition", "", 0, 1, "lower", "How nearly the head's motion comes again; near 1: a loop."),
        *events.COLUMNS,
    ),
    needs=("face",),
    method="Savitzky and Golay 1964; Balasubramanian et al. 2015 for smoothness; the rest is tfq's own",
    cost="light",
    function=measure,
)
