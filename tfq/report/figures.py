"""Plots over one time axis, as pictures for papers and slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.report.words import TITLES
from tfq.types import Floats, Mask, Sound

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tfq",  # names inside the SVG must not change from run to run
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
POINTS = 1500  # more than a screen is wide; a longer curve is thinned to this


@dataclass(frozen=True)
class Tracks:
    """What is drawn over time. All `[T]` on the grid save the sound; NaN leaves a gap.

    `lines` maps a title with its unit to a curve; `scores` is `[T, M]`; `weak` are spans in seconds with a dimension.
    """

    sound: Sound
    speech: Mask
    lines: Mapping[str, Floats]
    scores: Floats
    dimensions: Sequence[str]
    weak: Sequence[tuple[float, float, str]]


def over_time(tracks: Tracks, paths: Sequence[Path]) -> None:
    """The whole time axis: waveform and speech, each line, scores per dimension, with weak pieces shaded.

    Endings of `paths` name the formats; the same clip gives the same bytes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    length_s = timebase.seconds_of(len(tracks.speech))
    rows = 2 + len(tracks.lines)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 1.35 * rows + 1.2), layout="constrained")
        axes = figure.subplots(rows, 1, sharex=True, height_ratios=[1] * (rows - 1) + [2])
        _sound(axes[0], tracks)
        for axis, (title, values) in zip(axes[1:], tracks.lines.items(), strict=False):
            axis.plot(*_thinned(values), lw=1)
            axis.set_ylabel(title, rotation=0, ha="right", va="center")
        for i, name in enumerate(tracks.dimensions):
            axes[-1].plot(*_thinned(tracks.scores[:, i]), lw=1.3, label=TITLES[name])
        axes[-1].set(ylim=(0.9, 5.1), xlim=(0, length_s), xlabel="seconds")
        axes[-1].set_ylabel("MOS", rotation=0, ha="right", va="center")
        axes[-1].legend(ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.25), frameon=False)
        for start, end, _ in tracks.weak:
            for axis in axes:
                axis.axvspan(start, end, color="tab:red", alpha=0.12, lw=0)
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
            figure.savefig(path, metadata=metadata, dpi=150)


def _sound(axis: object, tracks: Tracks) -> None:
    count = max(1, min(POINTS, len(tracks.sound)))
    pieces = np.array_split(tracks.sound, count) if len(tracks.sound) else []
    times = np.arange(len(pieces)) * len(tracks.sound) / max(1, len(pieces)) / timebase.SAMPLE_RATE
    low, high = [piece.min() for piece in pieces], [piece.max() for piece in pieces]
    axis.fill_between(times, low, high, lw=0, color="0.55")  # type: ignore[attr-defined]
    speech = np.where(tracks.speech, 1.0, np.nan)
    axis.plot(timebase.frame_times(len(speech)), speech, lw=3, color="tab:green")  # type: ignore[attr-defined]
    axis.set(ylim=(-1.1, 1.1))  # type: ignore[attr-defined]
    axis.set_ylabel("sound,\nspeech", rotation=0, ha="right", va="center")  # type: ignore[attr-defined]


def _thinned(values: Floats) -> tuple[Floats, Floats]:
    step = max(1, len(values) // POINTS)
    return timebase.frame_times(len(values))[::step], values[::step]
