"""Blinks, how far the eyes are open, and where they look."""

from __future__ import annotations

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS
from tfq.types import Floats

_SHUT = 0.5  # blendshape from which the lid covers the pupil
LONGEST = 13  # frames; eyes shut for more than half a second are not blinking
_SHORTEST_CLIP_S = 2.0


def measure(clip: Clip) -> Found:
    """Eye aspect ratio from the lids' points; blink and gaze from blendshapes."""
    shapes = {name: clip.blendshapes[:, i] for name, i in at.INDEX.items() if name.startswith("eye")}
    ratio_left = aspect_ratio(clip.landmarks[:, at.LIDS_LEFT])
    ratio_right = aspect_ratio(clip.landmarks[:, at.LIDS_RIGHT])
    blink = (shapes["eyeBlinkLeft"] + shapes["eyeBlinkRight"]) / 2
    # Towards the person's left: the left eye looks out while the right one looks in.
    left_x = shapes["eyeLookOutLeft"] - shapes["eyeLookInLeft"]
    right_x = shapes["eyeLookInRight"] - shapes["eyeLookOutRight"]
    ups, downs = ([shapes[f"eyeLook{way}{side}"] for side in ("Left", "Right")] for way in ("Up", "Down"))
    up = (sum(ups) - sum(downs)) / 2
    gaze = np.stack([(left_x + right_x) / 2, up], 1)
    values = {
        "ratio_left": ratio_left,
        "ratio_right": ratio_right,
        "blink_left": shapes["eyeBlinkLeft"],
        "blink_right": shapes["eyeBlinkRight"],
        "gaze_left": gaze[:, 0],
        "gaze_up": gaze[:, 1],
        "gaze_speed": motion.speed(gaze),
        "divergence": left_x - right_x,
    }
    lengths = [stop - start for start, stop in blinks(blink)]
    seconds = float(clip.face.sum()) / FPS
    long_enough = seconds >= _SHORTEST_CLIP_S
    summary = {
        "blinks_per_minute": 60 * len(lengths) / seconds if long_enough else float("nan"),
        "blink_s": float(np.mean(lengths)) / FPS if lengths else float("nan"),
        "ratio_mean": motion.mean((ratio_left + ratio_right) / 2),
        "ratio_range": motion.spread((ratio_left + ratio_right) / 2),
        "lid_asymmetry": motion.mean(np.abs(ratio_left - ratio_right)),
        "gaze_range": motion.spread(gaze[:, 0]) + motion.spread(gaze[:, 1]),
        "gaze_speed_mean": motion.mean(values["gaze_speed"]),
        "divergence_rms": motion.rms(values["divergence"]),
    }
    return Found(values, summary, clip.face, {} if lengths else {"blink_s": "no_blink"})


def aspect_ratio(lids: Floats) -> Floats:
    """Height over width of an eye, `[T]`, from `[T, 6, 3]` points p1..p6 (Soukupova and Cech 2016)."""
    p1, p2, p3, p4, p5, p6 = np.moveaxis(lids, 1, 0)
    height = np.linalg.norm(p2 - p6, axis=1) + np.linalg.norm(p3 - p5, axis=1)
    return np.asarray(height / (2 * np.linalg.norm(p1 - p4, axis=1)))


def blinks(blink: Floats) -> list[tuple[int, int]]:
    """First and end frame of the blinks in a `[T]` blendshape: short times over one half with open eyes on both sides."""
    shut = np.nan_to_num(blink, nan=0.0) > _SHUT
    known = np.isfinite(blink)
    return [
        (start, stop)
        for start, stop in motion.runs(shut)
        if stop - start <= LONGEST and start > 0 and stop < len(blink) and known[start - 1] and known[stop]
    ]


MEASUREMENT = Measurement(
    name="eyes",
    about="Blinks, opening of the lids, direction of gaze.",
    columns=(
        Column("ratio_left", "", 0, 0.6, "none", "Aspect ratio of the person's left eye."),
        Column("ratio_right", "", 0, 0.6, "none", "Aspect ratio of the right eye."),
        Column("blink_left", "", 0, 1, "none", "How far the left lid is shut."),
        Column("blink_right", "", 0, 1, "none", "How far the right lid is shut."),
        Column("gaze_left", "", -1, 1, "none", "Gaze to the person's left."),
        Column("gaze_up", "", -1, 1, "none", "Gaze upwards."),
        Column("gaze_speed", "1/s", 0, 5, "none", "Speed of the gaze."),
        Column("divergence", "", -1, 1, "none", "Left eye further to the left than the right one."),
    ),
    clip_columns=(
        Column("blinks_per_minute", "1/min", 0, 60, "none", "Blink rate; at rest about 17."),
        Column("blink_s", "s", 0, 0.5, "none", "Mean length of a blink."),
        Column("ratio_mean", "", 0, 0.6, "none", "Mean aspect ratio of both eyes."),
        Column("ratio_range", "", 0, 0.5, "none", "From its 5 % to its 95 % quantile."),
        Column("lid_asymmetry", "", 0, 0.2, "lower", "Mean difference of the two aspect ratios."),
        Column("gaze_range", "", 0, 2, "none", "From the 5 % to the 95 % quantile, both directions added."),
        Column("gaze_speed_mean", "1/s", 0, 3, "none", "Mean speed of the gaze."),
        Column("divergence_rms", "", 0, 0.6, "lower", "Root mean square of the divergence."),
    ),
    needs=("face",),
    method="Soukupova and Cech 2016; blink rate at rest: Bentivoglio et al. 1997",
    cost="light",
    function=measure,
)
