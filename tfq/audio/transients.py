"""What a channel, a codec or a cut leaves in sound over short times: dropouts, clicks, holes, smeared modulation."""

from __future__ import annotations

import numpy as np

from tfq.audio.spectrum import ROW_RATE
from tfq.timebase import SAMPLES_PER_FRAME
from tfq.types import Floats, Mask, Sound

_DROP_DB = 25.0  # within 20 ms: no plosive falls so far and comes back so fast on both sides
_DROP_ROWS = 2
_LONGEST_DROP = 20  # rows: longer than 0.2 s is a pause
_SPEECH_DB = 40.0  # a dropout begins from a level within this of the clip's loudest
_HOLE_DB = 22.0  # under all of its surroundings
_BANDS = 8
_MODULATION_ROWS = 128
_SLOW_HZ, _FAST_HZ = (2.0, 10.0), (16.0, 48.0)
_AT_ONCE = 1000


def dropouts(level: Floats) -> Mask:
    """Rows `[R]` in which the sound is gone for 10 to 200 ms, with edges of at most 20 ms, from level rows in dB."""
    gone = np.zeros(len(level), bool)
    if len(level) < 2 * _DROP_ROWS + 1:
        return gone
    step = level[_DROP_ROWS:] - level[:-_DROP_ROWS]
    loud = level >= np.nanmax(level) - _SPEECH_DB
    falls = np.flatnonzero((step <= -_DROP_DB) & loud[:-_DROP_ROWS])
    rises = np.flatnonzero((step >= _DROP_DB) & loud[_DROP_ROWS:])
    for fall in falls:
        after = rises[np.searchsorted(rises, fall + 1) :][:1]
        if len(after) and after[0] - fall <= _LONGEST_DROP:
            inside = slice(fall + 1, after[0] + _DROP_ROWS)
            gone[inside] |= level[inside] <= level[fall] - _DROP_DB
    return gone


def click_db(sound: Sound, count: int) -> Floats:
    """How far the sharpest corner in a frame stands over the frame's usual ones, `[count]` dB; NaN: no whole frame.

    The third difference leaves little of speech; a cut or a lost packet leaves a single large value.
    """
    out = np.full(count, np.nan)
    whole = min(count, len(sound) // SAMPLES_PER_FRAME)
    if whole:
        sharp = np.abs(np.diff(sound[: whole * SAMPLES_PER_FRAME], 3, prepend=np.zeros(3, np.float32)))
        frames = sharp.reshape(whole, SAMPLES_PER_FRAME)
        usual = np.sqrt((np.sort(frames, 1)[:, : SAMPLES_PER_FRAME * 9 // 10].astype(np.float64) ** 2).mean(1))
        out[:whole] = 20 * np.log10((frames.max(1) + 1e-4) / (usual + 1e-4))
    return out


def hole_share(mel: Floats) -> Floats:
    """Share of `[R, 80]` log-mel cells that lie deep under the cells before, after, above and below, `[R]`.

    Coarse coding and noise suppression cut such holes; speech and noise fill them.
    """
    padded = np.pad(mel, 3, mode="edge")
    height, width = mel.shape

    def beside(rows: int, bands: int) -> Floats:
        return padded[3 + rows : 3 + rows + height, 3 + bands : 3 + bands + width]

    sides = [
        np.maximum.reduce([beside(*(place * step for place in way)) for step in (1, 2, 3)])
        for way in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    return np.asarray((np.minimum.reduce(sides) - mel > _HOLE_DB).mean(1))


def modulation_db(mel: Floats) -> Floats:
    """Slow changes of level (2-10 Hz: syllables) over fast ones (16-48 Hz) around each frame, `[R / 4]` dB.

    Eight bands over 1.28 s. Reverberation and noise fill the valleys between syllables, roughness adds fast changes.
    """
    rows = len(mel)
    power = (10 ** (mel.astype(np.float64) / 10)).reshape(rows, _BANDS, -1).mean(2)
    size = np.sqrt(np.pad(power, ((_MODULATION_ROWS // 2, _MODULATION_ROWS // 2), (0, 0))))
    starts = np.arange(2, rows, 4)
    frequency = np.fft.rfftfreq(_MODULATION_ROWS, 1 / ROW_RATE)
    slow, fast = ((frequency >= low) & (frequency <= high) for low, high in (_SLOW_HZ, _FAST_HZ))
    every = np.lib.stride_tricks.sliding_window_view(size, _MODULATION_ROWS, axis=0)
    window = np.hanning(_MODULATION_ROWS)
    parts = []
    for at in range(0, len(starts), _AT_ONCE):
        found = np.abs(np.fft.rfft(every[starts[at : at + _AT_ONCE]] * window)) ** 2
        parts.append((found[..., slow].sum((1, 2)) + 1e-12) / (found[..., fast].sum((1, 2)) + 1e-12))
    return 10 * np.log10(np.concatenate(parts)) if parts else np.zeros(0)


def decay_db_s(level: Floats) -> float:
    """How fast level rows `[R]` in dB fall where they fall fast (10 % quantile of slopes over 50 ms), dB/s; negative.

    A dry voice falls faster than a room lets it. NaN under a second.
    """
    known = level[np.isfinite(level)]
    if len(known) < ROW_RATE:
        return float("nan")
    slope = (known[5:] - known[:-5]) * ROW_RATE / 5
    loud = np.maximum(known[5:], known[:-5]) >= known.max() - 30
    return float(np.quantile(slope[loud], 0.1)) if loud.any() else float("nan")


def edge_band(mel: Floats, depth_db: float = 50.0, reach: int = 25) -> Floats:
    """Highest mel band within `depth_db` of the loudest in half a second around each of `[R, 80]` rows, `[R]`."""
    if not len(mel):
        return np.zeros(0)
    held = np.stack([mel[max(0, at - reach) : at + reach + 1].max(0) for at in range(0, len(mel), 4)])
    loud = held >= held.max(1, keepdims=True) - depth_db
    top = held.shape[1] - 1 - loud[:, ::-1].argmax(1)
    return np.repeat(top, 4)[: len(mel)].astype(np.float64)
