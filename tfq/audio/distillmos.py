"""DistillMOS: mean opinion score of speech, as the `distillmos` package computes it (Stahl and Gamper 2025).

It tells natural from synthetic speech, which DNSMOS does not. The loaded network is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.audio.dnsmos import Network
from tfq.timebase import FPS, SAMPLE_RATE
from tfq.types import Floats, Sound

LENGTH_S = 7.68
HOP_S = 4.0  # a window costs 0.4 s on one thread; the authors' own hop is 1 s at most
_LENGTH = int(LENGTH_S * SAMPLE_RATE)
_FFT, _HOP = 320, 160
_POWER = 0.3


@dataclass(frozen=True)
class Opinions:
    """`windows` `[W]` MOS, the first at `starts_s[0]`; `[W]` `starts_s` in seconds."""

    windows: Floats
    starts_s: Floats

    @property
    def clip(self) -> float:
        """The mean over windows, which is what the authors report."""
        return float(self.windows.mean())

    def on_grid(self, count: int) -> Floats:
        """`[count]`: between the middles of the windows, ends held."""
        times = (np.arange(count) + 0.5) / FPS
        return np.interp(times, self.starts_s + LENGTH_S / 2, self.windows).astype(np.float32)


def score(sound: Sound, network: Network, hop_s: float = 1.0) -> Opinions:
    """Opinions of a clip's sound.

    Args:
        sound: `[N]` 16 kHz, not empty; each window is brought to a peak of 1. Under 7.68 s silence is added behind it.
        network: `spectrum` `[1, 2, 161, 768]` from `spectrum` to MOS.
        hop_s: most seconds from one window to the next, evenly spread from the first sample to the last.
    """
    whole = np.pad(sound.astype(np.float32), (0, max(0, _LENGTH - len(sound))))
    over = len(whole) - _LENGTH
    windows = int(np.ceil(over / (hop_s * SAMPLE_RATE))) + 1
    starts = [int(share * over) for share in np.linspace(0, 1, windows)]
    found = [
        float(np.ravel(network.run(None, {"spectrum": spectrum(whole[start : start + _LENGTH])[None]})[0])[0])
        for start in starts
    ]
    return Opinions(np.array(found, np.float32), np.array(starts) / SAMPLE_RATE)


def spectrum(window: Sound) -> Floats:
    """Real and imaginary part of a Hann STFT of 20 ms each 10 ms, magnitudes to the power of 0.3: `[2, 161, 768]`."""
    scaled = window / (np.abs(window).max() + 1e-8)
    padded = np.pad(scaled, (_FFT - _HOP) // 2, mode="reflect")
    rows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP] * np.hanning(_FFT + 1)[:-1]
    bins = np.fft.rfft(rows).T
    bins *= np.maximum(np.abs(bins), 1e-12) ** (_POWER - 1)
    return np.stack([bins.real, bins.imag]).astype(np.float32)
