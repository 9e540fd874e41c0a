"""What networks are built from, as their files say it."""

from __future__ import annotations

from dataclasses import dataclass

KEPT = 0.83  # part of the stored crop's side that the sync network sees; the rest is room for training to move the view
CROP_REACH = 2  # frames to either side that its first layer sees, for motion


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
