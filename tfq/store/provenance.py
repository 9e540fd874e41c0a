"""What made a group: version, parameters, weights, and the stamps of the groups it was made from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Stamp:
    """The recipe of one group. Two groups with equal digests hold the same values.

    `version` counts changes of a stage's arithmetic, not releases: a release that leaves a stage alone must not make
    every file on disk run again.
    """

    stage: str
    version: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True, ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, text: str) -> Stamp:
        """Raises ValueError where the text is not a stamp."""
        try:
            stamp = cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"not a stamp: {error}") from error
        if not all(isinstance(value, dict) for value in (stamp.parameters, stamp.weights, stamp.inputs)):
            raise ValueError("not a stamp: its lists are of another kind")
        return stamp
