"""How the voice is made and what its road did to it: cepstral peak, formants, tilt; dropouts, clicks, holes, rooms."""

from __future__ import annotations

import numpy as np

from tfq.audio import phonation, prosody, spectrum, transients
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.series import voiced, window_mean
from tfq.timebase import FPS, rows_to_grid
from tfq.types import Floats, Mask

_CLICK_DB = 32.0  # corners so sharp are no speech
_JUMP = 4.0  # semitones between rows 10 ms apart: no voice box is so fast
_SHORT_BREAK = 6  # rows of 10 ms: shorter gaps in voicing are breaks, not consonants
_FLAT = 2.0  # semitones per second under which a pitch is held
_FALL_DB = 80.0  # what lies deeper under the loudest row is nothing
_BANDS_HZ = {"alpha": ((50.0, 1000.0), (1000.0, 5000.0)), "hammarberg": ((50.0, 2000.0), (2000.0, 5000.0))}


def measure(clip: Clip) -> Found:
    """Rows on the grid, then of the clip."""
    mel, heard = clip.spectrum.mel, clip.phonation
    sounding = np.isfinite(clip.level_db)
    spoken = voiced(clip)
    vowels = rows_to_grid(heard.formants, phonation.ROW_RATE, clip.length)
    vowels = np.where(spoken[:, None], vowels, np.nan)
    level = _level(mel)
    gone = transients.dropouts(level)
    slow = np.maximum(mel, mel.max() - _FALL_DB)
    flux = np.abs(np.diff(slow, axis=0, prepend=slow[:1])).mean(1)
    rows = np.stack(
        [gone, transients.hole_share(slow), transients.edge_band(mel), flux, *_tilts(mel)], 1, dtype=np.float64
    )
    grid = rows_to_grid(rows, spectrum.ROW_RATE, clip.length)
    pitch = prosody.semitones(heard_pitch(clip))
    values = {
        "cpp": rows_to_grid(heard.cpp, phonation.ROW_RATE, clip.length),
        "f1": vowels[:, 0],
        "f2": vowels[:, 1],
        "f3": vowels[:, 2],
        "alpha_db": grid[:, 4],
        "hammarberg_db": grid[:, 5],
        "flux": grid[:, 3],
        "pitch_speed": np.abs(motion.derivative(pitch, 1)),
        "modulation": _fit(transients.modulation_db(mel), clip.length, sounding),
        "over_floor": clip.level_db - _floor(clip.level_db),
        "edge_hz": _band_hz(grid[:, 2]),
        "holes": grid[:, 1],
        "dropout": grid[:, 0],
        "click": transients.click_db(clip.sound, clip.length),
    }
    summary = {
        **_of_voice(clip, values, spoken),
        **_of_road(clip, values, level, gone),
        **_of_pauses(clip, values),
    }
    return Found(values, summary, sounding, _reasons(clip, summary))


def heard_pitch(clip: Clip) -> Floats:
    """F0 on the grid, `[T]` Hz; NaN: unvoiced."""
    return prosody.voiced_to_grid(clip.voice.f0, clip.length)[0]


def _level(mel: Floats) -> Floats:
    """Level of each row in dB from its mel bands."""
    return np.asarray(10 * np.log10((10 ** (mel.astype(np.float64) / 10)).mean(1)))


def _tilts(mel: Floats) -> list[Floats]:
    """Alpha ratio (mean of the low band less that of the high) and Hammarberg index (the same of the strongest), dB."""
    centres = _centres_hz()
    power = 10 ** (mel.astype(np.float64) / 10)
    found = []
    for name, bands in _BANDS_HZ.items():
        low, high = (power[:, (centres >= start) & (centres < stop)] for start, stop in bands)
        parts = (low.max(1), high.max(1)) if name == "hammarberg" else (low.mean(1), high.mean(1))
        found.append(10 * np.log10(parts[0] / parts[1]))
    return found


def _centres_hz() -> Floats:
    filters = spectrum.mel_filters(spectrum.BANDS, 512, 0.0, 8000.0)
    return np.asarray(filters @ np.linspace(0, 8000.0, filters.shape[1]) / filters.sum(1))


