"""Noise added to speech: white, voices, mains, music. Each touches the span's sound and is as loud as its SNR says."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from tfq import timebase
from tfq.artefacts.level import mixed
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Sound

VOICES = 8
MAINS_HZ = 50.0
CHORD_S = 0.6


def white(sound: Sound, scene: Scene, snr_db: float) -> Sound:
    return _added(sound, scene, scene.random().normal(size=len(sound[scene.samples])), snr_db)


def babble(sound: Sound, scene: Scene, snr_db: float) -> Sound:
    """Eight made-up voices that say vowels: pulses through two moving formants, with pauses."""
    count = len(sound[scene.samples])
    crowd = sum((_voice(count, scene.random(voice)) for voice in range(VOICES)), np.zeros(count))
    return _added(sound, scene, crowd, snr_db)


def hum(sound: Sound, scene: Scene, snr_db: float) -> Sound:
    """50 Hz with harmonics that fall off slowly, as from a bad earth; phases from the seed."""
    random = scene.random()
    time = np.arange(len(sound[scene.samples])) / timebase.SAMPLE_RATE
    tones = [(1 / harmonic, harmonic, random.uniform(0, 2 * np.pi)) for harmonic in (1, 2, 3, 4, 5, 7, 9, 12)]
    waves = (gain * np.sin(2 * np.pi * MAINS_HZ * n * time + phase) for gain, n, phase in tones)
    wave = sum(waves, np.zeros(len(time)))
    return _added(sound, scene, wave, snr_db)


def music(sound: Sound, scene: Scene, snr_db: float) -> Sound:
    """Plucked chords in turns of 0.6 s over a bass and a beat, from the seed."""
    random, count = scene.random(), len(sound[scene.samples])
    turn = round(CHORD_S * timebase.SAMPLE_RATE)
    time = np.arange(turn) / timebase.SAMPLE_RATE
    tune = np.zeros(count + turn)
    key = random.uniform(110, 180)
    for start in range(0, count, turn):
        root = random.choice((0, 5, 7, 9))
        notes = [root - 12, root, root + 4, root + 7, root + int(random.choice((12, 14, 16, 19)))]
        chord = sum((_plucked(key * 2 ** (note / 12), time) for note in notes), np.zeros(turn))
        beat = random.normal(size=turn) * np.exp(-time / 0.02)
        tune[start : start + turn] += chord + 0.6 * beat
    return _added(sound, scene, tune[:count], snr_db)


def _plucked(hertz: float, time: Floats) -> Floats:
    """A string: harmonics, the higher the sooner gone."""
    partials = (np.sin(2 * np.pi * n * hertz * time) * np.exp(-time * n / 0.5) / n for n in range(1, 9))
    wave: Floats = sum(partials, np.zeros(len(time))) * np.minimum(1, time / 0.004)
    return wave


def _added(sound: Sound, scene: Scene, noise: Floats, snr_db: float) -> Sound:
    out = sound.copy()
    out[scene.samples] = mixed(sound[scene.samples], noise.astype(np.float32), snr_db)
    return out


def _voice(count: int, random: np.random.Generator) -> Floats:
    """One talker, `[count]`: syllables of 0.12 to 0.3 s, a vowel each, one in five silent."""
    base = random.uniform(95, 230)
    turns = np.arange(0, count + 4000, 4000)
    melody = np.interp(np.arange(count), turns, base * random.uniform(0.85, 1.2, len(turns)))
    phase = np.cumsum(melody) / timebase.SAMPLE_RATE
    pulses = np.diff(np.floor(phase), prepend=0.0) - melody / timebase.SAMPLE_RATE
    out = np.zeros(count)
    at = 0
    while at < count:
        length = int(random.uniform(0.12, 0.3) * timebase.SAMPLE_RATE)
        piece = pulses[at : at + length] + random.normal(0, 0.02, len(pulses[at : at + length]))
        if random.random() > 0.2:
            vowel = _resonance(_resonance(piece, random.uniform(280, 800), 90), random.uniform(900, 2400), 140)
            out[at : at + length] = vowel * np.hanning(len(vowel)) * random.uniform(0.5, 1)
        at += length
    return out


def _resonance(wave: Floats, hertz: float, width: float) -> Floats:
    radius = np.exp(-np.pi * width / timebase.SAMPLE_RATE)
    angle = 2 * np.pi * hertz / timebase.SAMPLE_RATE
    out: Floats = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], wave)
    return out
