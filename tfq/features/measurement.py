"""What a measurement is: its row in the table, what it is computed from, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tfq.audio import phonation, prosody, spectrum
from tfq.audio.dnsmos import Network
from tfq.audio.phonation import Phonation
from tfq.audio.prosody import Voice
from tfq.audio.spectrum import Spectrum
from tfq.types import Floats, Ints, Mask, Pictures, Sound

Direction = Literal["higher", "lower", "none"]
Cost = Literal["light", "medium", "heavy"]
Source = Literal["face", "sound", "picture"]  # there are always pictures, if only black ones

TOO_FEW = "too_few_frames"


@dataclass(frozen=True)
class Column:
    """One number. `low` and `high` are where it usually lies or must lie; `better` is the end that viewers like."""

    name: str
    unit: str
    low: float
    high: float
    better: Direction
    about: str


@dataclass(frozen=True)
class Clip:
    """One clip as the measurements see it; every first dimension `T` is the 25 fps grid.

    Attributes:
        sound: `[N]` 16 kHz at a common peak; empty: there is none.
        silent: `no_audio` or `silent` where nothing can be heard, else empty.
        speech: `[T]`, somebody speaks.
        level_db: `[T]` dBFS; NaN: no sound under the frame.
        shown: `[T]`, the frame shows a picture.
        repeated: `[T]`, the same source picture as before.
        picture: `[T]` index of the source picture, in the order they are decoded.
        source_time_s: `[T]` its time stamp; NaN: there is none.
        broken: `[T]`, the decoder reported damage, or no picture covers the frame.
        black: `[T]`, the picture is black.
        face: `[T]`, a face was found.
        landmarks: `[T, 478, 3]` px; NaN: no face, as in the next three.
        blendshapes: `[T, 52]` in MediaPipe's order.
        pose: `[T, 3]` deg, yaw, pitch, roll.
        transform: `[T, 2, 3]`, source to crop pixels.
        texture: `[T, 9]` from `faces.texture`.
        crops: gives the crops anew each time it is called, as pieces `[t, S, S, 3]` in order of time.
        gain_db: what brought the sound to that peak.
        offset: of sound and picture in frames, positive: sound early; NaN: not measured.
        decoder_errors: packets that gave no picture, and damaged pictures.
        portraits: gives the portraits (`faces.portrait`) likewise, `[q, 192, 192]` grey, one for every fifth frame.
        networks: ONNX sessions by their names in the registry.
        openface: `[T, 17]` intensities of action units that OpenFace found; None: it was not asked.
        parameters: arrays of models that are no networks, by their names in the registry.
        encoders: deep networks by the names of their groups: sound to rows `[R, W]`, or crops `[t, S, S, 3]` to `[t, W]`.
        dnsmos_hop_s: seconds between two opinions of DNSMOS.
    """

    sound: Sound
    silent: str
    speech: Mask
    level_db: Floats
    shown: Mask
    repeated: Mask
    picture: Ints
    source_time_s: Floats
    broken: Mask
    black: Mask
    face: Mask
    landmarks: Floats
    blendshapes: Floats
    pose: Floats
    transform: Floats
    texture: Floats
    crops: Callable[[], Iterator[Pictures]]
    gain_db: float = 0.0
    offset: float = float("nan")
    decoder_errors: int = 0
    networks: Mapping[str, Network] = field(default_factory=dict)
    encoders: Mapping[str, Callable[[Any], Floats]] = field(default_factory=dict)
    dnsmos_hop_s: int = 1
    openface: Floats | None = None
    portraits: Callable[[], Iterator[Pictures]] = lambda: iter(())
    parameters: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Number of grid frames."""
        return len(self.shown)

    @cached_property
    def spectrum(self) -> Spectrum:
        """The short-time spectrum, which several measurements read."""
        return spectrum.analyse(self.sound)

    @cached_property
    def voice(self) -> Voice:
        """Praat's contours, likewise."""
        return prosody.analyse(self.sound)

    @cached_property
    def phonation(self) -> Phonation:
        """Formants and the cepstrum's peak, likewise."""
        return phonation.analyse(self.sound)


@dataclass(frozen=True)
class Feature:
    """`values` `[T, D]`, `clip` `[C]` float32 and `valid` `[T]`; NaN: absent. `absent`: why, by clip column."""

    values: Floats
    clip: Floats
    valid: Mask
    status: str = "ok"
    absent: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a measurement's function gives, by column; `Measurement` orders and checks it.

    `valid` is `[T]`; a clip's column that is NaN without a reason in `absent` had too few frames.
    """

    values: Mapping[str, Floats]
    clip: Mapping[str, float]
    valid: Mask
    absent: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurement:
    """One row of the table of features.

    Attributes:
        name: of the group, and of the module.
        about: one line.
        columns: of `values`, in order.
        clip_columns: of `clip`, in order.
        needs: what must be there; without it everything is NaN and the status says which.
        method: the paper or standard it follows.
        cost: light: under 0.2 ms a frame on one thread; medium: under 2; heavy: more.
        function: computes it from a clip that has what is needed.
        weights: names in the registry.
        encoder: the deep network it takes from `Clip.encoders`; such groups are computed only when they are asked for.
        optional: so is this one.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    clip_columns: tuple[Column, ...]
    needs: tuple[Source, ...]
    method: str
    cost: Cost
    function: Callable[[Clip], Found]
    weights: tuple[str, ...] = ()
    encoder: str = ""
    optional: bool = False

    @property
    def asked_for(self) -> bool:
        """Whether it is computed only where `--only` names it."""
        return bool(self.encoder) or self.optional

    def __call__(self, clip: Clip) -> Feature:
        """Measure one clip."""
        if "face" in self.needs and not clip.face.any():
            return self._nothing(clip.length, "no_face")
        if "sound" in self.needs and clip.silent:
            return self._nothing(clip.length, clip.silent)
        found = self.function(clip)
        values = np.stack([found.values[column.name] for column in self.columns], 1)
        numbers = np.array([found.clip[column.name] for column in self.clip_columns], np.float32)
        reasons = {
            column.name: found.absent.get(column.name, TOO_FEW)
            for column, number in zip(self.clip_columns, numbers, strict=True)
            if np.isnan(number)
        }
        return Feature(values.astype(np.float32), numbers, found.valid, absent=reasons)

    def _nothing(self, length: int, reason: str) -> Feature:
        return Feature(
            np.full((length, len(self.columns)), np.nan, np.float32),
            np.full(len(self.clip_columns), np.nan, np.float32),
            np.zeros(length, bool),
            reason,
            {column.name: reason for column in self.clip_columns},
        )
