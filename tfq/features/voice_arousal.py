"""Arousal of the voice from prosody: pitch, level, and how much of it lies above 500 Hz, against the clip's own usual.

The three features and their use without training are those of Bone, Lee and Narayanan 2014; the rate of syllables is
added. It says nothing of valence, which prosody hardly carries.
"""

from __future__ import annotations

import numpy as np

from tfq.audio import prosody, spectrum
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.series import VOICED, pulses, standard, window_mean, window_sum
from tfq.timebase import FPS, rows_to_grid
from tfq.types import Floats

_HIGH = 500.0  # Hz


def measure(clip: Clip) -> Found:
    """Each part in deviations over the clip's speech, and their mean, over a second."""
    parts = part_rows(clip)
    spoken = {name: np.where(clip.speech, rows, np.nan) for name, rows in parts.items()}
    scores = scored(spoken)
    arousal = arousal_of(spoken)
    values = {
        "pitch": parts["pitch"],
        "high_band_db": parts["high"],
        "pitch_score": scores["pitch"],
        "level_score": scores["level"],
        "high_score": scores["high"],
        "rate_score": scores["rate"],
        "arousal": arousal,
        "arousal_speed": motion.derivative(arousal, 1),
    }
    summary = {
        "pitch_mean": motion.mean(spoken["pitch"]),
        "pitch_deviation": motion.deviation(spoken["pitch"]),
        "pitch_speed": motion.mean(np.abs(motion.derivative(spoken["pitch"], 1))),
        "level_deviation": motion.deviation(spoken["level"]),
        "high_band_mean": motion.mean(spoken["high"]),
        "high_band_deviation": motion.deviation(spoken["high"]),
        "rate_deviation": motion.deviation(spoken["rate"]),
        "arousal_range": motion.spread(arousal),
        "arousal_speed_rms": motion.rms(values["arousal_speed"]),
    }
    if not clip.speech.any():
        reasons = dict.fromkeys(summary, "no_speech")
    else:
        reasons = dict.fromkeys(("pitch_mean", "pitch_deviation", "pitch_speed"), "too_little_voice")
    absent = {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}
    return Found(values, summary, np.isfinite(clip.level_db), absent)


def part_rows(clip: Clip) -> dict[str, Floats]:
    """Pitch in semitones, level and high band in dB, syllables a second, `[T]` each; NaN: unvoiced, or no sound."""
    f0, _ = prosody.voiced_to_grid(clip.voice.f0, clip.length)
    heard = np.isfinite(clip.level_db)
    power = 10 ** (clip.spectrum.mel.astype(np.float64) / 10)
    centres = _centres_hz()
    weights = _widths_hz()
    low, high = (power[:, chosen] @ weights[chosen] for chosen in (centres < _HIGH, centres >= _HIGH))
    bands = rows_to_grid(np.stack([low, high], 1), spectrum.ROW_RATE, clip.length)
    beats = np.where(heard, pulses(clip.voice.nuclei, clip.length), np.nan)
    return {
        "pitch": prosody.semitones(f0),
        "level": clip.level_db,
        "high": 10 * np.log10((bands[:, 1] + 1e-11) / (bands[:, 0] + 1e-11)),
        "rate": FPS * window_mean(beats, FPS),
    }


def scored(spoken: dict[str, Floats]) -> dict[str, Floats]:
    """Each part in deviations from its own mean, over a second."""
    return {name: window_mean(standard(rows), FPS, VOICED if name == "pitch" else 0.5) for name, rows in spoken.items()}


def arousal_of(spoken: dict[str, Floats]) -> Floats:
    """Mean of all that is known of pitch, level and high band within a second, each in its deviations, `[T]`.

    NaN where less than half of the second is speech.
    """
    table = np.stack([standard(spoken[name]) for name in ("pitch", "level", "high")])
    known = np.isfinite(table)
    count = window_sum(known.sum(0).astype(np.float64), FPS)
    total = window_sum(np.where(known, table, 0).sum(0), FPS)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(window_mean(spoken["level"], FPS)), total / count, np.nan)


def _centres_hz() -> Floats:
    filters = spectrum.mel_filters(spectrum.BANDS, 512, 0.0, 8000.0)
    bins = np.linspace(0, 8000.0, filters.shape[1])
    return np.asarray(filters @ bins / filters.sum(1))


def _widths_hz() -> Floats:
    """What a band's mean power is multiplied by to become the power in it."""
    return np.gradient(_centres_hz())


MEASUREMENT = Measurement(
    name="voice_arousal",
    about="Arousal of the voice from prosody: pitch, level, high band, rate.",
    columns=(
        Column("pitch", "semitones", -10, 30, "none", "F0 over 100 Hz; NaN: unvoiced."),
        Column("high_band_db", "dB", -40, 30, "none", "Power above 500 Hz over that below."),
        Column("pitch_score", "deviations", -2, 2, "none", "Pitch against the clip's own, over 1 s of speech."),
        Column("level_score", "deviations", -2, 2, "none", "Level likewise."),
        Column("high_score", "deviations", -2, 2, "none", "High band likewise."),
        Column("rate_score", "deviations", -2, 2, "none", "Rate of syllables likewise."),
        Column(
            "arousal", "deviations", -2, 2, "none", "Mean of pitch, level and high band in their deviations over 1 s."
        ),
        Column("arousal_speed", "deviations/s", -5, 5, "none", "Its rate."),
    ),
    clip_columns=(
        Column("pitch_mean", "semitones", -5, 25, "none", "Mean pitch over 100 Hz while speaking."),
        Column("pitch_deviation", "semitones", 0, 8, "none", "Its standard deviation; low: monotone."),
        Column("pitch_speed", "semitones/s", 0, 60, "none", "Mean size of its rate."),
        Column("level_deviation", "dB", 0, 25, "none", "Standard deviation of the level while speaking."),
        Column("high_band_mean", "dB", -30, 20, "none", "Mean of the high band; high: pressed or loud voice."),
        Column("high_band_deviation", "dB", 0, 20, "none", "Its standard deviation."),
        Column("rate_deviation", "1/s", 0, 4, "none", "Standard deviation of the rate of syllables."),
        Column("arousal_range", "deviations", 0, 4, "none", "From the 5 % to the 95 % quantile of the arousal."),
        Column("arousal_speed_rms", "deviations/s", 0, 4, "none", "Root mean square of its rate."),
    ),
    needs=("sound",),
    method="Bone, Lee and Narayanan 2014; de Jong and Wempe 2009",
    cost="light",
    function=measure,
)
