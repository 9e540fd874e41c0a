"""What is said: speech sounds with their times, and what each means for the voice and for the mouth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

FPS = 25
RATE = 16_000
LEAD_S = (
    0.05  # lips are on their way before the sound is heard (Schwartz & Savariaux 2014: 0 to 0.07 s in running speech)
)


@dataclass(frozen=True)
class Sound:
    """One speech sound.

    Formants in Hz (typical values of a woman, after Hillenbrand et al. 1995), level of the voice and of the noise (0-1), where
    the noise is loudest, opening of the lips (0-1) and how round they are (0-1).
    """

    f1: float
    f2: float
    f3: float
    voice: float
    noise: float = 0.0
    noise_hz: float = 4000.0
    opening: float = 0.5
    rounding: float = 0.0


SOUNDS = {
    "_": Sound(500, 1500, 2600, 0.0, opening=0.0),
    "a": Sound(850, 1350, 2750, 1.0, opening=1.0),
    "e": Sound(600, 2050, 2850, 1.0, opening=0.6),
    "i": Sound(400, 2600, 3200, 0.9, opening=0.35),
    "o": Sound(520, 950, 2700, 1.0, opening=0.55, rounding=0.9),
    "u": Sound(430, 1050, 2700, 0.9, opening=0.28, rounding=1.0),
    "er": Sound(520, 1550, 1950, 0.9, opening=0.4, rounding=0.4),
    "w": Sound(370, 800, 2600, 0.6, opening=0.12, rounding=1.0),
    "y": Sound(350, 2500, 3100, 0.6, opening=0.25),
    "l": Sound(400, 1250, 2900, 0.6, opening=0.4),
    "r": Sound(400, 1250, 1750, 0.6, opening=0.3, rounding=0.5),
    "m": Sound(270, 1100, 2300, 0.45, opening=0.0),
    "n": Sound(270, 1600, 2500, 0.45, opening=0.3),
    "b": Sound(250, 900, 2400, 0.08, opening=0.0),
    "p": Sound(250, 900, 2400, 0.0, opening=0.0),
    "d": Sound(280, 1750, 2700, 0.08, opening=0.25),
    "t": Sound(300, 1800, 2800, 0.0, opening=0.25),
    "k": Sound(300, 1700, 2400, 0.0, opening=0.35),
    "burst": Sound(500, 1600, 2600, 0.0, 0.35, 2500, opening=0.3),
    "f": Sound(350, 1400, 2500, 0.0, 0.10, 5500, opening=0.08),
    "v": Sound(330, 1300, 2400, 0.35, 0.06, 5500, opening=0.08),
    "s": Sound(350, 1700, 2700, 0.0, 0.22, 6200, opening=0.2),
    "z": Sound(330, 1700, 2700, 0.3, 0.15, 6200, opening=0.2),
    "h": Sound(600, 1700, 2700, 0.0, 0.08, 1800, opening=0.5),
}

# "Hello, my name is Bob. May we buy more warm bananas from Paul, please?" Sound and length in milliseconds.
LINE = (
    "_ 240 h 60 e 90 l 70 o 190 _ 60 m 80 a 130 i 60 n 70 e 120 m 80 i 80 z 70 b 70 o 150 b 80 _ 220 "
    "m 80 e 120 i 50 w 80 i 110 b 80 a 130 i 60 m 80 o 150 r 60 w 80 o 130 r 50 m 80 b 70 er 80 n 60 a 160 n 60 er 80 z 70 "
    "f 80 r 50 o 90 m 80 p 80 burst 20 o 170 l 90 _ 80 p 80 burst 20 l 60 i 150 z 110 _ 400"
)


@dataclass(frozen=True)
class Timeline:
    """`names` of the sounds and their `ends` in seconds; the first starts at zero."""

    names: tuple[str, ...]
    ends: np.ndarray

    @property
    def frames(self) -> int:
        """Whole frames the sentence needs."""
        return int(np.ceil(self.ends[-1] * FPS))

    def track(self, field: str, rate: int, smooth_s: float, ahead_s: float = 0.0) -> np.ndarray:
        """A quantity of the sounds over time at `rate` values a second, each flowing into the next, `ahead_s` early."""
        times = (np.arange(self.frames * rate // FPS) + 0.5) / rate + ahead_s
        which = np.minimum(np.searchsorted(self.ends, times), len(self.names) - 1)
        values = np.array([getattr(SOUNDS[name], field) for name in self.names])[which]
        return gaussian_filter1d(values.astype(float), smooth_s * rate)


def timeline() -> Timeline:
    """The timeline of `LINE`."""
    parts = LINE.split()
    return Timeline(tuple(parts[::2]), np.cumsum([int(ms) for ms in parts[1::2]]) / 1000)
