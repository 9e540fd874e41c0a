"""The languages that people read: English, and what the catalogues translate it to. Data formats stay English."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from tfq.report import catalogue_pages_zh, catalogue_zh

CODES = ("en", "zh")
_CATALOGUES: Mapping[str, Mapping[str, str]] = {"zh": {**catalogue_pages_zh.MESSAGES, **catalogue_zh.MESSAGES}}
_FIELD = re.compile(r"\{[^}]*\}")


class Language:
    """Says an English text in one language; called with the text, as gettext is.

    A text that the catalogue holds with `{…}` fields is also found once the fields are filled, as reasons are in results:
    what stands in the fields is numbers and units, and goes over as it is. A text that it does not hold stays English.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._messages = _CATALOGUES.get(code, {})
        self._filled = [
            (re.compile("(.+?)".join(re.escape(part) for part in _FIELD.split(text))), said)
            for text, said in self._messages.items()
            if _FIELD.search(text)
        ]

    def __call__(self, text: str) -> str:
        said = self._messages.get(text)
        if said is not None:
            return said
        for pattern, template in self._filled:
            if found := pattern.fullmatch(text):
                values = iter(found.groups())
                return _FIELD.sub(lambda _, values=values: next(values), template)  # type: ignore[misc]
        return text


@functools.cache
def language(code: str) -> Language:
    """The language of a code in `CODES`."""
    return Language(code)


ENGLISH = language("en")


def of_locale(environment: Mapping[str, str]) -> str:
    """The code that TFQ_LANG or, without it, a POSIX locale asks for: `zh` for anything Chinese, else `en`."""
    asked = next(
        (value for name in ("TFQ_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), ""
    )
    return "zh" if asked.lower().startswith("zh") else "en"
