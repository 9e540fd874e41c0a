"""A formant synthesiser (after Klatt 1980): a pulse train and noise through resonators whose places follow the timeline."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from tests.demo.script import RATE, Timeline

BLOCK = 40  # samples for which the resonators stay where they are
WIDTHS = (80.0, 110.0, 160.0, 250.0, 350.0)  # of the formants, in Hz


def speak(timeline: Timeline, seed: int = 7) -> np.ndarray:
    """The sentence as `[N]` float32 at 16 kHz, peak 0.7."""
    generator = np.random.default_rng(seed)
    count = timeline.frames * RATE // 25
    source = _pulses(_pitch(count, generator), generator)
    source *= timeline.track("voice", RATE, 0.012)
    breath = generator.standard_normal(count) * 0.012 * timeline.track("voice", RATE, 0.012)
    out = _resonate(source + breath, timeline)
    out += _hiss(timeline, count, generator)
    out += generator.standard_normal(count) * 2e-4 * np.abs(out).max()  # a quiet room, not digital silence
    return (0.7 * out / np.abs(out).max()).astype(np.float32)


def _pitch(count: int, generator: np.random.Generator) -> np.ndarray:
    """Falls over the sentence from 225 to 175 Hz, rises and falls with stress, and trembles a little."""
    time = np.arange(count) / RATE
    fall = np.linspace(225, 175, count)
    stress = 22 * np.sin(2 * np.pi * 1.35 * time + 0.6) + 9 * np.sin(2 * np.pi * 2.9 * time)
    steps = np.arange(0, time[-1] + 0.02, 0.01)
    jitter = np.interp(time, steps, generator.normal(0, 1.6, len(steps)))
    return fall + stress + jitter


def _pulses(pitch: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Derivative of the glottal flow (Rosenberg 1971), band-limited by its own smoothness."""
    phase = np.cumsum(pitch / RATE) % 1.0
    opening = np.where(phase < 0.4, 0.5 * (1 - np.cos(np.pi * phase / 0.4)), 0.0)
    closing = np.where((phase >= 0.4) & (phase < 0.6), np.cos(np.pi / 2 * (phase - 0.4) / 0.2), 0.0)
    flow = opening + closing
    return np.diff(flow, prepend=flow[0]) * (1 + 0.03 * generator.standard_normal(len(pitch)))


def _resonate(source: np.ndarray, timeline: Timeline) -> np.ndarray:
    """A cascade of five resonators, moved every few milliseconds with their memory kept."""
    moving = [timeline.track(name, RATE // BLOCK, 0.025) for name in ("f1", "f2", "f3")]
    blocks = len(source) // BLOCK
    places = np.stack([*moving, np.full(len(moving[0]), 3900.0), np.full(len(moving[0]), 4900.0)], 1)[:blocks]
    out = source.copy()
    for formant, width in enumerate(WIDTHS):
        memory = np.zeros(2)
        for block in range(blocks):
            radius = np.exp(-np.pi * width / RATE)
            a = [1.0, -2 * radius * np.cos(2 * np.pi * places[block, formant] / RATE), radius**2]
            piece = slice(block * BLOCK, (block + 1) * BLOCK)
            out[piece], memory = lfilter([sum(a)], a, out[piece], zi=memory)
    return out


def _hiss(timeline: Timeline, count: int, generator: np.random.Generator) -> np.ndarray:
    """Noise of fricatives, bursts and breath, each in its own band."""
    out = np.zeros(count)
    level, place = timeline.track("noise", RATE, 0.006), timeline.track("noise_hz", RATE, 0.0005)
    for centre in sorted(set(np.round(place[level > 1e-3], -2))):
        band = butter(2, [max(300, centre * 0.7), min(7800, centre * 1.25)], "bandpass", fs=RATE, output="sos")
        here = level * (np.abs(place - centre) < 51)
        out += sosfilt(band, generator.standard_normal(count)) * here
    return out * 0.12
