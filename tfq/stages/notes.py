"""What a user is told of a clip that can be judged, where tfq had to choose or the clip is not as most are."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tfq.store import TfqFile

_LIES_DEG = 60  # of roll, from which a face lies on its side


def of(file: TfqFile, ran: Collection[str]) -> str:
    """One sentence on what these stages found; empty where there is nothing to tell."""
    notes = {"extract": _streams, "detect": _faces, "align": _turned}
    return "; ".join(told for stage, note in notes.items() if stage in ran and (told := note(file)))


def _streams(file: TfqFile) -> str:
    """Which of several streams were taken."""
    info = file.info("extract")
    videos, sounds = int(info.get("video_streams", 1)), int(info.get("audio_streams", 1))
    held = [f"{count} {kind}s" for count, kind in ((videos, "video"), (sounds, "sound")) if count > 1]
    return f"holds {' and '.join(held)}; those that a player starts with are judged" if held else ""


def _faces(file: TfqFile) -> str:
    """Which of several faces was taken."""
    info = file.info("detect")
    if info.get("tracks", 0) < 2:
        return ""
    return (
        f"{info['tracks']} faces were found (or one in pieces); number {info['judged_track']} is judged, "
        f"which is there {100 * info['coverage']:.0f} % of the time; see --track"
    )


def _turned(file: TfqFile) -> str:
    """Whether the face lies on its side, as in a video whose rotation flag was lost."""
    if not file.has("align/pose"):  # the group says why
        return ""
    roll = np.abs(file.array("align/pose")[:, 2])
    known = roll[np.isfinite(roll)]
    return "the face lies on its side" if len(known) and np.median(known) > _LIES_DEG else ""
