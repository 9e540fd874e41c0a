"""Which clips train, validate and test: never two clips of one person, sound or source on both sides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

PARTS = ("train", "validation", "test")


def families(keys: Sequence[Iterable[str]]) -> list[int]:
    """Join clips that share a key, directly or through others.

    Args:
        keys: for each clip, the names of what it must not share across parts (`speaker:s1`, `group:g7`, …).

    Returns:
        For each clip the index of the first clip of its family.
    """
    parent = list(range(len(keys)))

    def root(clip: int) -> int:
        while parent[clip] != clip:
            parent[clip] = parent[parent[clip]]
            clip = parent[clip]
        return clip

    first: dict[str, int] = {}
    for clip, names in enumerate(keys):
        for name in names:
            other = root(first.setdefault(name, clip))
            mine = root(clip)
            parent[max(mine, other)] = min(mine, other)
    return [root(clip) for clip in range(len(keys))]


def assign(
    keys: Sequence[Iterable[str]],
    validation: int,
    test: int,
    seed: int,
    strata: Sequence[str] | None = None,
    given: Mapping[int, str] | None = None,
) -> list[str]:
    """The part of each clip: families are dealt out one by one to the part that lacks most of their strata.

    Their order follows from a hash of the seed and a family's first key in alphabetical order, large families first,
    since the small ones even out what those leave.

    Args:
        keys: as for `families`; a clip without keys is a family of its own and needs at least its own name.
        validation, test: parts of a hundred.
        seed: another seed, another split.
        strata: for each clip, what every part should have its share of (a label's level, say).
        given: parts that are settled, by family.
    """
    names = [sorted(clip) for clip in keys]
    joined = families(names)
    named: dict[int, str] = {}
    held: dict[int, Counter[str]] = {}
    for clip, family in enumerate(joined):
        named[family] = min([*names[clip], *([named[family]] if family in named else [])], default="")
        held.setdefault(family, Counter())[strata[clip] if strata else ""] += 1
    goal = dict(zip(PARTS, (100 - validation - test, validation, test), strict=True))
    lack = _Lack(held.values(), goal)
    parts = dict(given or {})
    for family, part in parts.items():
        lack.take(held[family], part)
    for family in sorted(held.keys() - parts.keys(), key=lambda one: (-_size(held[one]), _hash(seed, named[one]))):
        parts[family] = max(PARTS, key=lambda part: (lack.of(held[family], part), goal[part]))
        lack.take(held[family], parts[family])
    return [parts[family] for family in joined]


def folds(keys: Sequence[Iterable[str]], count: int, seed: int) -> list[int]:
    """The fold, 0 to `count` - 1, of each clip: whole families, in an order that the seed says, each to the least fold.

    Args:
        keys: as for `assign`.
        count: how many folds; with fewer families some stay empty.
        seed: another seed, other folds.
    """
    names = [sorted(clip) for clip in keys]
    members: dict[int, list[int]] = {}
    for clip, family in enumerate(families(names)):
        members.setdefault(family, []).append(clip)

    def place(clips: list[int]) -> bytes:
        return _hash(seed, min((name for clip in clips for name in names[clip]), default=""))

    sizes, found = [0] * count, [0] * len(keys)
    # The large ones first, or one of them would come last and upset the balance.
    for clips in sorted(members.values(), key=lambda clips: (-len(clips), place(clips))):
        least = min(range(count), key=lambda fold: sizes[fold])
        sizes[least] += len(clips)
        for clip in clips:
            found[clip] = least
    return found


class _Lack:
    """How many clips of each stratum, and in all, each part is short of."""

    def __init__(self, held: Iterable[Counter[str]], goal: Mapping[str, int]) -> None:
        total: Counter[str] = sum(held, Counter())
        self._open = {
            part: {name: count * share / 100 for name, count in total.items()} for part, share in goal.items()
        }

    def of(self, family: Counter[str], part: str) -> float:
        still = self._open[part]
        return sum(still.values()) + sum(count * still[name] for name, count in family.items()) / family.total()

    def take(self, family: Counter[str], part: str) -> None:
        for name, count in family.items():
            self._open[part][name] -= count


def _size(family: Counter[str]) -> int:
    """Families of a size within a factor of two are equals, and the hash decides."""
    return family.total().bit_length()


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()
