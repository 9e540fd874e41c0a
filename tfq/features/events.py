"""Closures of the lips and blinks as events: how often, how long, how regular."""

from __future__ import annotations

import numpy as np

from tfq.features import eyes, motion
from tfq.features import face_points as at
from tfq.features.lips import CLOSED
from tfq.features.measurement import Clip, Column
from tfq.timebase import FPS
from tfq.types import Floats

_NAN = float("nan")
_LONGEST_CLOSURE = 8  # frames: a bilabial holds the lips for 50 to 200 ms, a pause for longer
_AROUND = 10  # frames of sound to either side against which a closure is held

COLUMNS = (
    Column("closure_s", "s", 0, 0.4, "none", "Mean length of short closures of the lips."),
    Column("closing_speed", "eye distances/s", 0, 5, "none", "Mean of the fastest closing before them."),
    Column(
        "closure_dip_db",
        "dB",
        -20,
        5,
        "lower",
        "Sound during short closures against just around: bilabials are silent.",
    ),
    Column("blink_shut_s", "s", 0, 0.3, "none", "Mean time from open eyes to the deepest of a blink."),
    Column("blink_open_s", "s", 0, 0.5, "none", "Mean time from there to open eyes: longer than shutting in people."),
    Column("blink_depth", "", 0, 1, "higher", "Mean depth of the blinks: lids of weak generators do not meet."),
    Column("blink_variation", "", 0, 1.5, "higher", "Deviation over mean of the times between blinks; 0: a clockwork."),
)
REASONS = {
    ("closure_s", "closing_speed"): "no_closure",
    ("closure_dip_db",): "no_closure_in_speech",
    ("blink_shut_s", "blink_open_s", "blink_depth"): "no_blink",
    ("blink_variation",): "too_few_blinks",
}


def measure(clip: Clip, opening: Floats) -> dict[str, float]:
    """The clip's values; NaN where there is no such event, see `REASONS`."""
    return _closures(clip, opening) | _blinks(clip)


def _closures(clip: Clip, opening: Floats) -> dict[str, float]:
    known = np.isfinite(opening)
    shut = known & (np.nan_to_num(opening, nan=1.0) < CLOSED)
    found = [
        (start, stop)
        for start, stop in motion.runs(shut)
        if stop - start <= _LONGEST_CLOSURE and start > 0 and stop < len(opening) and known[start - 1] and known[stop]
    ]
    speed = motion.derivative(opening, 1)
    closing = [
        -float(np.nanmin(before))
        for start, _ in found
        if np.isfinite(before := speed[max(0, start - 3) : start + 1]).any()
    ]
    dips = [dip for start, stop in found if np.isfinite(dip := _dip(clip, start, stop))]
    return {
        "closure_s": float(np.mean([stop - start for start, stop in found])) / FPS if found else _NAN,
        "closing_speed": float(np.mean(closing)) if closing else _NAN,
        "closure_dip_db": float(np.mean(dips)) if dips else _NAN,
    }


def _dip(clip: Clip, start: int, stop: int) -> float:
    """Least level during a closure less the median around it, dB; NaN outside of speech."""
    near = slice(max(0, start - _AROUND), stop + _AROUND)
    level, speech = clip.level_db[near], clip.speech[near]
    if clip.silent or speech.mean() < 0.7 or not np.isfinite(level).all():
        return _NAN
    return float(clip.level_db[max(0, start - 1) : stop + 1].min() - np.median(level))


def _blinks(clip: Clip) -> dict[str, float]:
    lid = clip.blendshapes[:, [at.INDEX["eyeBlinkLeft"], at.INDEX["eyeBlinkRight"]]].mean(1)
    found = eyes.blinks(lid)
    deepest = [start + int(np.argmax(lid[start:stop])) for start, stop in found]
    falls, rises = [], []
    for (start, stop), at_deepest in zip(found, deepest, strict=True):
        half = lid[at_deepest] / 3  # the lid is open again at a third of the depth
        before = next((i for i in range(start, max(-1, start - eyes.LONGEST), -1) if not lid[i] > half), None)
        after = next((i for i in range(stop, min(len(lid), stop + eyes.LONGEST)) if not lid[i] > half), None)
        if before is not None and after is not None:
            falls.append(at_deepest - before)
            rises.append(after - at_deepest)
    apart = np.diff(deepest)
    return {
        "blink_shut_s": float(np.mean(falls)) / FPS if falls else _NAN,
        "blink_open_s": float(np.mean(rises)) / FPS if rises else _NAN,
        "blink_depth": float(np.mean(lid[deepest])) if found else _NAN,
        "blink_variation": float(np.std(apart) / np.mean(apart)) if len(apart) >= 3 else _NAN,
    }
