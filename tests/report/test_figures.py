"""Plots as pictures: PNG and SVG of each, the same bytes every time, none where there is nothing to draw."""

from __future__ import annotations

import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.report.results import result
from tests.report.test_formats import MOVED
from tfq.config import DIMENSIONS
from tfq.report import figures, figures_many, many
from tfq.report.language import language
from tfq.report.moved import moved
from tfq.stages.report import pictures

TRACKS = figures.Tracks(
    sound=np.sin(np.arange(32000, dtype=np.float32)),
    speech=np.arange(50) > 10,
    spectrogram=np.zeros((80, 50, 3), np.uint8),
    lines={"mouth opening": np.linspace(0, 1, 50), "offset (frames)": np.full(50, np.nan)},
    scores=np.full((50, len(DIMENSIONS)), 3.0),
    dimensions=DIMENSIONS,
    weak=[(0.4, 1.2, "lip_sync")],
)
RESULTS = [result(f"{group}/{i}.mp4", 1.5 + i, tfq="0") for group in ("甲", "b") for i in range(3)]
LABELS = {"1": many.Labels({"overall": {"mos": 3.0, "low": 2.5, "high": 3.5}}, {}, {})}


def texts(path: Path) -> str:
    """What stands in an SVG."""
    return " ".join(
        "".join(node.itertext()) for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    )


@pytest.fixture
def paths(tmp_path):
    return pictures(tmp_path, "plot")


DRAWINGS = {
    "over time": lambda paths, say: figures.over_time(TRACKS, paths, say),
    "distributions": lambda paths, say: figures_many.distributions(RESULTS, {}, paths, say),
    "labels": lambda paths, say: figures_many.against_labels(RESULTS, LABELS, paths, say),
    "pairs": lambda paths, say: figures_many.pairs([(RESULTS[0], RESULTS[1])], ("old", "new"), paths, say),
    "moved": lambda paths, say: figures_many.movers(moved(result("a.mp4", explanation=MOVED)), paths, say),
}


@pytest.mark.parametrize("drawing", DRAWINGS)
@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_plot_is_a_png_and_an_svg_and_the_same_every_time(paths, code, drawing):
    say = figures.readable(language(code))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DRAWINGS[drawing](paths, say)
        first = [path.read_bytes() for path in paths]
        DRAWINGS[drawing](paths, say)
    assert [path.read_bytes() for path in paths] == first
    assert first[0].startswith(b"\x89PNG")
    assert say("Overall" if drawing != "moved" else "Lip sync") in texts(paths[1])


@pytest.mark.skipif(not figures.chinese_fonts(), reason="no font here has Chinese")
def test_chinese_letters_are_letters_and_not_boxes(paths):
    import matplotlib as mpl
    from matplotlib import font_manager

    with figures.styled():
        families = mpl.rcParams["font.family"]
    known = [font_manager.get_font(font_manager.findfont(name)).get_charmap() for name in families]
    assert all(any(ord(letter) in glyphs for glyphs in known) for letter in "口型同步abc−0.5")


def test_nothing_to_draw_is_no_picture(paths):
    assert not figures_many.against_labels(RESULTS, {}, paths)
    assert not figures_many.movers([], paths)
    assert not paths[0].exists()


def test_groups_are_folders_and_the_scatter_tells_the_people_from_the_model(paths):
    DRAWINGS["distributions"](paths, language("en"))
    assert {"甲", "b"} <= set(texts(paths[1]).split())
    DRAWINGS["labels"](paths, language("en"))
    said = texts(paths[1])
    assert "opinion of people (MOS)" in said
    assert "predicted" in said
    assert "Lip sync" not in said  # nobody rated it