def _band_hz(band: Floats) -> Floats:
    return np.where(np.isfinite(band), np.interp(np.nan_to_num(band), np.arange(spectrum.BANDS), _centres_hz()), np.nan)


def _fit(rows: Floats, count: int, sounding: Mask) -> Floats:
    """Rows already on the grid, brought to its length."""
    out = np.full(count, np.nan)
    out[: min(count, len(rows))] = rows[:count]
    return np.where(sounding, out, np.nan)


def _floor(level: Floats) -> Floats:
    """The quietest moment, over 0.2 s, of the four seconds around each frame, dBFS."""
    smooth = window_mean(level.astype(np.float64), 5)
    filled = np.where(np.isfinite(smooth), smooth, np.inf)
    padded = np.pad(filled, 2 * FPS, constant_values=np.inf)
    least = np.lib.stride_tricks.sliding_window_view(padded, 4 * FPS + 1).min(1)
    return np.where(np.isfinite(least), least, np.nan)


def _of_voice(clip: Clip, values: dict[str, Floats], spoken: Mask) -> dict[str, float]:
    heard, f0 = clip.voice, prosody.semitones(clip.voice.f0)
    in_voice = {name: np.where(spoken, values[name], np.nan) for name in ("cpp", "alpha_db", "hammarberg_db")}
    steps = np.abs(np.diff(f0))
    known = np.isfinite(steps)
    seconds = float(np.isfinite(f0).sum()) / spectrum.ROW_RATE
    unvoiced = [stop - start for start, stop in motion.runs(~np.isfinite(f0)) if start > 0 and stop < len(f0)]
    enough = seconds >= 0.5
    speed = values["pitch_speed"][np.isfinite(values["pitch_speed"])]
    return {
        "cpp_mean": motion.mean(in_voice["cpp"]),
        "cpp_low": _quantile(in_voice["cpp"], 0.1),
        "jitter_rap": heard.rap,
        "jitter_ppq5": heard.ppq5,
        "shimmer_apq3": heard.apq3,
        "shimmer_apq11": heard.apq11,
        "hnr_low": _quantile(heard.hnr, 0.1),
        "hnr_deviation": motion.deviation(heard.hnr),
        "voiced_share": float((spoken & clip.speech).sum()) / max(int(clip.speech.sum()), 1)
        if clip.speech.any()
        else float("nan"),
        "voice_breaks": sum(length <= _SHORT_BREAK for length in unvoiced) / seconds if enough else float("nan"),
        "pitch_jumps": float((steps[known] > _JUMP).sum()) / seconds if enough else float("nan"),
        "pitch_flutter": float(np.median(np.abs(np.diff(f0, 2)[np.isfinite(np.diff(f0, 2))])))
        if enough and np.isfinite(np.diff(f0, 2)).any()
        else float("nan"),
        "held_pitch_share": float((speed < _FLAT).mean()) if len(speed) >= 5 else float("nan"),
        "f1_mean": motion.mean(values["f1"]),
        "f1_range": motion.spread(values["f1"]),
        "f2_mean": motion.mean(values["f2"]),
        "f2_range": motion.spread(values["f2"]),
        "vowel_speed": motion.mean(np.abs(motion.derivative(values["f2"], 1))),
        "alpha_mean": motion.mean(in_voice["alpha_db"]),
        "hammarberg_mean": motion.mean(in_voice["hammarberg_db"]),
    }


