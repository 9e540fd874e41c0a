"""The landmarker's blendshapes as they are, without the neutral one, which is always near zero."""

from __future__ import annotations

import numpy as np

from tfq.features import face_points as at
from tfq.features.measurement import Clip, Column, Found, Measurement

_NAMES = at.BLENDSHAPES[1:]


def measure(clip: Clip) -> Found:
    """One column a blendshape, and its standard deviation over the clip."""
    deviation = np.nanstd(clip.blendshapes, axis=0)
    return Found(
        {name: clip.blendshapes[:, at.INDEX[name]] for name in _NAMES},
        {f"{name}_deviation": float(deviation[at.INDEX[name]]) for name in _NAMES},
        clip.face,
    )


MEASUREMENT = Measurement(
    name="blendshapes",
    about="51 blendshapes of the Face Landmarker.",
    columns=tuple(Column(name, "", 0, 1, "none", "MediaPipe's blendshape of that name.") for name in _NAMES),
    clip_columns=tuple(
        Column(f"{name}_deviation", "", 0, 0.5, "none", "Standard deviation over the clip.") for name in _NAMES
    ),
    needs=("face",),
    method="MediaPipe Face Landmarker (Grishchenko et al. 2022)",
    cost="light",
    function=measure,
)
