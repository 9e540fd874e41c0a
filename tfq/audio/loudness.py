"""How loud: integrated loudness, peak, the gain to a common peak, level over time, clipping."""

from __future__ import annotations

import warnings

import numpy as np

from tfq.timebase import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME
from tfq.types import Floats, Mask, Sound

FLOOR_DB = -100.0  # below the quantisation noise of 16 bits; quieter than that is digital silence
SILENT_DB = 60.0  # under the peak: the pauses of a recording are a room, those of a gap are nothing
_BLOCK_S = 0.4  # the gating block of ITU-R BS.1770


def integrated(sound: Sound) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); NaN for a clip under 0.4 s or silent throughout."""
    if len(sound) <= _BLOCK_S * SAMPLE_RATE or is_silent(sound):
        return float("nan")
    import pyloudnorm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # log of zero where every block is under the gate
        value = float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(sound.astype(np.float64)))
    return value if np.isfinite(value) else float("nan")


def is_silent(sound: Sound) -> bool:
    """No sample stands above the floor; so is a clip without any."""
    return len(sound) == 0 or float(np.abs(sound).max()) < 10 ** (FLOOR_DB / 20)


def peak_db(sound: Sound) -> float:
    """Largest sample in dBFS; NaN for silence."""
    return float("nan") if is_silent(sound) else float(20 * np.log10(np.abs(sound).max()))


def normalise(sound: Sound, peak_dbfs: float) -> Sound:
    """The sound with its largest sample at `peak_dbfs`; silence stays as it is."""
    if is_silent(sound):
        return sound
    return (sound * np.float32(10 ** (peak_dbfs / 20) / np.abs(sound).max())).astype(np.float32)


def level_db(sound: Sound, count: int) -> Floats:
    """Root mean square of each grid frame in dBFS, `[count]` float32, never under `FLOOR_DB`; NaN: no sound under it.

    A last frame that is half covered counts by the part that is.
    """
    mean = _frame_mean(sound.astype(np.float64) ** 2, count)
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(10 * np.log10(mean), FLOOR_DB), np.float32)


def silent_share(level: Floats, peak: float) -> float:
    """Share of grid frames without sound: over 60 dB under the clip's peak, or nothing at all; NaN without a frame.

    Args:
        level: `[T]` dBFS as `level_db` gives it.
        peak: of the clip in dBFS; NaN: all of it is silent.
    """
    return float(np.mean(~(level > peak - SILENT_DB))) if len(level) else float("nan")


def clipped(sound: Sound, least_run: int = 3) -> Mask:
    """Samples that an overload flattened, `[N]`: runs of at least `least_run` within 0.1 % of the clip's own peak.

    Relative to the peak, so that a clipped recording stays clipped when somebody turns it down.
    """
    if is_silent(sound):
        return np.zeros(len(sound), bool)
    size = np.abs(sound)
    flat = size >= 0.999 * size.max()
    run = flat.copy()
    for shift in range(1, least_run):
        run[:-shift] &= flat[shift:] & (np.sign(sound[shift:]) == np.sign(sound[:-shift]))
        run[-shift:] = False
    whole: Mask = run.copy()
    for shift in range(1, least_run):
        whole[shift:] |= run[:-shift]
    return whole


def clipped_share(sound: Sound, count: int) -> Floats:
    """Share of each grid frame's samples that are `clipped`, `[count]` float32, 0-1; NaN: no sound under it."""
    return _frame_mean(clipped(sound).astype(np.float64), count).astype(np.float32)


def tail_db(sound: Sound) -> float:
    """How far the loudest 0.05 % of samples rise above the loudest 1 %, in dB; NaN for silence.

    Speech has a long tail (4-8 dB). Overload cuts it off, and unlike flat tops that survives a codec and a resampler.
    """
    if is_silent(sound):
        return float("nan")
    common, rare = np.quantile(np.abs(sound), [0.99, 0.9995])
    return float(20 * np.log10(rare / common)) if common > 0 else float("nan")


def _frame_mean(samples: Floats, count: int) -> Floats:
    padded = np.full(count * SAMPLES_PER_FRAME, np.nan)
    padded[: len(samples)] = samples[: len(padded)]
    frames = padded.reshape(count, SAMPLES_PER_FRAME)
    covered = np.isfinite(frames)
    enough = covered.sum(1) >= SAMPLE_RATE // FPS // 2
    mean = np.where(covered, frames, 0.0).sum(1) / np.maximum(covered.sum(1), 1)
    return np.where(enough, mean, np.nan)
