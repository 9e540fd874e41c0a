"""What DistillMOS says of the speech, over time and of the clip."""

from __future__ import annotations

import numpy as np

from tfq.audio import distillmos
from tfq.features.measurement import Clip, Column, Found, Measurement

WEIGHTS = ("distillmos-arrays",)


def measure(clip: Clip) -> Found:
    """Mean opinion score of the speech."""
    opinions = distillmos.score(clip.sound, clip.networks[WEIGHTS[0]], distillmos.HOP_S)
    return Found({"mos": opinions.on_grid(clip.length)}, {"mos": opinions.clip}, np.isfinite(clip.level_db))


COLUMNS = (Column("mos", "MOS", 1, 5, "higher", "Quality of the speech; low: synthetic, coded, distorted."),)

MEASUREMENT = Measurement(
    name="distillmos",
    about="DistillMOS opinion of the speech, which tells natural from synthetic.",
    columns=COLUMNS,
    clip_columns=COLUMNS,
    needs=("sound",),
    method="Stahl and Gamper 2025",
    cost="heavy",
    function=measure,
    weights=WEIGHTS,
)
