"""Sound moved against its picture: offsets of several shapes, other speech, pauses.

`lateness_s` and `foreign` say what happens when, for the sound as for the labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tfq import timebase
from tfq.artefacts.level import active_level
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Ints, Mask, Sound

JUMP_S = 1.0  # length of a piece with one offset, give or take 30 %
SWING_S = 3.2  # least period of a wandering offset
SWING_RATE = 0.35  # speech is never played faster or slower by more than this for it
MUTE_S = 0.4  # the pauses of PEAVS (see `labels`)
TURN_S = 2.0  # other speech comes once in so many seconds

_WINDOW = 640  # of the overlap-add: 40 ms hold two periods of a low voice
_REACH = 160  # samples either way in which a window looks for the best continuation


def early(sound: Sound, scene: Scene, seconds: float) -> Sound:
    return _moved(sound, scene, "sound_early", seconds)


def late(sound: Sound, scene: Scene, seconds: float) -> Sound:
    return _moved(sound, scene, "sound_late", seconds)


def jumping(sound: Sound, scene: Scene, seconds: float) -> Sound:
    return _moved(sound, scene, "jumping_offset", seconds)


def drifting(sound: Sound, scene: Scene, seconds: float) -> Sound:
    return _moved(sound, scene, "drift", seconds)


def wandering(sound: Sound, scene: Scene, seconds: float) -> Sound:
    return _moved(sound, scene, "wandering", seconds)


def faster(sound: Sound, scene: Scene, rate: float) -> Sound:
    """The span's speech in less time; what it leaves free is silent."""
    start, stop, _ = scene.samples.indices(len(sound))
    out = sound.copy()
    position = start + rate * np.arange(stop - start)
    out[start:stop] = np.where(position < stop, _retimed(sound, position), 0)
    return out


def muted(sound: Sound, scene: Scene, gap_s: float) -> Sound:
    """Silence of 0.4 s with so much sound between; all of the span where that is 0."""
    return np.where(_per_sample(foreign("muted", gap_s, scene), len(sound)), np.float32(0), sound)


def shuffled(sound: Sound, scene: Scene, piece_s: float) -> Sound:
    """The span's pieces in another order, so that none stays where it was if there are two or more."""
    start, stop, _ = scene.samples.indices(len(sound))
    if stop <= start:
        return sound
    length = max(1, int(min(piece_s * timebase.SAMPLE_RATE, (stop - start) / 2)))
    pieces = [sound[at : min(at + length, stop)] for at in range(start, stop, length)]
    turn = int(scene.random().integers(1, len(pieces))) if len(pieces) > 1 else 0
    order = scene.random(1).permutation(len(pieces))
    followed = np.empty_like(order)
    followed[order] = np.roll(order, turn)
    out = sound.copy()
    out[start:stop] = np.concatenate([pieces[i] for i in followed])
    return out


def replaced(sound: Sound, scene: Scene, share: float) -> Sound:
    """Other speech at the level of this one, in turns."""
    other = scene.other if scene.other is not None else np.zeros(0, np.float32)
    if len(other) == 0:
        return np.where(_per_sample(foreign("other_sound", share, scene), len(sound)), np.float32(0), sound)
    start = scene.samples.start
    place = (np.arange(len(sound)) - start) % len(other)
    gain = active_level(sound[scene.samples]) / max(active_level(other), 1e-6)
    speech = np.clip(other[place] * gain, -1, 1).astype(np.float32)
    return np.where(_per_sample(foreign("other_sound", share, scene), len(sound)), speech, sound)


def lateness_s(name: str, amount: float, scene: Scene) -> Floats:
    """How late the sound is under each frame of the span, `[len(span)]` seconds; negative: early.

    Args:
        name: a kind that moves sound.
        amount: its step, in seconds.
        scene: the span, and the seed that places the jumps and the phase of the swing.
    """
    return _LATENESS[name](amount, len(scene.span), scene.random())


def foreign(name: str, amount: float, scene: Scene) -> Mask:
    """`[T]` the frames whose sound is muted (`muted`) or of another clip (`other_sound`)."""
    inside = np.zeros(scene.frames, bool)
    if name == "muted":
        bad, period = timebase.FPS * MUTE_S, timebase.FPS * (MUTE_S + amount)
        bad = period if amount == 0 else bad
    else:
        period = min(timebase.FPS * TURN_S, len(scene.span))
        bad = max(1.0, amount * period)
    latest = max(0.0, min(period, len(scene.span)) - bad)
    first = scene.random().uniform(0, latest) if latest > 0 else 0.0
    phase = np.arange(len(scene.span)) - np.floor(first)
    inside[scene.span.start : scene.span.stop] = (phase >= 0) & (phase % period < bad)
    return inside


