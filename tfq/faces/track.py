"""Detections become tracks: who is where over time, and which of them is to be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfq.faces.detect import Detections, overlap
from tfq.types import Boxes, Floats, Ints, Mask, Points

LEAST_SCORE = 0.6  # best detection score that a track needs
LEAST_SHARE = 0.02  # of the clip that a track needs, or one second
_MOST = 4  # faces that a viewer would choose from
_SILENT = 0.5  # weight of a face whose mouth does not go with the sound; one that does has this and 1 more


@dataclass(frozen=True)
class Track:
    """One face over `T` frames: `boxes` `[T, 4]`, `points` `[T, 5, 2]`, `scores` `[T]`; NaN where it is not there.

    Between detections boxes and points are filled in along straight lines, and `scores` is NaN.
    """

    boxes: Boxes
    points: Points
    scores: Floats

    @property
    def coverage(self) -> float:
        """Share of the frames in which the track has a box."""
        return float(np.isfinite(self.boxes[:, 0]).mean())


@dataclass
class _Open:
    frames: list[int] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


def link(
    found: Mapping[int, Detections], cuts: Sequence[int], length: int, least_overlap: float, max_gap: int
) -> list[Track]:
    """Join detections by overlap, with the assignment that is best over all faces of a frame (Kuhn 1955).

    Args:
        found: detections by frame.
        cuts: first frames of new scenes; no track goes across one.
        length: frames of the clip.
        least_overlap: IoU under which two boxes are not the same face.
        max_gap: frames after which a face that is not found again is gone.

    Returns:
        Tracks in the order in which they begin; flashes and weak finds are left out.
    """
    tracks: list[_Open] = []
    active: list[_Open] = []
    ends = sorted(cuts)
    for frame in sorted(found):
        active = [
            track
            for track in active
            if frame - track.frames[-1] <= max_gap and not any(track.frames[-1] < cut <= frame for cut in ends)
        ]
        taken = _match(active, found[frame], least_overlap)
        for i in range(len(found[frame])):
            if i not in taken:
                taken[i] = _Open()
                tracks.append(taken[i])
                active.append(taken[i])
            _extend(taken[i], frame, found[frame], i)
    least = min(25.0, max(2.0, LEAST_SHARE * length))
    kept = [
        t for t in tracks if max(t.scores) >= LEAST_SCORE and t.frames[-1] - t.frames[0] + 1 >= min(least, length / 2)
    ]
    return [_filled(track, length, ends) for track in kept]


def presence(tracks: Sequence[Track], area: float) -> Floats:
    """How much of a clip each track takes up, `[R]`: size times coverage.

    Size is the square root of the box's mean share of the picture, so that a face twice as wide counts twice.

    Args:
        tracks: of one clip.
        area: of the picture, in square pixels.
    """
    return np.array([np.sqrt(np.nanmean(_areas(track.boxes)) / area) * track.coverage for track in tracks])


def rivals(present: Floats) -> Mask:
    """Tracks `[R]` that could be judged if their voices were the best and all others' the worst; the largest few."""
    nearest = present * (_SILENT + 1) >= present.max(initial=0) * _SILENT
    return np.asarray(nearest & (present >= np.sort(present)[-_MOST:].min(initial=np.inf)))


def judged(present: Floats, voice: Floats) -> int:
    """The track that a viewer looks at: large, there most of the time, its mouth going with the sound.

    The rule is presence times (0.5 + voice).

    Args:
        present: `[R]` from `presence`.
        voice: `[R]` how well each mouth goes with the sound, 0-1; 0 where nothing is known.
    """
    return int(np.argmax(present * (_SILENT + voice)))


def _match(active: Sequence[_Open], found: Detections, least: float) -> dict[int, _Open]:
    """Which open track each detection continues."""
    if not active or not len(found):
        return {}
    shared = overlap(np.array([track.boxes[-1] for track in active]), found.boxes)
    rows, columns = _assigned(shared)
    return {int(c): active[int(r)] for r, c in zip(rows, columns, strict=True) if shared[r, c] >= least}


def _assigned(shared: Floats) -> tuple[Ints, Ints]:
    """Rows and columns of the pairs with the largest sum."""
    if min(shared.shape) == 1:  # one face, as in most clips: no reason for the 0.2 s that scipy takes to import
        row, column = np.unravel_index(np.argmax(shared), shared.shape)
        return np.array([row]), np.array([column])
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-shared)
    return rows, columns


def _extend(track: _Open, frame: int, found: Detections, i: int) -> None:
    track.frames.append(frame)
    track.boxes.append(found.boxes[i])
    track.points.append(found.points[i])
    track.scores.append(float(found.scores[i]))


def _filled(track: _Open, length: int, cuts: Sequence[int]) -> Track:
    """On every frame from the first detection to the last, and on to the next look unless a cut comes first."""
    every = int(np.median(np.diff(track.frames))) if len(track.frames) > 1 else 1
    first = max([cut for cut in (0, *cuts) if cut <= track.frames[0]])
    first = max(first, track.frames[0] - every + 1)
    stop = min([cut for cut in (*cuts, length) if cut > track.frames[-1]])
    stop = min(stop, track.frames[-1] + every)
    inside = np.arange(first, stop)
    rows = np.concatenate([np.reshape(track.boxes, (-1, 4)), np.reshape(track.points, (-1, 10))], axis=1)
    filled = np.stack([np.interp(inside, track.frames, column) for column in rows.T], axis=1)
    out = np.full((length, 14), np.nan, np.float32)
    out[inside] = filled
    scores = np.full(length, np.nan, np.float32)
    scores[track.frames] = track.scores
    return Track(out[:, :4], out[:, 4:].reshape(length, 5, 2), scores)


def _areas(boxes: Boxes) -> Floats:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
