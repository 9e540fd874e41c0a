"""Detail, noise and squares of the face at the source's own resolution, which the small crops have lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement


def measure(clip: Clip) -> Found:
    """The rows that `align` keeps; over the clip their means, and the deviations of three of them."""
    values = {column.name: rows for column, rows in zip(_COLUMNS, clip.texture.T, strict=True)}
    summary = {f"{name}_mean": motion.mean(rows) for name, rows in values.items()}
    summary |= {f"{name}_deviation": motion.deviation(values[name]) for name in _UNSTEADY}
    return Found(values, summary, clip.face & np.isfinite(clip.texture[:, 0]))


_LOG = "log10 grey levels"
_COLUMNS = (
    Column(
        "detail_1", _LOG, -1, 1.5, "none", "What is 1 to 2 pixels large; little: blurred or scaled up, much: noisy."
    ),
    Column("detail_2", _LOG, -1, 1.5, "none", "What is 2 to 4 pixels large."),
    Column("detail_4", _LOG, -1, 1.8, "none", "What is 4 to 8 pixels large."),
    Column("detail_8", _LOG, -1, 1.8, "none", "What is 8 to 16 pixels large."),
    Column(
        "mouth_detail_1",
        _LOG,
        -1,
        0.5,
        "none",
        "Finest detail around the mouth against the face; low: a blurred patch.",
    ),
    Column("mouth_detail_2", _LOG, -1, 0.5, "none", "The same of 2 to 4 pixels."),
    Column("noise", _LOG, -1.3, 1.5, "lower", "Deviation of noise."),
    Column("flat", "", 0, 1, "lower", "Share of the face without texture: waxy, or coded away."),
    Column("squares", "log ratio", 0, 3, "lower", "Steps on a regular grid against steps elsewhere: blocking."),
)
_UNSTEADY = ("detail_1", "mouth_detail_1", "noise")

MEASUREMENT = Measurement(
    name="texture",
    about="Detail by size, noise and squares of the face at the source's resolution.",
    columns=_COLUMNS,
    clip_columns=(
        *(replace(column, name=f"{column.name}_mean", about=f"Mean of {column.name}.") for column in _COLUMNS),
        *(Column(f"{name}_deviation", _LOG, 0, 0.5, "lower", f"How {name} changes over time.") for name in _UNSTEADY),
    ),
    needs=("face",),
    method="Burt and Adelson 1983; Immerkaer 1996; Wang, Sheikh and Bovik 2002",
    cost="light",
    function=measure,
)
