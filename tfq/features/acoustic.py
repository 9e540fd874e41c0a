"""The voice and the recording: F0, harmonicity, level, spectrum, rate of speech, noise."""

from __future__ import annotations

import numpy as np

from tfq.audio import loudness, prosody, quality, spectrum, voice
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import rows_to_grid
from tfq.types import Floats

_SUMS = 8  # bands of ten mel filters each

_OF_VOICE = ("f0_mean", "f0_range", "hnr_db", "jitter", "shimmer")
_OF_SPEECH = (
    *("speech_rate", "articulation_rate", "pause_share", "pause_s", "pause_ratio_db"),
    *("level_range", "centroid_hz", "flatness_db"),
)


def measure(clip: Clip) -> Found:
    """Praat's contours, the short-time spectrum's shape, and what a recording engineer would look at."""
    heard, rows = clip.voice, clip.spectrum
    f0, voiced = prosody.voiced_to_grid(heard.f0, clip.length)
    hnr, _ = prosody.voiced_to_grid(heard.hnr, clip.length)
    bands = 10 * np.log10((10 ** (rows.mel.astype(np.float64) / 10)).reshape(len(rows.mel), _SUMS, -1).mean(2))
    shape = np.stack([rows.centroid, rows.rolloff, rows.flatness, *bands.T.astype(np.float32)], 1)
    grid = rows_to_grid(shape, spectrum.ROW_RATE, clip.length)
    values = {
        "level": clip.level_db,
        "f0": f0,
        "voiced": voiced,
        "hnr": hnr,
        "centroid": grid[:, 0],
        "rolloff": grid[:, 1],
        "flatness": grid[:, 2],
        "clipped": loudness.clipped_share(clip.sound, clip.length),
        **{f"band{i}": grid[:, 3 + i] for i in range(_SUMS)},
    }
    summary = {**_voice_summary(clip, heard), **_recording_summary(clip, values)}
    return Found(values, summary, np.isfinite(clip.level_db), _reasons(clip, summary))


def _voice_summary(clip: Clip, heard: prosody.Voice) -> dict[str, float]:
    rhythm = prosody.rhythm(heard.nuclei, voice.spans(clip.speech))
    return {
        "f0_mean": motion.mean(heard.f0),
        "f0_range": prosody.melody_range(heard.f0),
        "hnr_db": motion.mean(heard.hnr),
        "jitter": heard.jitter,
        "shimmer": heard.shimmer,
        "speech_rate": rhythm.speech_rate,
        "articulation_rate": rhythm.articulation_rate,
        "pause_share": rhythm.pause_share,
        "pause_s": rhythm.pause_s,
        "level_range": motion.spread(clip.level_db[clip.speech]),
    }


def _recording_summary(clip: Clip, values: dict[str, Floats]) -> dict[str, float]:
    return {
        "loudness_lufs": loudness.integrated(clip.sound) - clip.gain_db,
        "snr_db": quality.wada_snr(clip.sound),
        "pause_ratio_db": quality.pause_ratio_db(clip.level_db, clip.speech),
        "noise_floor_db": quality.noise_floor_db(clip.level_db),
        "bandwidth_hz": quality.bandwidth_hz(clip.spectrum),
        "hum_db": quality.hum_db(clip.sound),
        "zero_offset": quality.offset_of_zero(clip.sound),
        "clipped_share": motion.mean(values["clipped"]),
        "tail_db": loudness.tail_db(clip.sound),
        "centroid_hz": motion.mean(values["centroid"][clip.speech]),
        "flatness_db": motion.mean(values["flatness"][clip.speech]),
    }


def _reasons(clip: Clip, summary: dict[str, float]) -> dict[str, str]:
    """Why a value of the clip is absent: what `TOO_FEW` frames does not say."""
    reasons = dict.fromkeys(_OF_VOICE, "too_little_voice")
    if not clip.speech.any():
        reasons |= dict.fromkeys(_OF_SPEECH, "no_speech")
    else:
        reasons["pause_ratio_db"] = "no_pauses"
    return {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}


MEASUREMENT = Measurement(
    name="acoustic",
    about="F0, harmonicity, jitter, shimmer, rate of speech; level, noise, bandwidth, clipping, hum.",
    columns=(
        Column("level", "dBFS", -100, 0, "none", "Root mean square level."),
        Column("f0", "Hz", 75, 600, "none", "Fundamental frequency; NaN: unvoiced."),
        Column("voiced", "", 0, 1, "none", "Share of the frame that is voiced."),
        Column("hnr", "dB", -10, 40, "higher", "Harmonics-to-noise ratio; NaN: unvoiced."),
        Column("centroid", "Hz", 0, 8000, "none", "Centre of the spectrum's power."),
        Column("rolloff", "Hz", 0, 8000, "none", "Frequency under which 85 % of the power lies."),
        Column("flatness", "dB", -50, 0, "none", "Geometric over arithmetic mean of the power."),
        Column("clipped", "", 0, 1, "lower", "Share of samples that overload flattened."),
        *(
            Column(f"band{i}", "dB", -110, 0, "none", f"Level of mel bands {10 * i} to {10 * i + 9}.")
            for i in range(_SUMS)
        ),
    ),
    clip_columns=(
        Column("f0_mean", "Hz", 75, 600, "none", "Mean fundamental frequency."),
        Column("f0_range", "semitones", 0, 30, "none", "From the 5 % to the 95 % quantile of F0."),
        Column("hnr_db", "dB", 0, 30, "higher", "Mean harmonics-to-noise ratio of voiced sound."),
        Column("jitter", "", 0, 0.1, "lower", "Local jitter."),
        Column("shimmer", "", 0, 0.3, "lower", "Local shimmer."),
        Column("speech_rate", "syllables/s", 0, 8, "none", "Syllable nuclei from the first word to the last."),
        Column("articulation_rate", "syllables/s", 0, 9, "none", "The same without pauses."),
        Column("pause_share", "", 0, 1, "none", "Share of pauses between the first word and the last."),
        Column("pause_s", "s", 0, 3, "none", "Mean length of a pause; 0: there is none."),
        Column("level_range", "dB", 0, 50, "none", "From the 5 % to the 95 % quantile of the level of speech."),
        Column("loudness_lufs", "LUFS", -50, -5, "none", "Integrated loudness of the sound as it came."),
        Column("snr_db", "dB", -20, 100, "higher", "Signal-to-noise ratio by the distribution of amplitudes."),
        Column("pause_ratio_db", "dB", 0, 90, "higher", "Level of speech over that of its pauses."),
        Column("noise_floor_db", "dBFS", -100, -20, "lower", "5 % quantile of the level."),
        Column("bandwidth_hz", "Hz", 0, 8000, "higher", "Highest frequency with sound in it."),
        Column("hum_db", "dB", 0, 40, "lower", "Mains hum over its surroundings."),
        Column("zero_offset", "full scale", -0.1, 0.1, "none", "Mean of the samples; should be 0."),
        Column("clipped_share", "", 0, 1, "lower", "Share of samples that overload flattened."),
        Column("tail_db", "dB", 0, 12, "higher", "Loudest samples over loud ones: low where peaks were cut off."),
        Column("centroid_hz", "Hz", 0, 8000, "none", "Mean centroid while speaking."),
        Column("flatness_db", "dB", -50, 0, "none", "Mean flatness while speaking."),
    ),
    needs=("sound",),
    method="Praat (Boersma); de Jong and Wempe 2009; Kim and Stern 2008; ITU-R BS.1770-4",
    cost="medium",
    function=measure,
)
