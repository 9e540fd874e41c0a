"""Beats of the voice against those of mouth and head: syllables, bands of the sound, dips where lips must close."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tfq.audio import phonation, spectrum, voice
from tfq.features import cross, face_points, lips, motion, series
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.timebase import FPS, rows_to_grid
from tfq.types import Floats, Mask

_WINDOW = round(1.2 * FPS)  # frames: five or six syllables
_REACH = 6  # frames of lag
_BANDS = {"low": slice(2, 20), "mid": slice(20, 48), "high": slice(48, 80)}  # mel: 0.1-0.8, 0.8-3.4, 3.4-8 kHz
_DEPTH_DB = 50.0  # what lies further under the loudest is noise
_DIP_DB = 8.0  # fall of the level by which a consonant that shuts the mouth shows (stops, nasals)
_DIP_REACH = 3  # frames to either side over which it falls and comes back: shorter than a pause
_CLOSING = 0.5  # of the opening around: lips at least half as open as they were come nowhere near closing
_SILENCE = round(0.3 * FPS)  # frames of silence that an onset needs before it
_ONSET_REACH = round(0.5 * FPS)
_LEAST_VOWEL = round(0.6 * FPS)
_FLOOR_SPEED, _FLOOR_LEVEL = 0.02, 1e-3  # eye distances/s and full scale: what counts as nothing in a ratio


def measure(clip: Clip) -> Found:
    """Series on the grid, then what is said of the clip."""
    points = face_points.in_head_axes(clip.landmarks)
    opening, lip_speed = lips.opening_of(points), lips.speed_of(points)
    nod = motion.derivative(clip.pose, 1)[:, 1]
    levels = band_levels(clip)
    beats = np.where(np.isfinite(clip.level_db), series.pulses(clip.voice.nuclei, clip.length), np.nan)
    jaws = _peaks(opening, clip)
    envelope = series.rhythm_band(levels["mid"])
    mouth = series.coherence(envelope, series.rhythm_band(opening), _WINDOW)
    head = series.coherence(envelope, series.rhythm_band(nod), _WINDOW)
    beat_peak, beat_lag = series.best_lag(beats, motion.derivative(opening, 0), _WINDOW, _REACH)
    head_peak, head_lag = series.best_lag(beats, np.abs(nod), _WINDOW, _REACH)
    dips = _dips(levels["mid"], clip)
    closing = _closing(opening)
    moving = np.sqrt(series.window_mean(lip_speed**2, FPS))
    sounding = np.sqrt(series.window_mean(10 ** (clip.level_db.astype(np.float64) / 10), FPS))
    width = face_points.distance(points, face_points.CORNER_LEFT, face_points.CORNER_RIGHT)
    vowels = rows_to_grid(clip.phonation.formants, phonation.ROW_RATE, clip.length)
    vowels = np.where((series.voiced(clip) & clip.speech)[:, None], vowels, np.nan)
    values = {
        "syllable_rate": FPS * series.window_mean(beats, FPS),
        "opening_rate": FPS * series.window_mean(jaws, FPS),
        "beat_peak": beat_peak,
        "beat_lag": beat_lag,
        "head_beat_peak": head_peak,
        "head_beat_lag": head_lag,
        "coherence": np.abs(mouth),
        "phase": np.angle(mouth),
        "head_coherence": np.abs(head),
        **{f"{name}_correlation": cross.local_correlation(rows, opening, _WINDOW) for name, rows in levels.items()},
        "jaw_vowel": _of_vowels(vowels[:, 0], opening),
        "width_vowel": _of_vowels(vowels[:, 1], width),
        "energy_ratio": np.log10((moving + _FLOOR_SPEED) / (sounding + _FLOOR_LEVEL)),
        "dip_closing": np.where(dips, closing, np.nan),
    }
    summary = {
        **_beat_summary(values, beats, opening, nod, envelope),
        **{f"{name}_best": _best(cross.correlation_curve(rows, opening, _REACH)) for name, rows in levels.items()},
        "jaw_vowel_best": _best(cross.correlation_curve(vowels[:, 0], opening, _REACH)),
        "width_vowel_best": _best(cross.correlation_curve(vowels[:, 1], width, _REACH)),
        **_dip_summary(dips, closing, clip),
        **_energy_summary(values, moving, sounding, jaws, clip),
        **_pauses(clip, lip_speed),
    }
    valid = clip.face & np.isfinite(clip.level_db)
    return Found({name: _only(rows, valid) for name, rows in values.items()}, summary, valid, _reasons(clip, summary))


def _of_vowels(formant: Floats, shape: Floats) -> Floats:
    """Correlation over two seconds, `[T]`; NaN where under 0.6 s of them are vowels, which would be two or three."""
    known = np.isfinite(formant) & np.isfinite(shape)
    enough = series.window_sum(known.astype(np.float64), 2 * FPS) >= _LEAST_VOWEL
    return np.where(enough, cross.local_correlation(formant, shape, 2 * FPS), np.nan)


def _only(rows: Floats, valid: Mask) -> Floats:
    return np.where(valid, rows, np.nan)


def band_levels(clip: Clip) -> dict[str, Floats]:
    """Level of three bands in dB, `[T]` each, not deeper than 50 under its loudest."""
    power = 10 ** (clip.spectrum.mel.astype(np.float64) / 10)
    bands = np.stack([power[:, band].mean(1) for band in _BANDS.values()], 1)
    level = 10 * np.log10(rows_to_grid(bands, spectrum.ROW_RATE, clip.length))
    level = np.maximum(level, np.nanmax(level, 0) - _DEPTH_DB)
    return dict(zip(_BANDS, level.T, strict=True))


def _peaks(opening: Floats, clip: Clip) -> Floats:
    """1 where the smoothed opening has a peak of at least the least visible height, 0 elsewhere, `[T]`; NaN: no face."""
    smooth = motion.derivative(opening, 0)
    peaks = np.where(np.isfinite(smooth), 0.0, np.nan)
    turns = np.flatnonzero((smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:])) + 1
    for at in turns:
        around = smooth[max(0, at - 4) : at + 5]
        if smooth[at] - np.nanmin(around) >= lips.CLOSED:
            peaks[at] = 1.0
    return np.where(clip.face, peaks, np.nan)


def _dips(level: Floats, clip: Clip) -> Mask:
    """`[T]` frames at the bottom of a short fall of the level inside speech."""
    dips = np.zeros(len(level), bool)
    if len(level) < 2 * _DIP_REACH + 1:
        return dips
    every = np.lib.stride_tricks.sliding_window_view(level, 2 * _DIP_REACH + 1)
    before, after = every[:, :_DIP_REACH].max(1), every[:, _DIP_REACH + 1 :].max(1)
    here = every[:, _DIP_REACH]
    bottom = (here <= every.min(1)) & (np.minimum(before, after) - here >= _DIP_DB)
    dips[_DIP_REACH:-_DIP_REACH] = bottom
    return dips & clip.speech


def _closing(opening: Floats) -> Floats:
    """How far the lips close within two frames of each, of the opening around it in 0.6 s: 1 shut, 0 not at all."""
    if len(opening) < 15:
        return np.full(len(opening), np.nan)
    near = np.lib.stride_tricks.sliding_window_view(np.pad(opening, 2, mode="edge"), 5)
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(opening, 7, mode="edge"), 15)
    least, most = near.min(1), wide.max(1)  # a gap makes both NaN
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(most > lips.CLOSED, 1 - least / most, np.nan)


def _beat_summary(
    values: dict[str, Floats], beats: Floats, opening: Floats, nod: Floats, envelope: Floats
) -> dict[str, float]:
    mouth = cross.correlation_curve(beats, motion.derivative(opening, 0), _REACH)
    head = cross.correlation_curve(beats, np.abs(nod), _REACH)
    together = series.whole_coherence(envelope, series.rhythm_band(opening))
    with_head = series.whole_coherence(envelope, series.rhythm_band(nod))
    return {
        "beat_best": _best(mouth),
        "beat_best_lag": _lag(mouth),
        "head_beat_best": _best(head),
        "head_beat_best_lag": _lag(head),
        "whole_coherence": float(np.abs(together)),
        "whole_phase": float(np.angle(together)),
        "whole_head_coherence": float(np.abs(with_head)),
        "beat_peak_mean": motion.mean(values["beat_peak"]),
        "beat_lag_deviation": motion.deviation(values["beat_lag"]),
        "coherence_mean": motion.mean(values["coherence"]),
        "coherence_low": _quantile(values["coherence"], 0.1),
    }


def _dip_summary(dips: Mask, closing: Floats, clip: Clip) -> dict[str, float]:
    at = closing[dips & np.isfinite(closing)]
    elsewhere = closing[clip.speech & ~dips & np.isfinite(closing)]
    enough = len(at) >= 3 and len(elsewhere) >= 3
    return {
        "dips": float(dips.sum()) * FPS / max(int(clip.speech.sum()), 1) if clip.speech.any() else float("nan"),
        "closing_at_dips": float(at.mean()) if enough else float("nan"),
        "closing_gain": float(at.mean() - elsewhere.mean()) if enough else float("nan"),
        "closed_dips": float((at > _CLOSING).mean()) if enough else float("nan"),
    }


def _energy_summary(
    values: dict[str, Floats], moving: Floats, sounding: Floats, jaws: Floats, clip: Clip
) -> dict[str, float]:
    nuclei = clip.voice.nuclei
    rates = cross.correlation_curve(values["syllable_rate"], values["opening_rate"], 0)
    return {
        "energy_ratio_mean": motion.mean(values["energy_ratio"]),
        "energy_agreement": float(cross.correlation_curve(np.log10(sounding + _FLOOR_LEVEL), moving, 0)[0]),
        "openings_per_syllable": float(np.nansum(jaws)) / len(nuclei) if len(nuclei) >= 3 else float("nan"),
        "rate_agreement": float(rates[0]),
        "rate_difference": motion.mean(np.abs(values["syllable_rate"] - values["opening_rate"])),
    }


def _pauses(clip: Clip, lip_speed: Floats) -> dict[str, float]:
    """Pauses of the voice, and by how much the mouth starts before it: a mouth that is cut to the sound does not."""
    pieces = voice.spans(clip.speech)
    gaps = [after.start_s - before.end_s for before, after in pairwise(pieces)]
    begins = np.flatnonzero(np.diff(clip.speech.astype(int)) > 0) + 1
    leads = [lead for at in begins if np.isfinite(lead := _lead(clip, lip_speed, int(at)))]
    seconds = clip.length / FPS
    return {
        "pauses": 60 * len(gaps) / seconds if pieces else float("nan"),
        "longest_pause_s": max(gaps, default=0.0) if pieces else float("nan"),
        "onset_lead_s": float(np.median(leads)) if leads else float("nan"),
    }


def _lead(clip: Clip, lip_speed: Floats, at: int) -> float:
    """Seconds from where the lips start, at half of their fastest around an onset of speech, to the onset."""
    around = lip_speed[max(0, at - _ONSET_REACH) : at + _ONSET_REACH + 1]
    if at < _ONSET_REACH or clip.speech[at - _SILENCE : at].any() or not np.isfinite(around).all():
        return float("nan")
    start = int(np.argmax(around >= 0.5 * around.max()))
    return (_ONSET_REACH - start) / FPS


def _quantile(rows: Floats, share: float) -> float:
    known = rows[np.isfinite(rows)]
    return float(np.quantile(known, share)) if len(known) else float("nan")


def _best(curve: Floats) -> float:
    return float(np.nanmax(curve)) if np.isfinite(curve).any() else float("nan")


def _lag(curve: Floats) -> float:
    return float(np.nanargmax(curve) - _REACH) if np.isfinite(curve).any() else float("nan")


def _reasons(clip: Clip, summary: dict[str, float]) -> dict[str, str]:
    reasons = dict.fromkeys(("closing_at_dips", "closing_gain", "closed_dips"), "too_few_dips")
    reasons |= dict.fromkeys(("openings_per_syllable", "rate_agreement"), "too_few_syllables")
    reasons |= dict.fromkeys(("jaw_vowel_best", "width_vowel_best"), "too_little_voice")
    reasons["onset_lead_s"] = "no_onset"
    if not clip.speech.any():
        reasons |= dict.fromkeys(("dips", "pauses", "longest_pause_s", *reasons), "no_speech")
    return {name: reason for name, reason in reasons.items() if np.isnan(summary[name])}


_R = "1/s"

MEASUREMENT = Measurement(
    name="rhythm",
    about="Syllables, bands of the voice and dips against beats of mouth and head, in windows of about a second.",
    columns=(
        Column("syllable_rate", _R, 0, 9, "none", "Syllable nuclei in the second around."),
        Column("opening_rate", _R, 0, 9, "none", "Peaks of the mouth's opening likewise."),
        Column("beat_peak", "", -1, 1, "higher", "Nuclei against opening over 1.2 s, at the best lag."),
        Column("beat_lag", "frames", -_REACH, _REACH, "none", "That lag; positive: sound early."),
        Column("head_beat_peak", "", -1, 1, "higher", "Nuclei against the size of nods, at the best lag."),
        Column("head_beat_lag", "frames", -_REACH, _REACH, "none", "That lag."),
        Column("coherence", "", 0, 1, "higher", "Envelope and opening at 2-7 Hz over 1.2 s, whatever the lag."),
        Column("phase", "rad", -np.pi, np.pi, "none", "By how much the envelope's phase is ahead there."),
        Column("head_coherence", "", 0, 1, "higher", "Envelope and nods likewise."),
        Column("low_correlation", "", -1, 1, "higher", "Level of 0.1-0.8 kHz against opening over 1.2 s."),
        Column("mid_correlation", "", -1, 1, "higher", "Level of 0.8-3.4 kHz likewise."),
        Column("high_correlation", "", -1, 1, "none", "Level of 3.4-8 kHz likewise."),
        Column("jaw_vowel", "", -1, 1, "higher", "First formant against opening over 2 s: open vowels need open jaws."),
        Column("width_vowel", "", -1, 1, "higher", "Second formant against the mouth's width: i is wide, u is narrow."),
        Column("energy_ratio", "log10", -2, 3, "none", "Lip speed in eye distances/s over amplitude, 1 s."),
        Column("dip_closing", "", 0, 1, "higher", "How far lips close at a dip of the level; NaN: no dip."),
    ),
    clip_columns=(
        Column("beat_best", "", -1, 1, "higher", "Nuclei against opening over the clip, at the best lag."),
        Column("beat_best_lag", "frames", -_REACH, _REACH, "none", "That lag; positive: sound early."),
        Column("head_beat_best", "", -1, 1, "higher", "Nuclei against the size of nods, at the best lag."),
        Column("head_beat_best_lag", "frames", -_REACH, _REACH, "none", "That lag."),
        Column("whole_coherence", "", 0, 1, "higher", "Envelope and opening at 2-7 Hz over the clip."),
        Column("whole_phase", "rad", -np.pi, np.pi, "none", "By how much the envelope's phase is ahead."),
        Column("whole_head_coherence", "", 0, 1, "higher", "Envelope and nods likewise."),
        Column("beat_peak_mean", "", -1, 1, "higher", "Mean of beat_peak."),
        Column(
            "beat_lag_deviation", "frames", 0, 6, "lower", "Deviation of beat_lag: lips that come and go out of step."
        ),
        Column("coherence_mean", "", 0, 1, "higher", "Mean coherence."),
        Column("coherence_low", "", 0, 1, "higher", "Its 10 % quantile."),
        Column("low_best", "", -1, 1, "higher", "Level of 0.1-0.8 kHz against opening, at the best lag."),
        Column("mid_best", "", -1, 1, "higher", "Level of 0.8-3.4 kHz likewise."),
        Column("high_best", "", -1, 1, "none", "Level of 3.4-8 kHz likewise."),
        Column("jaw_vowel_best", "", -1, 1, "higher", "First formant against opening over the clip, at the best lag."),
        Column("width_vowel_best", "", -1, 1, "higher", "Second formant against width likewise."),
        Column("dips", _R, 0, 5, "none", "Short dips of the level in a second of speech."),
        Column("closing_at_dips", "", 0, 1, "higher", "Mean closing of the lips at dips."),
        Column("closing_gain", "", -0.5, 0.5, "higher", "The same less that elsewhere in speech."),
        Column("closed_dips", "", 0, 1, "higher", "Share of dips at which the lips close by half."),
        Column("energy_ratio_mean", "log10", -2, 3, "none", "Mean of energy_ratio."),
        Column("energy_agreement", "", -1, 1, "higher", "Lip speed against level, seconds around each frame."),
        Column("openings_per_syllable", "", 0, 3, "none", "Peaks of the opening over nuclei; near 1: one each."),
        Column("rate_agreement", "", -1, 1, "higher", "Rate of syllables against that of openings."),
        Column("rate_difference", _R, 0, 5, "lower", "Mean size of their difference."),
        Column("pauses", "1/min", 0, 40, "none", "Pauses of the voice."),
        Column("longest_pause_s", "s", 0, 5, "none", "The longest; 0: there is none."),
        Column("onset_lead_s", "s", -0.5, 0.5, "none", "By how much lips start before the voice after silence."),
    ),
    needs=("face", "sound"),
    method="de Jong and Wempe 2009; Chandrasekaran et al. 2009; head and prosody: Munhall et al. 2004",
    cost="medium",
    function=measure,
)
