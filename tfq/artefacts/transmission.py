"""What encoders and lines do to pictures on their way: coarse coding, lost packets, missing pictures, stalls.

A picture that does not come is the one before it again, the very same array: who writes the clip can tell, and leaves
it out, so that the file has a gap between its time stamps as a transmitted one has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from tfq import timebase
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Ints, Line, Picture

STALL_EVERY_S = 3.0  # from the start of one stall to the next
USUAL_QUALITY = 23  # constant rate factor before the rate falls and after it has come back
RATE_STEPS = 4
RAMP = 0.15  # share of the span that the rate takes to fall, and to come back


def coded(pictures: Iterable[Picture], scene: Scene, codec: str, quantiser: float) -> Iterator[Picture]:
    """Encoded at a constant quantiser."""
    return _sent(pictures, scene, Line(codec, int(quantiser), seed=scene.seed))


def lossy(pictures: Iterable[Picture], scene: Scene, codec: str, quantiser: float, percent: float) -> Iterator[Picture]:
    """Encoded, packets lost independently of each other, decoded with concealment."""
    return _sent(pictures, scene, Line(codec, int(quantiser), percent / 100, seed=scene.seed))


def falling_rate(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """H.264 whose bit rate falls to a share of the usual one for the middle of the span, and recovers in steps."""
    rates = np.round(share ** rate_depth(len(scene.span)), 4)
    return _sent(pictures, scene, Line(quantiser=USUAL_QUALITY, rates=tuple(rates.tolist()), seed=scene.seed))


def rate_depth(count: int) -> Floats:
    """`[count]` how far the bit rate has fallen: 0 not at all, 1 all the way."""
    place = (np.arange(count) + 0.5) / max(1, count)
    depth: Floats = np.round(np.clip(np.minimum(place, 1 - place) / RAMP - 1, 0, 1) * RATE_STEPS) / RATE_STEPS
    return depth


def low_rate(pictures: Iterable[Picture], scene: Scene, fps: float) -> Iterator[Picture]:
    """Pictures of a source with fewer of them a second."""
    return _shown(pictures, scene, held_at(fps, len(scene.span)))


def missing(pictures: Iterable[Picture], scene: Scene, share: float) -> Iterator[Picture]:
    """Pictures missing, each as likely as the other; nested, so that more are missing where the share is larger."""
    gone = scene.random().random(len(scene.span)) < share
    gone[:1] = False
    return _shown(pictures, scene, np.maximum.accumulate(np.where(gone, 0, np.arange(len(gone)))))


def stalling(pictures: Iterable[Picture], scene: Scene, seconds: float) -> Iterator[Picture]:
    """The picture stands still for a while every three seconds, then goes on where the sound is."""
    return _shown(pictures, scene, np.arange(len(scene.span)) - stall_age(seconds, scene))


def held_at(fps: float, count: int) -> Ints:
    """`[count]` the frame of the 25 fps grid that a source with fewer pictures a second shows."""
    picture = np.floor(np.arange(count) * fps / timebase.FPS + 1e-6)
    shown: Ints = np.ceil(picture * timebase.FPS / fps - 1e-6).astype(int)
    return shown


def stall_age(seconds: float, scene: Scene) -> Ints:
    """`[len(span)]` frames since the picture stood still, 0: it moves."""
    count, usual = len(scene.span), round(STALL_EVERY_S * timebase.FPS)
    period = min(usual, max(count, 2))
    held = max(1, round(seconds * timebase.FPS * period / usual))  # a short span gets a stall as short
    first = int(scene.random().integers(0, max(1, period - min(held, period - 1))))
    age = (np.arange(count) - first) % period
    return np.where((np.arange(count) >= first) & (age <= held), age, 0)


def _shown(pictures: Iterable[Picture], scene: Scene, shown: Ints) -> Iterator[Picture]:
    """Each frame of the span shows the frame `shown` says, none later than itself."""
    kept: Picture | None = None
    for i, picture in enumerate(pictures):
        if i not in scene.span:
            yield picture
            continue
        place = i - scene.span.start
        if kept is None or shown[place] == place:
            kept = picture
        yield kept


def _sent(pictures: Iterable[Picture], scene: Scene, line: Line) -> Iterator[Picture]:
    """The span over a line; the frames around it do not pass."""
    if scene.send_pictures is None:
        yield from pictures
        return
    ahead = iter(pictures)
    yield from islice(ahead, scene.span.start)
    yield from scene.send_pictures(islice(ahead, len(scene.span)), line)
    yield from ahead
