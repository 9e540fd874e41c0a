"""Time stamps as files give them, put right."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats

STRAY = 10  # pictures in a row whose stamps may be wrong before the clock of the file is taken to have been set back
LONGEST_S = 3600.0  # no picture is shown for longer: a wrapped or reset clock jumps by hours


def rising(stamps: Floats, step: float) -> tuple[Floats, float]:
    """Time stamps that rise strictly, and the usual step between them.

    A few stamps that stray to either side are replaced by their neighbours' mean, so that one wrong stamp does not
    shift everything after it against the sound. A clock that is set back for good goes on at the usual step.

    Args:
        stamps: `[P]` in seconds, in the order the pictures are shown; NaN: the file gives none.
        step: seconds from one picture to the next where stamps do not tell.

    Returns:
        `[P]` times in seconds on the clock of the first stamps, and the median step in seconds.
    """
    steps = np.diff(stamps)
    good = steps[(steps > 0) & (steps < LONGEST_S)]
    usual = float(np.median(good)) if len(good) else step
    times, shift = np.zeros(len(stamps)), 0.0
    kept: list[int] = []
    for index in np.flatnonzero(np.isfinite(stamps)):
        value = stamps[index] + shift
        if kept and not 0 < value - times[kept[-1]] <= LONGEST_S:
            late = stamps[index : index + STRAY + 1] + shift > times[kept[-1]]
            behind = int(np.argmax(late)) if late.any() else STRAY + 1
            ahead = int(np.sum(times[kept[-STRAY - 1 :]] >= value))
            if value > times[kept[-1]] or min(ahead, behind) > STRAY:
                shift += times[kept[-1]] + usual * (index - kept[-1]) - value
                value = stamps[index] + shift
            elif behind <= ahead:
                continue
            else:
                del kept[-ahead:]
        times[index] = value
        kept.append(int(index))
    return _filled(times, kept, usual), usual


def _filled(times: Floats, kept: list[int], usual: float) -> Floats:
    """Times between kept ones on a straight line, those outside them at the usual step."""
    if not kept:
        return np.arange(len(times)) * usual
    every = np.arange(len(times))
    inside = np.interp(every, kept, times[kept])
    return inside + usual * (np.minimum(every - kept[0], 0) + np.maximum(every - kept[-1], 0))
