"""Prosody as Praat measures it (through parselmouth): F0, harmonicity, jitter, shimmer, syllable nuclei, pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tfq.audio.loudness import is_silent
from tfq.audio.spectrum import ROW_RATE
from tfq.timebase import SAMPLE_RATE, rows_to_grid
from tfq.types import Floats, Sound, Span

LOW_HZ, HIGH_HZ = 75.0, 600.0  # Praat's defaults for voices of any kind
_PIECE_S = 60.0  # long sound goes to Praat in pieces of this length, so that memory does not grow with the clip
_SHORTEST_S = 0.2
_PERTURBATIONS = ("jitter", "shimmer", "rap", "ppq5", "apq3", "apq11")


@dataclass(frozen=True)
class Voice:
    """Contours at 100 rows a second, `R` = ceil(N / 160), and values of the whole clip.

    Attributes:
        f0: `[R]` float32 Hz by autocorrelation (Boersma 1993); NaN: unvoiced.
        hnr: `[R]` float32 dB, harmonics-to-noise ratio by cross-correlation; NaN: unvoiced.
        jitter: local jitter, a fraction; NaN where there is too little voice, as in the next five.
        shimmer: local shimmer, a fraction.
        rap, ppq5: jitter against the mean of three and of five periods, which a gliding pitch does not raise.
        apq3, apq11: shimmer against the mean of three and of eleven.
        nuclei: `[S]` float64 s, times of the syllable nuclei.
    """

    f0: Floats
    hnr: Floats
    jitter: float
    shimmer: float
    rap: float
    ppq5: float
    apq3: float
    apq11: float
    nuclei: Floats


@dataclass(frozen=True)
class Rhythm:
    """Speech over time: syllables a second over the clip and over its speech, pauses inside the speech."""

    speech_rate: float
    articulation_rate: float
    pause_share: float
    pause_s: float


def analyse(sound: Sound) -> Voice:
    """Praat's view of one clip; everything is NaN or empty where it is silent or under 0.2 s."""
    parts = [_analyse_piece(piece, start) for start, piece in pieces(sound)]
    f0 = np.concatenate([part.f0 for part in parts]) if parts else np.zeros(0, np.float32)
    hnr = np.concatenate([part.hnr for part in parts]) if parts else np.zeros(0, np.float32)
    voiced = [float(np.isfinite(part.f0).sum()) for part in parts]
    return Voice(
        f0,
        hnr,
        nuclei=np.concatenate([part.nuclei for part in parts]) if parts else np.zeros(0),
        **{name: _weighted([getattr(part, name) for part in parts], voiced) for name in _PERTURBATIONS},
    )


def rhythm(nuclei: Floats, speech: list[Span]) -> Rhythm:
    """Rates and pauses from syllable nuclei `[S]` s and the spans of speech; NaN where there is no speech.

    A pause is a gap between two spans: silence before the first and after the last is the editor's, not the speaker's.
    """
    talking = sum(span.length_s for span in speech)
    if talking <= 0:
        return Rhythm(*[float("nan")] * 4)
    whole = speech[-1].end_s - speech[0].start_s
    inside = sum(int(((nuclei >= span.start_s) & (nuclei < span.end_s)).sum()) for span in speech)
    pauses = [after.start_s - before.end_s for before, after in pairwise(speech)]
    return Rhythm(inside / whole, inside / talking, sum(pauses) / whole, float(np.mean(pauses)) if pauses else 0.0)


def semitones(f0: Floats) -> Floats:
    """F0 in semitones above 100 Hz, the scale on which melody is heard."""
    return np.asarray(12 * np.log2(f0 / 100.0), dtype=f0.dtype)


