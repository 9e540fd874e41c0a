"""Pose of the head, and how much and how smoothly it moves."""

from __future__ import annotations

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement

_DS = "eye distances/s"
_STILL = 0.02  # eye distances per second: under it the nose tip moves less than landmarks tremble on a still picture


def measure(clip: Clip) -> Found:
    """Pose from the landmarker, and the nose tip's way over the picture in the clip's median eye distance."""
    size = np.nanmedian(at.eye_distance(clip.landmarks))
    nose = clip.landmarks[:, at.NOSE_TIP, :2] / size
    turned = motion.derivative(clip.pose, 1)
    speed = motion.speed(nose)
    values = {
        "yaw": clip.pose[:, 0],
        "pitch": clip.pose[:, 1],
        "roll": clip.pose[:, 2],
        "yaw_speed": turned[:, 0],
        "pitch_speed": turned[:, 1],
        "roll_speed": turned[:, 2],
        "speed": speed,
        "acceleration": np.linalg.norm(motion.derivative(nose, 2), axis=1),
    }
    known = speed[np.isfinite(speed)]
    summary = {
        "yaw_mean": motion.mean(np.abs(clip.pose[:, 0])),
        "yaw_range": motion.spread(clip.pose[:, 0]),
        "pitch_range": motion.spread(clip.pose[:, 1]),
        "roll_range": motion.spread(clip.pose[:, 2]),
        "turn_rms": motion.rms(np.linalg.norm(turned, axis=1)),
        "speed_mean": motion.mean(speed),
        "speed_peak": motion.spread(speed, 0.0, 0.95),
        "acceleration_rms": motion.rms(values["acceleration"]),
        "smoothness": motion.spectral_arc_length(speed),
        "still_share": float((known < _STILL).mean()) if len(known) else float("nan"),
        "eye_distance_px": float(size),
    }
    return Found(values, summary, clip.face)


MEASUREMENT = Measurement(
    name="head",
    about="Head pose, speed of the nose tip, smoothness of head motion.",
    columns=(
        Column("yaw", "deg", -60, 60, "none", "Turn to the image's right."),
        Column("pitch", "deg", -45, 45, "none", "Nod upwards."),
        Column("roll", "deg", -45, 45, "none", "Tilt clockwise."),
        Column("yaw_speed", "deg/s", -150, 150, "none", "Rate of the yaw."),
        Column("pitch_speed", "deg/s", -150, 150, "none", "Rate of the pitch."),
        Column("roll_speed", "deg/s", -150, 150, "none", "Rate of the roll."),
        Column("speed", _DS, 0, 3, "none", "Speed of the nose tip over the picture."),
        Column("acceleration", f"{_DS}²", 0, 30, "none", "Acceleration of the nose tip."),
    ),
    clip_columns=(
        Column("yaw_mean", "deg", 0, 60, "none", "Mean turn away from the camera."),
        Column("yaw_range", "deg", 0, 60, "none", "From the 5 % to the 95 % quantile of the yaw."),
        Column("pitch_range", "deg", 0, 45, "none", "The same of the pitch."),
        Column("roll_range", "deg", 0, 45, "none", "The same of the roll."),
        Column("turn_rms", "deg/s", 0, 60, "none", "Root mean square speed of turning."),
        Column("speed_mean", _DS, 0, 1.5, "none", "Mean speed of the nose tip; near zero: a stiff head."),
        Column("speed_peak", _DS, 0, 4, "none", "95 % quantile of the speed over the least."),
        Column("acceleration_rms", f"{_DS}²", 0, 20, "none", "Root mean square acceleration."),
        Column("smoothness", "", -12, -1, "higher", "Spectral arc length of the speed."),
        Column("still_share", "", 0, 1, "lower", "Share of frames in which the head does not move."),
        Column("eye_distance_px", "px", 10, 400, "higher", "Median distance of the eyes: the face's resolution."),
    ),
    needs=("face",),
    method="Savitzky and Golay 1964; Balasubramanian et al. 2015",
    cost="light",
    function=measure,
)