def _of_road(clip: Clip, values: dict[str, Floats], level: Floats, gone: Mask) -> dict[str, float]:
    seconds = max(len(level), 1) / spectrum.ROW_RATE
    clicks = values["click"] > _CLICK_DB
    speaking = {
        name: np.where(clip.speech, values[name], np.nan) for name in ("flux", "edge_hz", "holes", "modulation")
    }
    return {
        "flux_mean": motion.mean(speaking["flux"]),
        "modulation_mean": motion.mean(speaking["modulation"]),
        "decay_db_s": transients.decay_db_s(level),
        "edge_mean_hz": motion.mean(speaking["edge_hz"]),
        "edge_deviation_hz": motion.deviation(speaking["edge_hz"]),
        "hole_share": motion.mean(speaking["holes"]),
        "dropouts": len(motion.runs(gone)) / seconds,
        "dropout_share": float(gone.mean()) if len(gone) else float("nan"),
        "clicks": float(clicks.sum()) / seconds,
        "click_peak": _quantile(values["click"], 0.98),
        "over_floor_mean": motion.mean(np.where(clip.speech, values["over_floor"], np.nan)),
    }


def _of_pauses(clip: Clip, values: dict[str, Floats]) -> dict[str, float]:
    """The background: how steady it is, whether it is gated, and where its power lies."""
    quiet = np.isfinite(clip.level_db) & ~clip.speech
    if quiet.sum() < 5:
        return dict.fromkeys(_PAUSES, float("nan"))
    level = clip.level_db[quiet]
    return {
        "background_deviation": motion.deviation(level),
        "gated_share": float((level < np.nanmax(clip.level_db) - _FALL_DB).mean()),
        "background_flux": motion.mean(values["flux"][quiet]),
        "background_alpha": motion.mean(values["alpha_db"][quiet]),
    }


def _quantile(rows: Floats, share: float) -> float:
    known = rows[np.isfinite(rows)]
    return float(np.quantile(known, share)) if len(known) else float("nan")


_PAUSES = ("background_deviation", "gated_share", "background_flux", "background_alpha")


def _reasons(clip: Clip, summary: dict[str, float]) -> dict[str, str]:
    reasons = dict.fromkeys(summary, "too_little_voice")
    reasons |= dict.fromkeys(_PAUSES, "no_pauses" if clip.speech.all() else "too_few_frames")
    reasons |= dict.fromkeys(("decay_db_s", "click_peak", "dropout_share"), "too_few_frames")
    spoken = ("flux_mean", "modulation_mean", "edge_mean_hz", "edge_deviation_hz", "hole_share", "over_floor_mean")
    reasons |= dict.fromkeys((*spoken, "voiced_share"), "no_speech" if not clip.speech.any() else "too_few_frames")
    return {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}