def voiced_to_grid(rows: Floats, count: int) -> tuple[Floats, Floats]:
    """Mean over the voiced rows under each grid frame, and their share.

    Args:
        rows: `[R]` at 100 rows a second; NaN: unvoiced.
        count: number of grid frames.

    Returns:
        `[count]` mean, NaN where less than half of the frame is voiced; `[count]` share 0-1, NaN: no sound.
    """
    voiced = np.isfinite(rows)
    share = rows_to_grid(voiced.astype(np.float64), ROW_RATE, count)
    total = rows_to_grid(np.where(voiced, rows, 0.0).astype(np.float64), ROW_RATE, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(share >= 0.5, total / share, np.nan)
    return mean.astype(np.float32), share.astype(np.float32)


def pieces(sound: Sound) -> Iterator[tuple[float, Sound]]:
    """Start in seconds and samples of each piece that goes to Praat at a time."""
    length = int(_PIECE_S * SAMPLE_RATE)
    for start in range(0, len(sound), length):
        yield start / SAMPLE_RATE, sound[start : start + length]


def _weighted(values: list[float], weights: list[float]) -> float:
    pairs = [
        (value, weight) for value, weight in zip(values, weights, strict=True) if np.isfinite(value) and weight > 0
    ]
    return sum(v * w for v, w in pairs) / sum(w for _, w in pairs) if pairs else float("nan")


def _analyse_piece(sound: Sound, start_s: float) -> Voice:
    times = (np.arange(-(-len(sound) * ROW_RATE // SAMPLE_RATE)) + 0.5) / ROW_RATE
    if len(sound) < _SHORTEST_S * SAMPLE_RATE or is_silent(sound):
        nothing = np.full(len(times), np.nan, np.float32)
        return Voice(nothing, nothing, nuclei=np.zeros(0), **dict.fromkeys(_PERTURBATIONS, float("nan")))
    import parselmouth

    praat = parselmouth.Sound(sound.astype(np.float64), SAMPLE_RATE)
    pitch = praat.to_pitch_ac(time_step=1 / ROW_RATE, pitch_floor=LOW_HZ, pitch_ceiling=HIGH_HZ)
    harmonicity = praat.to_harmonicity_cc(time_step=1 / ROW_RATE, minimum_pitch=LOW_HZ)
    f0 = _nearest(times, pitch.xs(), pitch.selected_array["frequency"], 0.0)
    hnr = np.where(np.isfinite(f0), _nearest(times, harmonicity.xs(), harmonicity.values[0], -200.0), np.nan)
    nuclei = _nuclei(praat, times, f0) + start_s
    perturbed = dict(zip(_PERTURBATIONS, _perturbations(praat, pitch), strict=True))
    return Voice(f0.astype(np.float32), hnr.astype(np.float32), nuclei=nuclei, **perturbed)


def _nearest(times: Floats, at: Floats, values: Floats, absent: float) -> Floats:
    """Praat's frames on our rows: the nearest within half a row, `absent` becoming NaN."""
    index = np.clip(np.round((times - at[0]) * ROW_RATE).astype(int), 0, len(at) - 1)
    near = np.abs(at[index] - times) <= 0.5 / ROW_RATE + 1e-9
    return np.where(near & (values[index] != absent), values[index], np.nan)


def _perturbations(praat: Any, pitch: Any) -> list[float]:
    """`_PERTURBATIONS` with Praat's default limits: periods of 0.1-20 ms, factors 1.3 and 1.6."""
    from parselmouth.praat import call

    pulses = call([praat, pitch], "To PointProcess (cc)")
    periods = (0, 0, 0.0001, 0.02, 1.3)
    local, rap, ppq5 = (call(pulses, f"Get jitter ({kind})", *periods) for kind in ("local", "rap", "ppq5"))
    shimmer, apq3, apq11 = (
        call([praat, pulses], f"Get shimmer ({kind})", *periods, 1.6) for kind in ("local", "apq3", "apq11")
    )
    return [float(value) for value in (local, shimmer, rap, ppq5, apq3, apq11)]


def _nuclei(praat: Any, times: Floats, f0: Floats) -> Floats:
    """Syllable nuclei: voiced peaks of intensity with a dip of 2 dB on either side (de Jong and Wempe 2009), `[S]` s.

    Peaks must lie within 25 dB of the 99 % quantile of intensity.
    """
    intensity = praat.to_intensity(minimum_pitch=50.0, time_step=1 / ROW_RATE, subtract_mean=True)
    level, at = intensity.values[0], intensity.xs()
    threshold = np.quantile(level, 0.99) - 25.0
    peaks: list[int] = []
    lowest = -np.inf  # since the last peak; the first needs no dip before it
    for i in range(1, len(level) - 1):
        lowest = min(lowest, level[i])
        if not (level[i] > level[i - 1] and level[i] >= level[i + 1] and level[i] > threshold):
            continue
        if not peaks or level[i] - lowest >= 2.0 <= level[peaks[-1]] - lowest:
            peaks.append(i)
            lowest = level[i]
        elif level[i] > level[peaks[-1]]:
            peaks[-1] = i
            lowest = level[i]
    voiced = np.isfinite(f0)
    rows = np.clip((at[peaks] * ROW_RATE).astype(int), 0, len(times) - 1) if peaks else np.zeros(0, int)
    return at[peaks][voiced[rows]] if peaks else np.zeros(0)


def melody_range(f0: Floats) -> float:
    """Distance of the 5 % and 95 % quantiles of F0 in semitones; NaN under half a second of voice."""
    voiced = semitones(f0[np.isfinite(f0)])
    if len(voiced) < ROW_RATE // 2:
        return float("nan")
    low, high = np.quantile(voiced, [0.05, 0.95])
    return float(high - low)
