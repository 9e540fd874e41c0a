"""What networks are built from, as their files say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT = 0.83  # part of the stored crop's side that the sync network sees; the rest is room for training to move the view
CROP_REACH = 2  # frames to either side that its first layer sees, for motion
# MOS of a recording to which nothing was done: between undegraded videos of PEAVS (4.72) and the best of the INRS set (4.33
# to 4.45).
CLEAN = 4.6
FACE_QUALITY_EMBEDDING = 12  # columns of the face-quality network's embedding
FACE_QUALITY_EPSILON = 1e-4  # in the deviations over its maps
# How much of a dimension's loss reaches the whole. For lip sync from talking heads led by their sound or picture for
# 0.5 and 1 s (THQA-NTIRE 2025: 1.84, 2.72, 1.41, 1.32 of 5, where the best generators get 3.9): 0.4 to 0.7 of the loss in
# lip sync. The others are chosen so that one ruined dimension leaves a poor, not a bad, clip.
PARTS_OF_WHOLE = {
    "lip_sync": 0.65,
    "expression": 0.5,
    "audio_quality": 0.7,
    "consistency": 0.5,
    "visual_quality": 0.8,
}
LEAST_SPREAD = 0.1  # points; a network surer than this is wrong about itself

# With `views="own"` these dimensions are judged by one stream alone: whatever happens to the other cannot move them.
OWN_VIEW = {"expression": "picture", "visual_quality": "picture", "audio_quality": "sound"}


@dataclass(frozen=True)
class SyncSpec:
    """Sizes: columns of the mouth's shape, side of the mouth crops (0: none), columns of the speech rows and how many
    of their principal components are used, log-mel bands.
    """

    shape: int
    crop: int
    speech: int
    parts: int = 192
    bands: int = 80
    width: int = 256
    embedding: int = 256
    layers: int = 3
    dropout: float = 0.1


@dataclass(frozen=True)
class FusionSpec:
    """What the multi-task network is built from; stored in the checkpoint.

    `picture`, `sound` and `cross` map feature names to their widths. `cross` features compare the two streams and are
    given to both. The fields after them are those of `TrainConfig`; `teachers` are features that the sound stream has
    to foretell in training, `longest` the frames that learned positions know, `additive` says that the additive model of
    `tfq.fusion.additive` is part of the scores, `moments` what is added to the logits of the
    scores over time, by dimension, once it is known where weak moments begin.
    """

    picture: Mapping[str, int]
    sound: Mapping[str, int]
    cross: Mapping[str, int]
    dimensions: tuple[str, ...]
    fusion: str = "audio_query"
    pooling: str = "attention"
    width: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.2
    views: str = "all"
    positions: str = "sinusoidal"
    spread: bool = False
    teachers: tuple[str, ...] = ()
    longest: int = 300
    summary: str = "moments"
    overall: str = "free"
    additive: bool = False
    moments: tuple[float, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def features(self) -> dict[str, int]:
        """Every feature the network takes, with its width."""
        return {**self.picture, **self.sound, **self.cross}

    @property
    def composed(self) -> bool:
        """Whether overall is made of the other dimensions, which then all have to be judged."""
        return self.overall == "composed" and {"overall", *PARTS_OF_WHOLE} <= {*self.dimensions}

    def view(self, dimension: str) -> str:
        """What a dimension is judged by: `picture`, `sound`, or `joint`, which is everything."""
        return OWN_VIEW.get(dimension, "joint") if self.views == "own" else "joint"

    def seen_by(self, view: str) -> tuple[str, ...]:
        """The features of a view."""
        return tuple({"picture": self.picture, "sound": self.sound}.get(view, self.features))
