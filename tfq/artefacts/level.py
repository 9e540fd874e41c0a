"""How loud speech is, and mixing and filling by it."""

from __future__ import annotations

import numpy as np

from tfq import timebase
from tfq.types import Sound

PIECE = timebase.SAMPLE_RATE // 50  # 20 ms


def active_level(sound: Sound) -> float:
    """Root mean square of the louder half of the 20 ms pieces: the level of the speech without its pauses."""
    whole = len(sound) // PIECE * PIECE
    if whole == 0:
        return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    power = np.square(sound[:whole].astype(np.float64)).reshape(-1, PIECE).mean(1)
    return float(np.sqrt(np.sort(power)[len(power) // 2 :].mean()))


def levelled(sound: Sound, wanted: float) -> Sound:
    """Sound brought to an active level; silence stays silence."""
    level = active_level(sound)
    return (sound * (wanted / level)).astype(np.float32) if level > 0 else sound


def mixed(sound: Sound, noise: Sound, snr_db: float) -> Sound:
    """Speech with noise so many dB under its active level; both are turned down together where they would clip."""
    root = float(np.sqrt(np.mean(np.square(noise.astype(np.float64))))) if len(noise) else 0.0
    if root == 0:
        return sound
    mix = sound + noise * np.float32(active_level(sound) / root * 10 ** (-snr_db / 20))
    peak = float(np.abs(mix).max(initial=0))
    return (mix / max(1.0, peak / 0.99)).astype(np.float32)