MEASUREMENT = Measurement(
    name="voice",
    about="Cepstral peak, formants, tilt and steadiness of the voice; dropouts, clicks, holes, room, background.",
    columns=(
        Column("cpp", "dB", 0, 30, "higher", "Peak of the cepstrum over its line: how clear the voice's period is."),
        Column("f1", "Hz", 150, 1300, "none", "First formant; NaN: unvoiced."),
        Column("f2", "Hz", 500, 3000, "none", "Second formant."),
        Column("f3", "Hz", 1200, 4000, "none", "Third formant."),
        Column("alpha_db", "dB", -20, 40, "none", "Level of 50 Hz to 1 kHz over that of 1 to 5 kHz."),
        Column("hammarberg_db", "dB", -10, 50, "none", "Strongest band under 2 kHz over the strongest of 2 to 5 kHz."),
        Column("flux", "dB/row", 0, 12, "none", "Mean change of the mel bands from 10 ms to the next."),
        Column("pitch_speed", "semitones/s", 0, 250, "none", "Size of the pitch's rate; NaN: unvoiced."),
        Column(
            "modulation", "dB", -5, 25, "higher", "Changes of level at 2-10 Hz over those at 16-48 Hz; low: a room."
        ),
        Column("over_floor", "dB", -20, 90, "none", "Level over the quietest moment within two seconds."),
        Column("edge_hz", "Hz", 0, 8000, "higher", "Highest band with sound in it within a quarter of a second."),
        Column("holes", "", 0, 0.2, "lower", "Share of the spectrum cut out deeply: coding or noise suppression."),
        Column("dropout", "", 0, 1, "lower", "Share of the frame in which the sound is gone for 10 to 200 ms."),
        Column("click", "dB", 0, 60, "lower", "Sharpest corner of the waveform over the frame's usual ones."),
    ),
    clip_columns=(
        Column("cpp_mean", "dB", 5, 30, "higher", "Mean of the cepstral peak of voiced frames."),
        Column("cpp_low", "dB", 5, 25, "higher", "Its 10 % quantile."),
        Column("jitter_rap", "", 0, 0.05, "lower", "Jitter against the mean of three periods."),
        Column("jitter_ppq5", "", 0, 0.05, "lower", "Jitter against the mean of five periods."),
        Column("shimmer_apq3", "", 0, 0.2, "lower", "Shimmer against the mean of three periods."),
        Column("shimmer_apq11", "", 0, 0.3, "lower", "Shimmer against the mean of eleven periods."),
        Column("hnr_low", "dB", -5, 20, "higher", "10 % quantile of the harmonics-to-noise ratio."),
        Column("hnr_deviation", "dB", 0, 12, "none", "Its standard deviation."),
        Column("voiced_share", "", 0, 1, "none", "Share of speech that is voiced."),
        Column("voice_breaks", "1/s", 0, 10, "lower", "Gaps of up to 60 ms in a second of voice."),
        Column("pitch_jumps", "1/s", 0, 10, "lower", "Leaps of over 4 semitones in 10 ms in a second of voice."),
        Column("pitch_flutter", "semitones", 0, 0.5, "none", "Median second difference of the pitch; 0: a machine."),
        Column("held_pitch_share", "", 0, 1, "none", "Share of voice whose pitch is held; high: sung or made."),
        Column("f1_mean", "Hz", 300, 800, "none", "Mean of the first formant."),
        Column("f1_range", "Hz", 100, 900, "none", "From its 5 % to its 95 % quantile."),
        Column("f2_mean", "Hz", 1000, 2200, "none", "Mean of the second formant."),
        Column("f2_range", "Hz", 200, 2000, "none", "From its 5 % to its 95 % quantile; low: mumbled."),
        Column("vowel_speed", "Hz/s", 0, 8000, "none", "Mean size of the second formant's rate."),
        Column("alpha_mean", "dB", -10, 30, "none", "Mean alpha_db of voiced frames."),
        Column("hammarberg_mean", "dB", 0, 40, "none", "Mean hammarberg_db of voiced frames."),
        Column("flux_mean", "dB/row", 0, 6, "none", "Mean flux while speaking."),
        Column("modulation_mean", "dB", 0, 20, "higher", "Mean modulation while speaking."),
        Column("decay_db_s", "dB/s", -600, 0, "lower", "How fast the level falls where it falls fast; near 0: a room."),
        Column("edge_mean_hz", "Hz", 2000, 8000, "higher", "Mean edge while speaking."),
        Column("edge_deviation_hz", "Hz", 0, 2000, "lower", "Its standard deviation: bandwidth that comes and goes."),
        Column("hole_share", "", 0, 0.1, "lower", "Mean share of holes while speaking."),
        Column("dropouts", "1/s", 0, 5, "lower", "Times that the sound is gone for 10 to 200 ms."),
        Column("dropout_share", "", 0, 0.5, "lower", "Share of time in which it is."),
        Column("clicks", "1/s", 0, 10, "lower", f"Frames with a corner of over {_CLICK_DB:.0f} dB."),
        Column("click_peak", "dB", 5, 50, "lower", "98 % quantile of the corners."),
        Column("over_floor_mean", "dB", 0, 80, "higher", "Level of speech over the quietest moments around."),
        Column("background_deviation", "dB", 0, 25, "none", "Standard deviation of the level of pauses."),
        Column("gated_share", "", 0, 1, "none", "Share of pauses that are digital silence."),
        Column("background_flux", "dB/row", 0, 8, "none", "Mean flux in pauses; high: musical noise."),
        Column("background_alpha", "dB", -20, 40, "none", "Mean alpha_db in pauses: hiss is negative, hum positive."),
    ),
    needs=("sound",),
    method="Hillenbrand et al. 1994; Praat (Burg); GeMAPS (Eyben et al. 2016); dropouts, clicks, holes are tfq's own",
    cost="medium",
    function=measure,
)
