"""DNSMOS P.835 and P.808: mean opinion scores of noise and speech, as the `speechmos` package computes them.

Reddy, Gopal and Cutler 2021 (P.808) and 2022 (P.835). The loaded networks are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tfq.audio.spectrum import mel_filters
from tfq.timebase import FPS, SAMPLE_RATE
from tfq.types import Floats, Sound

LENGTH_S = 9.01
COLUMNS = ("sig", "bak", "ovrl", "p808")
_LENGTH = int(LENGTH_S * SAMPLE_RATE)
# From the networks' raw output to MOS: the polynomials of the authors' dnsmos_local.py, highest power first.
_TO_MOS = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
_FFT, _HOP, _MELS = 321, 160, 120


class Network(Protocol):
    """An ONNX Runtime session."""

    def run(self, outputs: None, inputs: dict[str, Floats], /) -> list[Any]:
        """Outputs for named inputs."""


@dataclass(frozen=True)
class Opinions:
    """`hops` `[H, 4]` float32 MOS (sig, bak, ovrl, p808), `hop_s` apart; `repeated`: the clip was under 9.01 s."""

    hops: Floats
    hop_s: int
    repeated: bool

    @property
    def clip(self) -> Floats:
        """`[4]`, the mean over hops, which is what the authors report."""
        return np.asarray(self.hops.mean(0))

    def on_grid(self, count: int) -> Floats:
        """`[count, 4]`: between the middles of the hops, ends held; constant where the clip was repeated."""
        if self.repeated:
            return np.tile(self.clip, (count, 1))
        middles = np.arange(len(self.hops)) * self.hop_s + LENGTH_S / 2
        times = (np.arange(count) + 0.5) / FPS
        return np.stack([np.interp(times, middles, column) for column in self.hops.T], 1).astype(np.float32)


def score(sound: Sound, p835: Network, p808: Network, hop_s: int = 1) -> Opinions:
    """Opinions of a clip's sound.

    Args:
        sound: `[N]` 16 kHz, not empty; clipped to [-1, 1]. Under 9.01 s it is doubled until it is long enough.
        p835: raw sound `input_1` `[1, 144160]` to raw sig, bak, ovrl.
        p808: log-mel `input_1` `[1, 900, 120]` to MOS.
        hop_s: seconds from one hop to the next; 1 is the authors', and the windows overlap by eight ninths.
    """
    whole = np.clip(sound, -1.0, 1.0).astype(np.float32)
    while len(whole) < _LENGTH:
        whole = np.concatenate([whole, whole])
    count = int(len(whole) // SAMPLE_RATE - LENGTH_S) + 1
    starts = [hop * SAMPLE_RATE for hop in range(0, count, hop_s) if hop * SAMPLE_RATE + _LENGTH <= len(whole)]
    hops = [_hop(whole[start : start + _LENGTH], p835, p808) for start in starts]
    return Opinions(np.array(hops, np.float32), hop_s, len(sound) < _LENGTH)


def _hop(piece: Sound, p835: Network, p808: Network) -> list[float]:
    raw = p835.run(None, {"input_1": piece[None]})[0][0]
    opinions = [float(np.polyval(curve, value)) for curve, value in zip(_TO_MOS, raw, strict=True)]
    mel = log_mel(piece[:-_HOP])
    return [*opinions, float(p808.run(None, {"input_1": mel[None]})[0][0][0])]


def log_mel(piece: Sound) -> Floats:
    """What the P.808 network was trained on: librosa's mel spectrogram with its defaults, `[R, 120]` float32.

    A centred 321-point Hann STFT each 10 ms over zeros outside the piece, in dB under the piece's loudest band, no
    deeper than 80, then shifted and scaled by (dB + 40) / 40.
    """
    padded = np.pad(piece, _FFT // 2)
    window = np.hanning(_FFT + 1)[:-1]
    rows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP] * window
    mel = np.abs(np.fft.rfft(rows)) ** 2 @ mel_filters(_MELS, _FFT, 0.0, SAMPLE_RATE / 2).T
    power = 10 * np.log10(np.maximum(mel, 1e-10) / max(float(mel.max()), 1e-10))
    return np.asarray((np.maximum(power, -80.0) + 40) / 40, np.float32)
