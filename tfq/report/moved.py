"""What moved the scores, in words: the section that `--explain` adds to the table and to a clip's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfq.config import DIMENSIONS

LEAST = 0.05  # points under which nobody is told of a group or a moment
MOST, MOST_DRAWN = 4, 6  # groups told of a dimension in a table, and on a page


@dataclass(frozen=True)
class Moved:
    """One dimension: `groups` by name and points, the strongest first; `pieces` start, end and points, in order."""

    dimension: str
    groups: Sequence[tuple[str, float]]
    pieces: Sequence[tuple[float, float, float]]

    @property
    def told(self) -> list[tuple[str, float]]:
        """The groups worth telling."""
        return [(name, points) for name, points in self.groups[:MOST] if abs(points) >= LEAST]

    @property
    def drawn(self) -> list[tuple[str, float]]:
        """The groups that a page has room for, without those that move nothing."""
        return [(name, points) for name, points in self.groups[:MOST_DRAWN] if abs(points) >= 0.005]

    @property
    def moment(self) -> tuple[float, float, float] | None:
        """The piece that moved the score most, where one did."""
        strongest = max(self.pieces, key=lambda piece: abs(piece[2]), default=None)
        return strongest if strongest and len(self.pieces) > 1 and abs(strongest[2]) >= LEAST else None


def moved(result: Mapping[str, Any]) -> list[Moved]:
    """What a result says, by dimension; empty without `--explain`."""
    found = result.get("explanation", {}).get("dimensions", {})
    return [
        Moved(
            name,
            list(found[name]["groups"].items()),
            [(piece["start_s"], piece["end_s"], piece["points"]) for piece in found[name]["pieces"]],
        )
        for name in DIMENSIONS
        if name in found
    ]


def signed(points: float) -> str:
    """Points with their sign, as in −0.42; never a zero with a minus."""
    return f"{points:+.2f}".replace("-", "−") if abs(points) >= 0.005 else "0.00"
