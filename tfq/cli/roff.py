"""The language of man pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version


def title(name: str, section: int) -> str:
    """The line that a page starts with."""
    manual = {1: "User Commands", 5: "File Formats", 7: "Overviews"}[section]
    return f'.TH {escaped(name.upper())} {section} "" "tfq {version("tfq")}" "{manual}"'


def paragraphs(blocks: list[str]) -> Iterator[str]:
    """Paragraphs, and indented blocks as examples."""
    for block in blocks:
        if block.startswith("    "):
            yield from (".PP", ".RS 4", ".EX", *(escaped(line[4:]) for line in block.splitlines()), ".EE", ".RE")
        else:
            yield from (".PP", marked(re.sub(r"\s+", " ", block)))


def terms(found: list[tuple[str, str]]) -> Iterator[str]:
    """Terms, each with what it is."""
    for term, about in found:
        yield from (".TP", f".B {escaped(term.strip())}", marked(re.sub(r"\s+", " ", about)) or "\\&")


def marked(text: str) -> str:
    """Backquoted pieces in bold."""
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", escaped(text))


def escaped(text: str) -> str:
    """Text that roff shows as it is."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    safe = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in safe)
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
