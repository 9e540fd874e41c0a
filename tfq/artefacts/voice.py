"""The voice itself changed: rebuilt without its phase, in another throat, without melody."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfq import timebase
from tfq.artefacts.level import active_level, levelled
from tfq.artefacts.scene import Scene
from tfq.types import Floats, Sound

LOW_HZ, HIGH_HZ = 75.0, 600.0  # Praat's range of voices
MIDDLE_HZ = 165.0  # between the usual voices of men and women: deeper ones are raised, higher ones lowered
WINDOW, HOP = 512, 128
LIVELY = 2.8  # semitones of spread above which a voice counts as excited
SYLLABLE = timebase.SAMPLE_RATE // 5


def robot(sound: Sound, scene: Scene, bands: float, iterations: float) -> Sound:
    """What vocoders without phase do: mel spectrum, back to magnitudes, phases by Griffin and Lim (1984).

    Without iterations the phases stay random.
    """
    before, after = 2 * WINDOW, 2 * WINDOW
    start, stop, _ = scene.samples.indices(len(sound))
    first, last = max(0, start - before), min(len(sound), stop + after)
    magnitude = np.abs(_spectrum(sound[first:last]))
    filters = _mel_filters(int(bands))
    rebuilt = np.maximum(magnitude @ filters.T @ np.linalg.pinv(filters).T, 0)
    phase = np.exp(2j * np.pi * scene.random().random(rebuilt.shape))
    for _ in range(int(iterations)):
        again = _spectrum(_wave(rebuilt * phase, last - first))
        phase = again / np.maximum(np.abs(again), 1e-9)
    out = sound.copy()
    wave = levelled(_wave(rebuilt * phase, last - first).astype(np.float32), active_level(sound[first:last]))
    out[first:last] = wave / np.float32(max(1.0, float(np.abs(wave).max(initial=0)) / 0.99))
    return out


def other_throat(sound: Sound, scene: Scene, pitch: float, formants: float) -> Sound:
    """Pitch and formants moved together by Praat: up for deep voices, down for high ones."""
    praat, voice = _praat(sound, scene)
    if voice is None:
        return sound
    median = _median_hz(praat, voice)
    if not np.isfinite(median):
        return sound
    up = 1 if median < MIDDLE_HZ else -1
    return _changed(praat, voice, sound, formants**up, median * pitch**up, 1.0)


def flat(sound: Sound, scene: Scene, share: float) -> Sound:
    """The range of the pitch around its median made smaller, by Praat."""
    praat, voice = _praat(sound, scene)
    if voice is None:
        return sound
    median = _median_hz(praat, voice)
    return _changed(praat, voice, sound, 1.0, median, 1.0 - share) if np.isfinite(median) else sound


def other_mood(sound: Sound, scene: Scene, share: float) -> Sound:
    """An excited voice made calm, or a calm one excited, by what arousal is heard from (Scherer 2003).

    Excited voices are higher, with more melody and more contrast of loudness. Which one this is, its melody says.
    """
    praat, voice = _praat(sound, scene)
    if voice is None:
        return sound
    median, spread = _median_hz(praat, voice), _spread(praat, voice)
    if not np.isfinite(median) or not np.isfinite(spread):
        return sound
    calmer = spread > LIVELY
    height, melody, contrast = (-2.0, 0.15, 0.6) if calmer else (6.0, 2.4, 1.5)
    pitch = min(median * 2 ** (share * height / 12), HIGH_HZ / 1.5)
    changed = _changed(praat, voice, sound, 1.0, pitch, 1 + share * (melody - 1))
    return _contrasted(changed, 1 + share * (contrast - 1))


def _spread(praat: Any, voice: Any) -> float:
    """Standard deviation of the pitch in semitones, between its tenth and ninetieth per cent."""
    pitch = praat.praat.call(voice, "To Pitch", 0.0, LOW_HZ, HIGH_HZ)
    low, high = (float(praat.praat.call(pitch, "Get quantile", 0.0, 0.0, q, "Hertz")) for q in (0.1, 0.9))
    return 12 * float(np.log2(high / low)) / 2.563 if low > 0 else float("nan")


def _contrasted(sound: Sound, power: float) -> Sound:
    """Loudness over time, smoothed over a syllable, raised to a power; as loud as before."""
    level = np.sqrt(np.convolve(np.square(sound), np.hanning(SYLLABLE) * 2 / SYLLABLE, "same")[: len(sound)]) + 1e-4
    usual = active_level(sound)
    if usual <= 0:
        return sound
    gain = np.clip(level / usual, 0.03, 3) ** (power - 1)
    wave = levelled((sound * gain).astype(np.float32), usual)
    return wave / np.float32(max(1.0, float(np.abs(wave).max(initial=0)) / 0.99))


def _praat(sound: Sound, scene: Scene) -> tuple[Any, Any]:
    import parselmouth

    # Praat draws where it puts pieces of unvoiced sound.
    parselmouth.praat.run(f"random_initializeWithSeedUnsafelyButPredictably ({int(scene.random().integers(2**31))})")
    long_enough = len(sound) > timebase.SAMPLE_RATE // 5
    return parselmouth, parselmouth.Sound(sound.astype(np.float64), timebase.SAMPLE_RATE) if long_enough else None


def _median_hz(praat: Any, voice: Any) -> float:
    pitch = praat.praat.call(voice, "To Pitch", 0.0, LOW_HZ, HIGH_HZ)
    return float(praat.praat.call(pitch, "Get quantile", 0.0, 0.0, 0.5, "Hertz"))


def _changed(praat: Any, voice: Any, sound: Sound, *change: float) -> Sound:
    """`change`: ratio of formants, new median of the pitch in Hz, factor of its range."""
    made = praat.praat.call(voice, "Change gender", LOW_HZ, HIGH_HZ, *change, 1.0)
    wave = np.zeros(len(sound), np.float32)
    values = made.values[0][: len(sound)]
    wave[: len(values)] = values
    wave = levelled(wave, active_level(sound))
    return wave / np.float32(max(1.0, float(np.abs(wave).max(initial=0)) / 0.99))


def _spectrum(wave: Sound) -> Any:
    """`[F, 257]` complex, Hann windows of 512 every 128 samples."""
    padded = np.pad(wave.astype(np.float64), (WINDOW, WINDOW + (-len(wave)) % HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    return np.fft.rfft(frames * np.hanning(WINDOW + 1)[:-1], axis=1)


def _wave(spectrum: Any, count: int) -> Floats:
    """Weighted overlap-add of `[F, 257]`, the least-squares inverse of `_spectrum`."""
    window = np.hanning(WINDOW + 1)[:-1]
    frames = np.fft.irfft(spectrum, WINDOW, axis=1) * window
    out, weight = np.zeros(len(frames) * HOP + WINDOW), np.zeros(len(frames) * HOP + WINDOW)
    for part in range(WINDOW // HOP):
        piece = slice(part * HOP, part * HOP + HOP)
        target = slice(part * HOP, part * HOP + len(frames) * HOP)
        out[target] += frames[:, piece].reshape(-1)
        weight[target] += np.tile(window[piece] ** 2, len(frames))
    return (out / np.maximum(weight, 1e-6))[WINDOW : WINDOW + count]


def _mel_filters(bands: int) -> Floats:
    """`[bands, 257]` triangles of equal width in mel (O'Shaughnessy 1987)."""
    top = 2595 * np.log10(1 + timebase.SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / timebase.SAMPLE_RATE)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))
