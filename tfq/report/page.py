"""One self-contained HTML page for one clip."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from tfq.config import DIMENSIONS
from tfq.report.formats import offset_text, segment_text
from tfq.report.table import bar
from tfq.report.words import TITLES, reason, word


@dataclass(frozen=True)
class Still:
    """A frame worth looking at: JPEG bytes and what to see in it."""

    caption: str
    jpeg: bytes

    @property
    def address(self) -> str:
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode()


def page(result: Mapping[str, Any], figure: str, stills: Sequence[Still]) -> str:
    """The page as text. Every name and text of the file is escaped; only the figure, which tfq drew, goes in as it is.

    Args:
        result: the JSON object of the contract.
        figure: SVG of the time axis.
        stills: frames with captions, in order of time.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfq.report", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(bar=bar, word=word, reason=reason, titles=TITLES, segment_text=segment_text)
    cards = [(name, result["scores"][name]) for name in DIMENSIONS]
    return environment.get_template("clip.html").render(
        result=result, cards=cards, offset=offset_text(result), figure=figure, stills=stills
    )
