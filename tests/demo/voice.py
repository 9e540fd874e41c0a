"""A formant synthesiser (after Klatt 1980): a pulse train and noise through resonators whose places follow the timeline."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from tests.demo.script import FPS, RATE, Timeline

VOWELS = frozenset("aeiou")
BLOCK = 40  # samples for which the resonators stay where they are
WIDTHS = (80.0, 110.0, 160.0, 250.0, 350.0)  # of the formants, in Hz


def speak(timeline: Timeline, seed: int = 7) -> np.ndarray:
    """The sentence as `[N]` float32 at 16 kHz, peak 0.35."""
    generator = np.random.default_rng(seed)
    count = timeline.frames * RATE // FPS
    source = _glottis(_pitch(timeline, count, generator), generator) * timeline.track("voice", RATE, 0.018)
    out = _resonate(source, timeline)
    out += _hiss(timeline, count, generator)
    out = _room(out / np.abs(out).max(), generator)
    return (0.35 * out / np.abs(out).max()).astype(np.float32)


def _pitch(timeline: Timeline, count: int, generator: np.random.Generator) -> np.ndarray:
    """Falls over each phrase, rises on long vowels, and trembles a little, in Hz."""
    time = np.arange(count) / RATE
    starts = np.concatenate([[0.0], timeline.ends[:-1]])
    pitch = np.interp(time, [0.0, 2.0, 2.3, time[-1]], [225.0, 195.0, 222.0, 165.0])
    for name, start, end in zip(timeline.names, starts, timeline.ends, strict=True):
        if name in VOWELS and end - start >= 0.11:
            pitch += 16 * np.exp(-(((time - (start + end) / 2) / 0.09) ** 2))
    steps = np.arange(0, time[-1] + 0.02, 0.01)
    flutter = gaussian_filter1d(generator.normal(0, 1, len(steps)), 2)
    return pitch + 1.6 * np.interp(time, steps, flutter / flutter.std())


def _glottis(pitch: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Derivative of the glottal flow (Rosenberg 1971), each pulse of its own strength, with breath where the flow is."""
    turns = np.cumsum(pitch / RATE)
    phase = turns % 1.0
    opening = np.where(phase < 0.4, 0.5 * (1 - np.cos(np.pi * phase / 0.4)), 0.0)
    closing = np.where((phase >= 0.4) & (phase < 0.5), np.cos(np.pi / 2 * (phase - 0.4) / 0.1), 0.0)
    flow = opening + closing
    pulse = turns.astype(int)
    strength = 1 + 0.03 * generator.standard_normal(pulse[-1] + 1)
    breath = 0.005 * generator.standard_normal(len(pitch)) * (0.3 + flow)
    return np.diff(flow, prepend=flow[0]) * strength[pulse] + breath


def _room(dry: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The voice in a small, quiet room: a short tail after the direct sound, which keeps its time, and a noise floor."""
    tail = generator.standard_normal(RATE * 15 // 100) * np.exp(-np.arange(RATE * 15 // 100) / (0.03 * RATE))
    tail[: RATE // 200] = 0
    wet = fftconvolve(dry, 0.2 * tail / np.linalg.norm(tail))[: len(dry)]
    return dry + wet + 2e-4 * generator.standard_normal(len(dry))


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
