"""Mel-frequency cepstrum on the grid, with its first and second slope."""

from __future__ import annotations

import numpy as np

from tfq.audio import spectrum
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import rows_to_grid

_COUNT = 13
_KINDS = (
    ("c", "Cepstral coefficient {}."),
    ("d", "Slope of coefficient {} over 50 ms."),
    ("dd", "Slope of that slope."),
)


def measure(clip: Clip) -> Found:
    """Cepstrum and slopes at 100 rows a second, averaged onto the grid."""
    cepstrum = spectrum.mfcc(clip.spectrum.mel, _COUNT)
    slope = spectrum.delta(cepstrum)
    rows = np.concatenate([cepstrum, slope, spectrum.delta(slope)], 1)
    grid = rows_to_grid(rows, spectrum.ROW_RATE, clip.length)
    return Found(
        {column.name: series for column, series in zip(COLUMNS, grid.T, strict=True)}, {}, np.isfinite(grid).all(1)
    )


COLUMNS = tuple(
    Column(f"{kind}{i}", "dB" if kind == "c" else "dB/row", -200, 200, "none", about.format(i))
    for kind, about in _KINDS
    for i in range(_COUNT)
)

MEASUREMENT = Measurement(
    name="mfcc",
    about="13 mel-frequency cepstral coefficients with two slopes.",
    columns=COLUMNS,
    clip_columns=(),
    needs=("sound",),
    method="Davis and Mermelstein 1980; Furui 1986",
    cost="light",
    function=measure,
)
