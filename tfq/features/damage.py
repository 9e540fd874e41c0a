"""What a transmission, or a generator, leaves of time: gaps, stalls, lost rate, torn and bursting pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfq import timebase
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.picture import SAME
from tfq.features.series import window_share
from tfq.timebase import FPS
from tfq.types import Floats, Ints, Mask, Pictures

_STALL_S = 0.1  # a picture that stays longer is a stall; a source of 12 pictures a second has none
_BLOCKS = 8  # to a side of the crop
_AT_ONCE = 64  # crops held as floats at one time
_BURST = 1.5  # octaves by which a block's change exceeds its own usual one and the face's: a patch, not a motion
_LONG_S = 2.0  # where a row's lengths end: a longer stall is no worse for the moment
_STEP = 4.0  # grey levels: edges lower than this are noise
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class _Pictures:
    """The source's pictures that the grid shows, `P` of them, in order; what it skips is not missing.

    `of_frame` `[T]`: which of them a frame shows. `stay_s` `[P]`: from its stamp to the next picture's. `fresh` `[P]`:
    its content is not the one before. `usual_s`: from one stamp to the next.
    """

    of_frame: Ints
    start_s: Floats
    stay_s: Floats
    fresh: Mask
    usual_s: float


def measure(clip: Clip) -> Found:
    """Time from the source's stamps and the pictures' contents; damage inside pictures from blocks of the crops."""
    blocks, rows = _changes(clip)
    # NaN: no face to look at, so the stamps decide.
    shown = _pictures(clip, ~(clip.repeated | (blocks.mean(1) < SAME)))
    burst, spike = _burst(np.where(clip.repeated[:, None], np.nan, blocks))
    content = np.maximum(np.cumsum(shown.fresh) - 1, 0)
    held = np.bincount(content, shown.stay_s)  # s that each content stays
    fresh = np.zeros(clip.length, bool)
    fresh[np.searchsorted(shown.of_frame, np.flatnonzero(shown.fresh))] = True
    begun = shown.start_s[shown.fresh][content][shown.of_frame]
    age = timebase.frame_times(clip.length) - begun - max(shown.usual_s, 1 / FPS)
    stalled = held > max(_STALL_S, 1.5 * shown.usual_s)
    values = {
        "broken": clip.broken.astype(np.float64),
        "black": clip.black.astype(np.float64),
        "gap_s": np.minimum(shown.stay_s, _LONG_S)[shown.of_frame],
        "held_s": np.minimum(held, _LONG_S)[content][shown.of_frame],
        "age_s": np.clip(age, 0, _LONG_S),
        "fresh_rate": FPS * window_share(fresh, FPS),
        "stalled_share": window_share(stalled[content][shown.of_frame], FPS),
        "spike": spike,
        "burst": burst.max(1),
        "burst_share": np.where(np.isnan(spike), np.nan, (burst > _BURST).mean(1)),
        "tear": _tear(rows),
    }
    summary = {**_time_summary(clip, shown, held, stalled, fresh), **_picture_summary(values)}
    absent = {} if clip.face.any() else dict.fromkeys(_OF_PICTURES, "no_face")
    return Found(values, summary, np.ones(clip.length, bool), absent)


def _pictures(clip: Clip, fresh: Mask) -> _Pictures:
    first = np.flatnonzero(np.diff(clip.picture, prepend=clip.picture[:1] - 1))
    times, steps = clip.source_time_s[first], np.diff(clip.picture[first])
    times = np.where(np.isfinite(times), times, timebase.frame_times(clip.length)[first])
    apart = np.diff(times)
    usual = float(np.median(apart / steps)) if len(apart) else 1 / FPS
    # Between two that are shown may lie some that the grid skips; their time is not the first one's.
    stay = np.append(np.maximum(apart - (steps - 1) * usual, 0), max(usual, clip.length / FPS - times[-1]))
    new = fresh[first]
    new[0] = True
    return _Pictures(np.searchsorted(first, np.arange(clip.length), side="right") - 1, times, stay, new, usual)


def _changes(clip: Clip) -> tuple[Floats, Floats]:
    """`[T, 64]` mean change of each block of the crop against the crop before, and `[T, S - 1]` edges between its rows;
    NaN where there is no face, or none before.
    """
    blocks, rows = [], []
    for crops, before in _with_one_before(clip.crops()):
        luma = np.concatenate([before, crops]).astype(np.float32) @ _LUMA
        step = np.full((len(luma), _BLOCKS, _BLOCKS), np.nan, np.float32)
        step[1:] = _by_block(np.abs(np.diff(luma, axis=0)))
        blocks.append(step[len(before) :].reshape(len(crops), -1))
        rows.append(_row_edges(luma[len(before) :]))
    change = np.concatenate(blocks).astype(np.float64)
    edges = np.concatenate(rows).astype(np.float64)
    lost = ~clip.face
    change[lost | np.concatenate([[True], lost[:-1]])] = np.nan
    edges[lost] = np.nan
    return change, edges


def _with_one_before(pieces: Iterator[Pictures]) -> Iterator[tuple[Pictures, Pictures]]:
    before: Pictures | None = None
    for piece in pieces:
        for start in range(0, len(piece), _AT_ONCE):
            crops = piece[start : start + _AT_ONCE]
            yield crops, crops[:0] if before is None else before
            before = crops[-1:]


def _by_block(luma: Floats) -> Floats:
    """Means `[t, 8, 8]` of `[t, S, S]`; what does not fill a block at the end is left out."""
    side = luma.shape[1] // _BLOCKS
    cut = luma[:, : side * _BLOCKS, : side * _BLOCKS]
    return np.asarray(cut.reshape(len(luma), _BLOCKS, side, _BLOCKS, side).mean((2, 4)))


def _row_edges(luma: Floats) -> Floats:
    """Mean size of the step between neighbouring rows `[t, S - 1]`: a picture torn across has one row of them."""
    return np.asarray(np.abs(np.diff(luma, axis=1)).mean(2))


def _burst(blocks: Floats) -> tuple[Floats, Floats]:
    """Octaves by which each block changes more than it usually does, `[T, 64]`, beyond what the middle block does,
    and `[T]` that of the middle block: a patch bursts, a jump of the whole picture spikes.
    """
    known = np.isfinite(blocks[:, 0])
    if not known.any():
        return np.full_like(blocks, np.nan), np.full(len(blocks), np.nan)
    octaves = np.log2((blocks + 1) / (np.median(blocks[known], 0) + 1))
    middle = np.median(octaves, 1)
    return octaves - middle[:, None], middle


def _tear(rows: Floats) -> Floats:
    """Octaves by which the sharpest edge across the crop exceeds that row's usual one and the picture's, `[T]`."""
    known = np.isfinite(rows[:, 0])
    if not known.any():
        return np.full(len(rows), np.nan)
    octaves = np.log2((rows + _STEP) / (np.median(rows[known], 0) + _STEP))
    return np.asarray(octaves.max(1) - np.median(octaves, 1))


def _time_summary(clip: Clip, shown: _Pictures, held: Floats | Ints, stalled: Mask, fresh: Mask) -> dict[str, float]:
    seconds = clip.length / FPS
    gaps = shown.stay_s[:-1] > 1.5 * shown.usual_s
    lost = (shown.stay_s[:-1] - shown.usual_s)[gaps].sum()
    stalls = held[stalled]
    return {
        "repeated_share": float(clip.repeated.mean()),
        "broken_share": float(clip.broken.mean()),
        "black_share": float(clip.black.mean()),
        "decoder_errors": clip.decoder_errors / seconds,
        "missing_share": float(lost) / seconds,
        "gaps": float(gaps.sum()) / seconds,
        "longest_gap_s": float(shown.stay_s.max()),
        "fresh_rate_mean": float(fresh.sum()) / seconds,
        "fresh_rate_low": float(np.quantile(window_share(fresh, FPS), 0.05)) * FPS,
        "stalls": len(stalls) / seconds,
        "stalled_share": float(stalls.sum()) / seconds,
        "stall_s": float(stalls.mean()) if len(stalls) else 0.0,
        "longest_stall_s": float(stalls.max(initial=0.0)),
        "unevenness": float(held.std() / held.mean()),
    }


def _picture_summary(values: dict[str, Floats]) -> dict[str, float]:
    known = values["spike"][np.isfinite(values["spike"])]
    return {
        "spike_peak": motion.spread(values["spike"], 0.5, 0.98),
        "spikes": float((known > 1).sum()) * FPS / len(known) if len(known) else float("nan"),
        "burst_mean": motion.mean(values["burst"]),
        "burst_peak": motion.spread(values["burst"], 0.5, 0.98),
        "burst_share_mean": motion.mean(values["burst_share"]),
        "tear_mean": motion.mean(values["tear"]),
        "tear_peak": motion.spread(values["tear"], 0.5, 0.98),
    }


_OF_PICTURES = ("spike_peak", "spikes", "burst_mean", "burst_peak", "burst_share_mean", "tear_mean", "tear_peak")
_OCT = "octaves"

MEASUREMENT = Measurement(
    name="damage",
    about="Gaps, stalls, lost rate of pictures, decoder damage; patches and tears inside pictures.",
    columns=(
        Column("broken", "", 0, 1, "lower", "The decoder reported damage, or no picture covers the frame."),
        Column("black", "", 0, 1, "lower", "The picture is black."),
        Column("gap_s", "s", 0, _LONG_S, "lower", "From the stamp of the picture shown to that of the next."),
        Column("held_s", "s", 0, _LONG_S, "lower", "How long the content shown stays, new stamps or not."),
        Column("age_s", "s", 0, _LONG_S, "lower", "By how much the content shown is older than it should get."),
        Column("fresh_rate", "1/s", 0, FPS, "higher", "Pictures of new content in the second around."),
        Column("stalled_share", "", 0, 1, "lower", f"Share of that second in stalls of over {_STALL_S} s."),
        Column("spike", _OCT, -2, 4, "lower", "Change of the whole crop over its usual change."),
        Column("burst", _OCT, 0, 5, "lower", "The same of the one of 64 blocks that stands out most."),
        Column("burst_share", "", 0, 1, "lower", "Share of blocks that stand out."),
        Column("tear", _OCT, 0, 4, "lower", "An edge across the crop that is usually not there."),
    ),
    clip_columns=(
        Column("repeated_share", "", 0, 1, "lower", "Share of frames that repeat the source picture."),
        Column("broken_share", "", 0, 1, "lower", "Share of damaged frames."),
        Column("black_share", "", 0, 1, "lower", "Share of black frames."),
        Column("decoder_errors", "1/s", 0, 25, "lower", "Packets that gave no picture, and damaged pictures."),
        Column("missing_share", "", 0, 1, "lower", "Share of the source's pictures that gaps of stamps swallowed."),
        Column("gaps", "1/s", 0, 5, "lower", "Gaps of stamps of over one and a half usual steps."),
        Column("longest_gap_s", "s", 0, 5, "lower", "The longest step of the stamps."),
        Column("fresh_rate_mean", "1/s", 0, FPS, "higher", "Pictures of new content a second."),
        Column("fresh_rate_low", "1/s", 0, FPS, "higher", "Its 5 % quantile over seconds."),
        Column("stalls", "1/s", 0, 5, "lower", f"Stalls: contents that stay for over {_STALL_S} s."),
        Column("stalled_share", "", 0, 1, "lower", "Share of time in stalls."),
        Column("stall_s", "s", 0, 2, "lower", "Mean length of a stall; 0: there is none."),
        Column("longest_stall_s", "s", 0, 10, "lower", "The longest stall; 0: there is none."),
        Column("unevenness", "", 0, 3, "lower", "Deviation over mean of how long contents stay."),
        Column("spike_peak", _OCT, 0, 4, "lower", "98 % quantile of the spike over its median."),
        Column("spikes", "1/s", 0, 5, "lower", "Frames that change over twice as much as usual."),
        Column("burst_mean", _OCT, 0, 3, "lower", "Mean burst."),
        Column("burst_peak", _OCT, 0, 4, "lower", "98 % quantile of the burst over its median."),
        Column("burst_share_mean", "", 0, 1, "lower", "Mean share of blocks that stand out."),
        Column("tear_mean", _OCT, 0, 2, "lower", "Mean tear."),
        Column("tear_peak", _OCT, 0, 3, "lower", "98 % quantile of the tear over its median."),
    ),
    needs=("picture",),
    method="stalls and rate as in ITU-T P.1201 and P.1203; blocks and tears are tfq's own",
    cost="medium",
    function=measure,
)