def _late_by(amount: float, frames: int, _: np.random.Generator) -> Floats:
    return np.full(frames, amount)


def _early_by(amount: float, frames: int, _: np.random.Generator) -> Floats:
    return np.full(frames, -amount)


def _in_turns(amount: float, frames: int, random: np.random.Generator) -> Floats:
    lengths = random.uniform(0.7, 1.3, frames // 10 + 2) * JUMP_S * timebase.FPS
    turn = np.searchsorted(np.cumsum(lengths), np.arange(frames), side="right")
    return np.where((turn + random.integers(2)) % 2 == 0, amount, -amount)


def _growing(amount: float, frames: int, _: np.random.Generator) -> Floats:
    return -amount * (np.arange(frames) + 0.5) / max(frames, 1)


def _swinging(amount: float, frames: int, random: np.random.Generator) -> Floats:
    time = timebase.frame_times(frames)
    # The swing grows from zero over half a second, so that it starts without a jump.
    period = max(SWING_S, 2 * np.pi * amount / SWING_RATE)
    swing: Floats = np.minimum(1, time / 0.5) * np.sin(2 * np.pi * time / period) * random.choice([-1, 1])
    return amount * swing


_LATENESS: Mapping[str, Callable[[float, int, np.random.Generator], Floats]] = {
    "sound_early": _early_by,
    "sound_late": _late_by,
    "jumping_offset": _in_turns,
    "drift": _growing,
    "wandering": _swinging,
}
_STEADY = ("sound_early", "sound_late", "jumping_offset")


def _moved(sound: Sound, scene: Scene, name: str, amount: float) -> Sound:
    """Sound with the lateness of its kind inside the span, silent where there is none to take."""
    late_by = lateness_s(name, amount, scene)
    start, stop, _ = scene.samples.indices(len(sound))
    frames = np.arange(stop - start) / timebase.SAMPLES_PER_FRAME
    out = sound.copy()
    if name in _STEADY:
        per_sample = np.repeat(late_by, timebase.SAMPLES_PER_FRAME)[: stop - start]
        position = np.arange(start, stop) - np.round(per_sample * timebase.SAMPLE_RATE).astype(int)
        known = (position >= 0) & (position < len(sound))
        out[start:stop] = np.where(known, sound[np.clip(position, 0, len(sound) - 1)], 0)
        return _without_clicks(out, start + np.flatnonzero(np.diff(per_sample)) + 1)
    per_sample = np.interp(frames, np.arange(len(late_by)) + 0.5, late_by)
    out[start:stop] = _retimed(sound, np.arange(start, stop) - per_sample * timebase.SAMPLE_RATE)
    return out


def _without_clicks(sound: Sound, cuts: Ints) -> Sound:
    """A dip of 4 ms at each cut."""
    dip = np.abs(np.linspace(-1, 1, 64, dtype=np.float32))
    for cut in cuts:
        place = slice(max(0, int(cut) - 32), min(len(sound), int(cut) + 32))
        sound[place] *= dip[: place.stop - place.start]
    return sound


def _retimed(sound: Sound, position: Floats) -> Sound:
    """Play `[N]` sound at given positions, `[P]` in samples, without a change of pitch.

    Overlap-add of windows that are moved a little to continue the one before (WSOLA, Verhelst and Roelands 1993).
    """
    half, count = _WINDOW // 2, len(position)
    padding = _WINDOW + 2 * _REACH
    padded = np.concatenate([np.zeros(padding, np.float32), sound, np.zeros(padding, np.float32)])
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    out = np.zeros(count + 2 * _WINDOW, np.float32)
    last = len(padded) - _WINDOW - _REACH
    follow = None
    for place in range(0, count + half, half):
        wanted = round(float(position[min(place, count - 1)])) - half + padding + max(0, place - count + 1)
        at = int(np.clip(wanted, _REACH, last))
        if follow is not None:
            around = padded[at - _REACH : at + _REACH + _WINDOW]
            likeness = np.correlate(around, padded[follow : follow + _WINDOW], "valid")
            # Where all is alike (silence), stay: the first of equal maxima would pull every window back.
            at += int(np.argmax(likeness)) - _REACH if likeness.max() > 1e-9 else 0
        out[place : place + _WINDOW] += window * padded[at : at + _WINDOW]
        follow = int(np.clip(at + half, 0, len(padded) - _WINDOW))
    return out[half : half + count]


def _per_sample(frames: Mask, count: int) -> Mask:
    return np.repeat(frames, timebase.SAMPLES_PER_FRAME)[:count]
