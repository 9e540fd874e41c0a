"""The installed packages that tfq stands on, and their licences, as their own metadata tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

UNKNOWN = "unknown"
_LONGEST = 60  # some packages keep the whole text of their licence where its name belongs


@dataclass(frozen=True)
class Package:
    """One package as it is installed here."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]


def installed(root: str = "tfq") -> list[Package]:
    """Every package that `root` needs, directly or not, by name; what only its extras need is left out."""
    found: dict[str, Package] = {}
    waiting = [root]
    while waiting:
        name = normal(waiting.pop())
        if name in found:
            continue
        try:
            held = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or another Python
        needs = tuple(sorted(set(_needs(held))))
        found[name] = Package(name, held.version, _licence(held), needs)
        waiting += needs
    return [found[name] for name in sorted(found) if name != normal(root)]


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(held: Distribution) -> Iterator[str]:
    for line in held.requires or ():
        named = re.match(r"[A-Za-z0-9._-]+", line)
        if named and "extra ==" not in line.partition(";")[2]:
            yield normal(named[0])


def _licence(held: Distribution) -> str:
    told: Any = held.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line.startswith("License ::")]
    plain = [name for name in classes if name != "OSI Approved"]
    if plain:
        return " or ".join(plain)
    lines = str(told.get("License") or "").strip().splitlines()
    return lines[0].strip() if lines and len(lines[0]) <= _LONGEST else UNKNOWN
