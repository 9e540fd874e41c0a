"""What is known of a video, for those who do not decode: none of this needs FFmpeg, whose libraries take time to load."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from tfq.errors import InputError
from tfq.types import Floats, Ints, Mask, Picture

Source: TypeAlias = Path | io.BufferedIOBase


@dataclass(frozen=True)
class Probe:
    """Facts of the container. `width` and `height` are of the coded picture; times are in seconds, NaN: unknown."""

    width: int
    height: int
    pixel_aspect: float
    fps: float
    duration_s: float
    has_audio: bool
    audio_hz: int
    audio_channels: int
    video_start_s: float
    audio_start_s: float
    video_streams: int
    audio_streams: int
    video_codec: str
    audio_codec: str


@dataclass(frozen=True)
class Timeline:
    """Which source picture each grid frame shows.

    Attributes:
        picture: `[T]` index of the source picture, in the order they are decoded.
        source_time_s: `[T]` its time stamp, in seconds from the first picture.
        damaged: `[T]` the decoder reported damage in the picture or in one it was predicted from, or the picture that
            belongs here was lost and the one before it stays.
        dark: `[T]` mean luma of the picture, 0-255; `flat` `[T]` its standard deviation.
        start_s: time stamp of the first picture on the clock of the file.
        width, height: of the picture as it is shown: rotated, with square pixels.
        rotation: degrees by which the file asks to turn the picture, counter-clockwise.
        errors: packets that gave no picture, and pictures that the decoder calls damaged.
    """

    picture: Ints
    source_time_s: Floats
    damaged: Mask
    dark: Floats
    flat: Floats
    start_s: float
    width: int
    height: int
    rotation: int
    errors: int

    def __len__(self) -> int:
        return len(self.picture)

    @property
    def repeated(self) -> Mask:
        """`[T]` the frame shows the same source picture as the one before it."""
        return np.concatenate([[False], np.diff(self.picture) == 0])


class Glimpse(NamedTuple):
    """A picture as it is decoded: which it is, its stamp and usual length in seconds, its luma, and `[H, W, 3]` RGB."""

    number: int
    stamp_s: float
    step_s: float
    dark: float
    flat: float
    picture: Picture


def sha256(path: Path) -> str:
    """Hash of a whole file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror.lower() if error.strerror else 'cannot be read'}") from error


def name_of(source: Source) -> str:
    """How a source is called in messages."""
    return str(source) if isinstance(source, Path) else "the embedded source"
