"""Self-contained HTML pages: nothing is fetched, and every name and text of a file is escaped."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from markupsafe import Markup

from tfq.config import DIMENSIONS
from tfq.report.catalogue_pages_zh import SCRIPT
from tfq.report.formats import offset_text
from tfq.report.language import ENGLISH, Language
from tfq.report.moved import moved, signed
from tfq.report.words import TITLES, reason, word

_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True)
class Still:
    """A frame worth looking at: when it is shown, JPEG bytes and what to see in it."""

    time_s: float
    caption: str
    jpeg: bytes

    @property
    def address(self) -> str:
        return address("image/jpeg", self.jpeg)


@dataclass(frozen=True)
class ClipPage:
    """What the page of one clip shows.

    Attributes:
        result: the JSON object of the contract.
        data: what its script draws, see `clip.js`.
        indicators: rows of `name`, `value`, `unit`, `usual`, `better`, `about`.
        stills: frames with captions, in order of time.
        video: the clip as a `data:` address; empty: the stills stand for it.
    """

    result: Mapping[str, Any]
    data: Mapping[str, Any]
    indicators: Sequence[Mapping[str, Any]]
    stills: Sequence[Still]
    video: str = ""


def clip_page(content: ClipPage, say: Language = ENGLISH) -> str:
    """The page of one clip as text."""
    return render(
        "clip.html",
        str(content.result["file"]),
        {**content.data, "stills": [] if content.video else [_shown(still) for still in content.stills]},
        say,
        result=content.result,
        explained=moved(content.result),
        cards=[(name, content.result["scores"][name]) for name in DIMENSIONS],
        facts=_facts(content.result, say),
        indicators=content.indicators,
        stills=content.stills,
        video=Markup(content.video),
    )


def render(template: str, title: str, data: Mapping[str, Any], say: Language, **context: Any) -> str:
    """Fill a template that extends `base.html`; `data` is what its script reads, and must hold no NaN."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfq.report", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(word=word, reason=reason, titles=TITLES, say=say, signed=signed)
    texts = {text: say(text) for text in SCRIPT}
    return environment.get_template(template).render(title=title, data=embedded({**data, "texts": texts}), **context)


def embedded(data: Mapping[str, Any]) -> Markup:
    """JSON that no text inside can end early: a `</script>` in a file's name stays a string."""
    return Markup(json.dumps(data, allow_nan=False, separators=(",", ":")).translate(_UNSAFE))


def address(kind: str, content: bytes) -> str:
    """Bytes as a `data:` address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _shown(still: Still) -> dict[str, Any]:
    return {"time_s": still.time_s, "caption": still.caption, "address": still.address}


def _facts(result: Mapping[str, Any], say: Language) -> list[str]:
    faces = result["faces"]["tracks"]
    facts = [f"{result['duration_s']:.1f} s", say("1 face") if faces == 1 else say("{count} faces").format(count=faces)]
    facts.append(say("face in {share} of the frames").format(share=f"{result['faces']['coverage'] or 0:.0%}"))
    if result["speech_ratio"] is not None:
        facts.append(say("speech {share}").format(share=f"{result['speech_ratio']:.0%}"))
    return [*facts, f"{say('Offset')}: {offset_text(result, say)}"]
