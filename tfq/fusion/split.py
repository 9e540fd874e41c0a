"""Which clips train, validate and test: never two clips of one person, sound or source on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

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


def assign(keys: Sequence[Iterable[str]], validation: int, test: int, seed: int) -> list[str]:
    """The part of each clip.

    A family's part follows from a hash of the seed and its first key in alphabetical order, so that adding clips of
    other people moves nobody.

    Args:
        keys: as for `families`; a clip without keys is a family of its own and needs at least its own name.
        validation, test: parts of a hundred.
        seed: another seed, another split.
    """
    names = [sorted(clip) for clip in keys]
    joined = families(names)
    smallest: dict[int, str] = {}
    for clip, family in enumerate(joined):
        for name in names[clip]:
            smallest[family] = min(name, smallest.get(family, name))
    parts = []
    for family in joined:
        digest = hashlib.sha256(f"{seed}:{smallest.get(family, '')}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") % 100
        parts.append("test" if place < test else "validation" if place < test + validation else "train")
    return parts
