"""What a page draws over the picture and over time, packed small enough to travel inside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfq import timebase
from tfq.types import Floats, Mask, Sound

POINTS = 1500  # of a curve: more than a screen is wide
ABSENT = -32768
UNIT = 4  # steps a pixel that landmarks are rounded to
_ROWS = 1500

# Outlines of MediaPipe's face mesh, in drawing order: lips, eyes, oval, and the brows, which are open lines.
_OUTLINES = tuple(
    tuple(int(point) for point in line.split())
    for line in (
        "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
        "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
        "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246",
        "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466",
        "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 "
        "152 148 176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
        "46 53 52 65 55",
        "276 283 282 295 285",
    )
)
_CLOSED = 5
OUTLINES = [{"count": len(points), "closed": i < _CLOSED} for i, points in enumerate(_OUTLINES)]
_CHOSEN = [point for outline in _OUTLINES for point in outline]


def landmarks(points: Floats) -> dict[str, Any]:
    """Outlines of the face from `[T, 478, 2]` px (NaN: no face): every `step`-th frame, in quarter pixels."""
    return {**_packed(points[:, _CHOSEN] * UNIT), "unit": UNIT}


def boxes(found: Floats) -> dict[str, Any]:
    """Boxes `[T, 4]` px, NaN: not there, likewise in whole pixels."""
    return _packed(found)


def _packed(values: Floats) -> dict[str, Any]:
    step = max(1, -(-len(values) // _ROWS))
    kept = values[::step]
    whole = np.where(np.isfinite(kept), np.clip(np.round(np.nan_to_num(kept)), -32000, 32000), ABSENT).astype("<i2")
    return {"packed": base64.b64encode(whole.tobytes()).decode(), "rows": len(whole), "step": step}


def curve(values: Floats, digits: int = 3) -> list[float | None]:
    """A curve `[T]` thinned to `POINTS` by means; None where nothing was measured."""
    pieces = np.array_split(np.asarray(values, float), min(len(values), POINTS)) if len(values) else []
    return [round(float(np.nanmean(piece)), digits) if np.isfinite(piece).any() else None for piece in pieces]


def wave(sound: Sound) -> dict[str, list[float]]:
    """Lowest and highest sample of each piece, relative to the loudest."""
    pieces = np.array_split(sound, min(len(sound), POINTS)) if len(sound) else []
    peak = max(float(np.abs(sound).max(initial=0.0)), 1e-6)
    return {
        "low": [round(float(piece.min()) / peak, 2) for piece in pieces],
        "high": [round(float(piece.max()) / peak, 2) for piece in pieces],
    }


def spans(mask: Mask) -> list[tuple[float, float]]:
    """Start and end in seconds of each run of True in `[T]`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(timebase.seconds_of(int(a)), timebase.seconds_of(int(b))) for a, b in edges.reshape(-1, 2)]


def limits(values: Floats, least: Sequence[float] = ()) -> tuple[float, float]:
    """Ends of an axis: what is measured, and at least the range from the first to the last of `least`."""
    known = [*values[np.isfinite(values)].tolist(), *least]
    return (min(known), max(known)) if known else (0.0, 1.0)
