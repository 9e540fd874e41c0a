"""Which of several faces speaks: how well each mouth goes with the sound, as the sync network hears and sees it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from tfq import timebase
from tfq.config import AlignConfig, SyncConfig
from tfq.faces.landmarks import MISSING, Face, Finder
from tfq.faces.mouth import mouth_crop
from tfq.faces.track import Track
from tfq.media.guarded import frames
from tfq.models.runtime import Models
from tfq.models.sync import WHISPER
from tfq.stages.source import open_source
from tfq.stages.sync import NETWORK, speech_rows
from tfq.store import TfqFile
from tfq.sync import distance
from tfq.sync.embed import embed_picture, embed_sound
from tfq.sync.geometry import mouth_shape
from tfq.types import Boxes, Floats, Picture, Pictures

LONGEST = 375  # frames that are looked at; whoever talks does so within a quarter of a minute
LEAST_FRAMES = 25  # with a face and sound, under which nothing can be said
SURE = 0.3  # confidence; on 23 pairs of faces side by side speakers had 0.11 to 0.50, the others 0.04 to 0.21


def voices(file: TfqFile, tracks: Sequence[Track], cuts: Sequence[int], models: Models) -> Floats:
    """How well each mouth goes with the sound, `[R]` from 0 to 1; 0 where too little is seen.

    SyncNet's confidence (Chung and Zisserman 2016), the median less the least of the mean distances over offsets, as a
    share of what a mouth in sync has.
    """
    model = models.sync(NETWORK)
    seen = _look(file, tracks, cuts, models)
    count = len(seen[0][1])
    speech, mel = speech_rows(file.array("extract/audio")[: timebase.samples_of(count)], WHISPER, model.layers, models)
    sound = embed_sound(model.network, speech, mel, count)
    found = [_confidence(embed_picture(model.network, shape, crops), sound) for shape, crops in seen]
    return np.clip(np.array(found) / SURE, 0.0, 1.0)


def _confidence(picture: Floats, sound: Floats) -> float:
    table = distance.distances(picture, sound, SyncConfig().reach)
    measured = np.asarray(np.isfinite(table).any(axis=1))
    if measured.sum() < LEAST_FRAMES:
        return 0.0
    mean = distance.overall(table, measured)
    return float(np.nanmedian(mean) - np.nanmin(mean))


def _look(file: TfqFile, tracks: Sequence[Track], cuts: Sequence[int], models: Models) -> list[tuple[Floats, Pictures]]:
    """Shape and crops of each track's mouth, as `align` keeps them for the judged one."""
    seen: list[list[Face]] = [[] for _ in tracks]
    crops: list[list[Picture]] = [[] for _ in tracks]
    with ExitStack() as landmarkers:
        finders: list[Finder] = []
        for frame, picture in frames(
            open_source(file), file.array("extract/picture"), threads=models.threads or 0, lent=True
        ):
            if frame == LONGEST:
                break
            if frame in cuts or not finders:  # the landmarker's tracker remembers
                landmarkers.close()
                finders = [Finder(landmarkers.enter_context(models.landmarker()), AlignConfig().reach) for _ in tracks]
            for i, (track, finder) in enumerate(zip(tracks, finders, strict=True)):
                face = _face(finder, picture, track.boxes[frame], frame)
                seen[i].append(face)
                crops[i].append(mouth_crop(picture, face.points))
    shapes = [mouth_shape(np.array([f.points for f in one]), np.array([f.blendshapes for f in one])) for one in seen]
    return [(shape, np.array(mouths)) for shape, mouths in zip(shapes, crops, strict=True)]


def _face(finder: Finder, picture: Picture, box: Boxes, frame: int) -> Face:
    found = finder.find(picture, box, round(timebase.milliseconds_of(frame))) if np.isfinite(box[0]) else None
    return found or MISSING
