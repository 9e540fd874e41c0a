"""Plots over one time axis, as pictures for papers and slides."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.report.language import ENGLISH, Language
from tfq.report.words import TITLES
from tfq.types import Floats, Mask, Picture, Sound

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tfq",  # names inside the SVG must not change from run to run
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown")  # of the dimensions
# Files of fonts that have Chinese, on the usual systems; the first that is there stands in for what the plot's own lacks.
CHINESE = (
    "notosanscjk",
    "notosanssc",
    "sourcehansans",
    "wqy-",
    "pingfang",
    "hiragino",
    "msyh",
    "simhei",
    "droidsansfallback",
)
POINTS = 1500  # more than a screen is wide; a longer curve is thinned to this


@dataclass(frozen=True)
class Tracks:
    """What is drawn over time. All `[T]` on the grid save the sound; NaN leaves a gap.

    `spectrogram` is a picture whose left and right ends are those of the clip, 0 Hz at its bottom; `lines` maps a title
    with its unit to a curve; `scores` is `[T, M]`; `weak` are spans in seconds with a dimension.
    """

    sound: Sound
    speech: Mask
    spectrogram: Picture
    lines: Mapping[str, Floats]
    scores: Floats
    dimensions: Sequence[str]
    weak: Sequence[tuple[float, float, str]]


@contextmanager
def styled() -> Iterator[Any]:
    """An empty figure in the style of all; a letter that no font has becomes a box, not a warning."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    family = ["DejaVu Sans", *chinese_fonts()]  # a generic name would stand for its first font alone
    with mpl.rc_context({**_STYLE, "font.family": family}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield Figure(layout="constrained")


@functools.cache
def chinese_fonts() -> list[str]:
    """The name of a font of this machine that has Chinese, or nothing.

    Looked for among the files: matplotlib's list of fonts is as old as its cache, and misses what was installed since.
    """
    from matplotlib import font_manager

    files = sorted(font_manager.findSystemFonts(), key=lambda path: ("regular" not in path.lower(), path))
    for start in CHINESE:
        for path in files:
            if Path(path).name.lower().startswith(start):
                font_manager.fontManager.addfont(path)
                return [font_manager.FontProperties(fname=path).get_name()]
    return []


def readable(say: Language) -> Language:
    """The language of a plot: English where no font has the letters of the one asked for."""
    return say if say.code != "zh" or chinese_fonts() else ENGLISH


def save(figure: Any, paths: Sequence[Path]) -> None:
    """Write a figure; endings of `paths` name the formats, and the same content gives the same bytes."""
    for path in paths:
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)


def over_time(tracks: Tracks, paths: Sequence[Path], say: Language = ENGLISH) -> None:
    """The whole time axis: waveform and speech, spectrogram, each line, scores per dimension, with weak pieces shaded."""
    length_s = timebase.seconds_of(len(tracks.speech))
    rows = 3 + len(tracks.lines)
    with styled() as figure:
        figure.set_size_inches(11, 1.35 * rows + 1.2)
        axes = figure.subplots(rows, 1, sharex=True, height_ratios=[1] * (rows - 1) + [2])
        _sound(axes[0], tracks, say)
        axes[1].imshow(tracks.spectrogram, aspect="auto", extent=(0, length_s, 0, 1), interpolation="nearest")
        axes[1].set(yticks=[])
        _titled(axes[1], "0–8 kHz")
        for axis, (title, values) in zip(axes[2:], tracks.lines.items(), strict=False):
            axis.plot(*_thinned(values), lw=1, color="0.2")
            _titled(axis, say(title))
        for i, name in enumerate(tracks.dimensions):
            axes[-1].plot(*_thinned(tracks.scores[:, i]), lw=1.3, label=say(TITLES[name]), color=COLOURS[i])
        axes[-1].set(ylim=(0.9, 5.1), xlim=(0, length_s), xlabel=say("seconds"))
        _titled(axes[-1], "MOS")
        axes[-1].legend(ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.25), frameon=False)
        for start, end, _ in tracks.weak:
            for axis in (axes[0], *axes[2:]):  # a spectrogram's colours are its content
                axis.axvspan(start, end, color="tab:red", alpha=0.12, lw=0)
        save(figure, paths)


def _titled(axis: Any, title: str) -> None:
    axis.set_ylabel(title.replace(" (", "\n("), rotation=0, ha="right", va="center")


def _sound(axis: Any, tracks: Tracks, say: Language) -> None:
    count = max(1, min(POINTS, len(tracks.sound)))
    pieces = np.array_split(tracks.sound, count) if len(tracks.sound) else []
    times = np.arange(len(pieces)) * len(tracks.sound) / max(1, len(pieces)) / timebase.SAMPLE_RATE
    low, high = [piece.min() for piece in pieces], [piece.max() for piece in pieces]
    axis.fill_between(times, low, high, lw=0, color="0.55")
    speech = np.where(tracks.speech, 1.0, np.nan)
    axis.plot(timebase.frame_times(len(speech)), speech, lw=3, color="tab:green")
    axis.set(ylim=(-1.1, 1.1))
    _titled(axis, say("sound, speech"))


def _thinned(values: Floats) -> tuple[Floats, Floats]:
    step = max(1, len(values) // POINTS)
    return timebase.frame_times(len(values))[::step], values[::step]
