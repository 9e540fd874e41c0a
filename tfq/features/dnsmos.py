"""What DNSMOS says of the sound, over time and of the clip."""

from __future__ import annotations

import numpy as np

from tfq.audio import dnsmos
from tfq.features.measurement import Clip, Column, Found, Measurement

WEIGHTS = ("dnsmos", "dnsmos-p808")


def measure(clip: Clip) -> Found:
    """P.835 (speech, background, overall) and P.808 opinions."""
    p835, p808 = (clip.networks[name] for name in WEIGHTS)
    opinions = dnsmos.score(clip.sound, p835, p808, clip.dnsmos_hop_s)
    grid = opinions.on_grid(clip.length)
    names = [column.name for column in COLUMNS]
    return Found(
        dict(zip(names, grid.T, strict=True)),
        {name: float(value) for name, value in zip(names, opinions.clip, strict=True)},
        np.isfinite(clip.level_db),
    )


COLUMNS = (
    Column("sig", "MOS", 1, 5, "higher", "Quality of the speech itself (P.835)."),
    Column("bak", "MOS", 1, 5, "higher", "How little the background disturbs (P.835)."),
    Column("ovrl", "MOS", 1, 5, "higher", "Overall (P.835)."),
    Column("p808", "MOS", 1, 5, "higher", "Overall (P.808)."),
)

MEASUREMENT = Measurement(
    name="dnsmos",
    about="DNSMOS P.835 and P.808 opinions of noise and speech.",
    columns=COLUMNS,
    clip_columns=COLUMNS,
    needs=("sound",),
    method="Reddy, Gopal and Cutler 2021, 2022",
    cost="heavy",
    function=measure,
    weights=WEIGHTS,
)
