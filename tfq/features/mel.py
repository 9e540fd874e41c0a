"""Log-mel spectrum on the grid, for the network."""

from __future__ import annotations

import numpy as np

from tfq.audio import spectrum
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import rows_to_grid


def measure(clip: Clip) -> Found:
    """Four rows of 10 ms under each grid frame, averaged."""
    grid = rows_to_grid(clip.spectrum.mel, spectrum.ROW_RATE, clip.length)
    return Found({f"mel{i}": column for i, column in enumerate(grid.T)}, {}, np.isfinite(grid).all(1))


MEASUREMENT = Measurement(
    name="mel",
    about="80 bands of log-mel.",
    columns=tuple(
        Column(f"mel{i}", "dB", -110, 0, "none", f"Band {i} of {spectrum.BANDS}.") for i in range(spectrum.BANDS)
    ),
    clip_columns=(),
    needs=("sound",),
    method="Slaney 1998",
    cost="light",
    function=measure,
)
