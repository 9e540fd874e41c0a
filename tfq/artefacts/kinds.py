"""One degradation: what it touches, how its severities are measured, and applying it inside a span."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfq import timebase
from tfq.artefacts.scene import Scene
from tfq.errors import UsageError
from tfq.types import Picture, Sound

SEVERITIES = (1, 2, 3, 4, 5)
FADE = timebase.SAMPLE_RATE // 100  # a cut inside the sound is faded over 10 ms, or it would click

Need = Literal["landmarks", "other", "send_pictures", "code_sound"]
Step = tuple[float, ...] | tuple[str, int] | tuple[str, int, float]


@dataclass(frozen=True)
class Kind:
    """One degradation.

    Attributes:
        name: what `tfq degrade` calls it.
        about: one line for people.
        stream: the stream it changes; the other one is not touched.
        touches: dimensions it costs points in, with the share of its loss; the first one is what it is about.
        unit: what the numbers of `steps` are.
        steps: the arguments of each severity, mildest first.
        needs: attributes of the scene it cannot do without.
        where: module and function, imported when first used: the table itself costs no OpenCV or scipy.
    """

    name: str
    about: str
    stream: Literal["picture", "sound"]
    touches: Mapping[str, float]
    unit: str
    steps: tuple[Step, Step, Step, Step, Step]
    where: str
    needs: tuple[Need, ...] = ()

    @property
    def dimension(self) -> str:
        """The dimension it is about."""
        return next(iter(self.touches))

    def step(self, severity: int) -> Step:
        """Arguments of a severity.

        Raises:
            UsageError: there is no such severity.
        """
        if severity not in SEVERITIES:
            raise UsageError(f"severity is {severity}; there are 1 to 5")
        return self.steps[severity - 1]

    def pictures(self, pictures: Iterable[Picture], severity: int, scene: Scene) -> Iterator[Picture]:
        """Degrade pictures one by one; those outside the span are handed on as they are.

        Args:
            pictures: `[H, W, 3]` uint8 RGB each, on the grid; they are never written into.
            severity: 1 to 5.
            scene: where, and with what.

        Raises:
            UsageError: it is not a kind for pictures, or the scene lacks what it needs.
        """
        return self._function("picture", scene)(pictures, scene, *self.step(severity))  # type: ignore[no-any-return]

    def sound(self, sound: Sound, severity: int, scene: Scene) -> Sound:
        """Degrade `[N]` sound; the same length comes back, and what lies outside the span is bit for bit the same.

        Raises:
            UsageError: it is not a kind for sound, or the scene lacks what it needs.
        """
        changed = self._function("sound", scene)(sound, scene, *self.step(severity))
        return _spliced(sound, np.asarray(changed, np.float32), scene.samples)

    def _function(self, stream: str, scene: Scene) -> Callable[..., Any]:
        if stream != self.stream:
            raise UsageError(f"{self.name} is a degradation of the {self.stream}, not of the {stream}")
        for need in self.needs:
            if getattr(scene, need) is None:
                raise UsageError(f"{self.name} needs {_NEEDED[need]}")
        module, function = self.where.split(".")
        return getattr(importlib.import_module(f"tfq.artefacts.{module}"), function)  # type: ignore[no-any-return]


_NEEDED: Mapping[Need, str] = {
    "landmarks": "the face's landmarks",
    "other": "the sound of another clip",
    "send_pictures": "an encoder of pictures",
    "code_sound": "an encoder of sound",
}


def _spliced(sound: Sound, changed: Sound, place: slice) -> Sound:
    """The changed sound inside the span, with short fades where the span meets the untouched sound."""
    start, stop, _ = place.indices(len(sound))
    weight = np.ones(max(0, stop - start), np.float32)
    fade = min(FADE, len(weight) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    if start > 0:
        weight[:fade] = ramp
    if stop < len(sound):
        weight[len(weight) - fade :] = ramp[::-1]
    out = sound.copy()
    out[start:stop] = np.clip(weight * changed[start:stop] + (1 - weight) * sound[start:stop], -1, 1)
    return out
