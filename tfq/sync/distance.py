"""From embeddings of picture and sound to distances over offsets, and their means over windows of time."""

from __future__ import annotations

import numpy as np

from tfq.types import Floats, Ints, Mask


def offsets(reach: int) -> Ints:
    """The offsets tried, `[2 reach + 1]` frames; positive: the sound is early."""
    return np.arange(-reach, reach + 1, dtype=np.int32)


def distances(picture: Floats, sound: Floats, reach: int) -> Floats:
    """Cosine distance between each picture and the sound at each offset.

    Sound that is early by `o` frames holds at frame `t - o` what belongs to picture `t`.

    Args:
        picture: `[T, E]` unit vectors; NaN rows: no face.
        sound: `[T, E]` unit vectors; NaN rows: no sound.
        reach: offsets from `-reach` to `reach` are tried.

    Returns:
        `[T, 2 reach + 1]` float32, 0-2; NaN where the sound would lie outside the clip, or either side is missing.
    """
    count = len(picture)
    partners = np.arange(count)[:, None] - offsets(reach)
    inside = (partners >= 0) & (partners < len(sound))
    table = np.full(partners.shape, np.nan, np.float32)
    for column in range(2 * reach + 1):
        rows = np.flatnonzero(inside[:, column])
        table[rows, column] = 1 - np.einsum("te,te->t", picture[rows], sound[partners[rows, column]])
    return table


def pooled(distance: Floats, usable: Mask, length: int) -> tuple[Floats, Ints]:
    """Mean distances over the window around each frame.

    Args:
        distance: `[T, O]`; NaN: not measured.
        usable: `[T]` frames that take part.
        length: frames in a window.

    Returns:
        `[T, O]` means over the window's usable frames, NaN where fewer than half of them were measured at that offset;
        and `[T]` usable frames in each window.
    """
    used = np.where(usable[:, None], distance, np.nan)
    measured = np.isfinite(used)
    total = _window_sums(np.where(measured, used, 0.0), length)
    amount = _window_sums(measured.astype(np.float64), length)
    frames = _window_sums(usable[:, None].astype(np.float64), length)
    enough = (amount > 0) & (amount >= frames / 2)
    means = np.divide(total, amount, out=np.full(total.shape, np.nan), where=enough)
    return means.astype(np.float32), np.rint(frames[:, 0]).astype(np.int32)


def overall(distance: Floats, usable: Mask) -> Floats:
    """Mean distance `[O]` over all usable frames; NaN where fewer than half of them were measured."""
    used = distance[usable]
    amount = np.isfinite(used).sum(axis=0)
    enough = (amount > 0) & (amount >= len(used) / 2)
    return np.asarray(np.divide(np.nansum(used, axis=0), amount, out=np.full(amount.shape, np.nan), where=enough))


def _window_sums(rows: Floats, length: int) -> Floats:
    """Sums over `length` rows around each row, fewer at the ends."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    first = np.arange(len(rows)) - (length - 1) // 2
    return np.asarray(sums[np.clip(first + length, 0, len(rows))] - sums[np.clip(first, 0, len(rows))])
