"""Are weak segments where a clip is weak? Overlap and average precision against spans that are known, and where weak begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tfq import timebase
from tfq.types import Floats, Mask, Span

SHIFTS = np.linspace(-4.0, 4.0, 41)  # logits that may be added to scores over time
FALSE_ALARM = 0.5  # overlap (IoU) that one segment a minute of clean clips is worth avoiding

HIT = 0.5  # overlap (IoU) from which a segment is counted as the span, as in temporal action detection


@dataclass(frozen=True)
class Told:
    """A segment that a model calls weak, and its score there: the lower, the surer."""

    span: Span
    mos: float


@dataclass(frozen=True)
class Spans:
    """One clip in one dimension: what the model tells, and where it is weak indeed."""

    told: Sequence[Told]
    true: Sequence[Span]


def overlap(clip: Spans) -> float:
    """Intersection over union of all time told with all time that is weak; NaN where neither is any."""
    edges = sorted({edge for span in _all(clip) for edge in (span.start_s, span.end_s)})
    both = either = 0.0
    for start, end in pairwise(edges):
        middle = (start + end) / 2
        told, true = (any(s.start_s <= middle < s.end_s for s in side) for side in (_told(clip), clip.true))
        both += (end - start) * (told and true)
        either += (end - start) * (told or true)
    return both / either if either else float("nan")


def average_precision(clips: Sequence[Spans], hit: float = HIT) -> float:
    """Area under precision over recall of segments, surest first; NaN where no clip has a weak span.

    A span is found once; a second segment over it is a false one. Precision is made monotone, as in PASCAL VOC 2010.
    """
    wanted = sum(len(clip.true) for clip in clips)
    if not wanted:
        return float("nan")
    found: set[tuple[int, int]] = set()
    right = []
    for i, told in sorted(
        ((i, one) for i, clip in enumerate(clips) for one in clip.told), key=lambda pair: pair[1].mos
    ):
        near = [(_iou(told.span, span), j) for j, span in enumerate(clips[i].true) if (i, j) not in found]
        best, place = max(near, default=(0.0, -1))
        right.append(best >= hit)
        if best >= hit:
            found.add((i, place))
    if not right:
        return 0.0
    hits = np.cumsum(right)
    precision: Floats = np.maximum.accumulate((hits / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float((precision * right).sum() / wanted)


def weak_from(
    time: Sequence[Floats], weak: Sequence[Mask], clean: Sequence[bool], find: Callable[[Floats], Mask]
) -> float:
    """What to add to the logits of scores over time, so that the segments found overlap best with what is weak.

    Scores of moments are drawn towards the clip's usual score, since most moments of most clips are good.

    Args:
        time: `[T]` scores of each clip in one dimension, on (1, 5).
        weak: `[T]` frames that are weak indeed; clips in which none or all are say nothing about when.
        clean: clips in which nothing should be found.
        find: from `[T]` scores to the frames of the segments that are told.

    Returns:
        Logits; 0 where no clip says anything.
    """
    mixed = [i for i, frames in enumerate(weak) if frames.any() and not frames.all()]
    good = [i for i, fine in enumerate(clean) if fine]
    if not mixed:
        return 0.0
    raw = [np.log((scores - 1) / (5 - scores)) for scores in (np.clip(one, 1.001, 4.999) for one in time)]
    minutes = sum(len(raw[i]) for i in good) / timebase.FPS / 60
    best, gain = 0.0, -np.inf
    for shift in SHIFTS[np.argsort(np.abs(SHIFTS))]:  # of equal ones the least
        told = {i: find(1 + 4 / (1 + np.exp(-raw[i] - shift))) for i in {*mixed, *good}}
        overlaps = float(np.mean([(told[i] & weak[i]).sum() / (told[i] | weak[i]).sum() for i in mixed]))
        alarms = sum(len(np.flatnonzero(np.diff(told[i].astype(np.int8), prepend=0) > 0)) for i in good)
        found = overlaps - FALSE_ALARM * alarms / max(minutes, 1e-9)
        if found > gain:
            best, gain = float(shift), found
    return best


def _all(clip: Spans) -> list[Span]:
    return [*_told(clip), *clip.true]


def _told(clip: Spans) -> list[Span]:
    return [one.span for one in clip.told]


def _iou(first: Span, second: Span) -> float:
    both = min(first.end_s, second.end_s) - max(first.start_s, second.start_s)
    return max(0.0, both) / (first.length_s + second.length_s - max(0.0, both)) if both > 0 else 0.0
