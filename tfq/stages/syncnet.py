"""`tfq sync --compat syncnet`: the authors' network and formulas, over the boxes of `detect`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfq import timebase
from tfq.media.guarded import frames
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile
from tfq.sync import distance, offset, syncnet
from tfq.sync.cepstrum import mfcc
from tfq.types import Floats, Mask, Picture, Sound

if TYPE_CHECKING:
    from tfq.nets.syncnet import SyncNet

_BATCH = 8  # windows at a time
_COLUMNS = 20  # of MFCC under a window, four to a frame
_LEAST_WINDOWS = 10


def run(file: TfqFile, models: Models, stamp: Stamp, window: int) -> None:
    """Reads `extract`, `detect`; replaces `sync` with the distances and figures of the original.

    Row `t` of the distances is the window of five frames around frame `t`. Pairs outside the clip are left out of them;
    the figures are given both ways.
    """
    count = file.shape("extract/time_s")[0]
    table = np.full((count, 2 * syncnet.REACH + 1), np.nan, np.float32)
    status = _reason(file)
    info: dict[str, Any] = {"network": "syncnet", "offset_ms": None, "confidence": None}
    if not status:
        picture, sound = _embeddings(file, models)
        masked, padded = (syncnet.distances(picture, sound, padded=padded) for padded in (False, True))
        table[2 : 2 + len(masked)] = masked[:, ::-1]  # theirs run from late to early sound
        info |= _info(syncnet.evaluate(masked), syncnet.evaluate(padded), window)
        status = offset.AT_EDGE if info["offset_ms"] is None else offset.OK
    valid: Mask = np.asarray(np.isfinite(table).any(axis=1))
    curve, confidence = offset.over_time(table, valid, window)
    with file.replacing("sync", stamp) as group:
        group.put("offsets", distance.offsets(syncnet.REACH))
        group.put("distance", table)
        group.put("offset", curve)
        group.put("confidence", confidence)
        group.put("valid", valid)
        group.status = status
        group.info = info


def _reason(file: TfqFile) -> str:
    if not file.array("detect/valid").any():
        return "no_face"
    sound = file.array("extract/audio")
    if not len(sound):
        return "no_audio"
    windows = syncnet.window_count(file.shape("extract/time_s")[0], len(sound))
    return "" if windows >= _LEAST_WINDOWS else offset.TOO_SHORT


def _info(masked: syncnet.Syncnet, padded: syncnet.Syncnet, window: int) -> dict[str, Any]:
    named = {"masked": masked, "padded": padded}
    edge = abs(masked.offset) == syncnet.REACH
    return {
        "offset_ms": None if edge else timebase.milliseconds_of(masked.offset),
        "offset_frames": masked.offset,
        "positive": "audio_early",
        "confidence": masked.lse_c,
        "window_s": timebase.seconds_of(window),
        **{f"lse_c_{name}": figures.lse_c for name, figures in named.items()},
        **{f"lse_d_{name}": figures.lse_d for name, figures in named.items()},
        **{f"offset_{name}": figures.offset for name, figures in named.items()},
        "smooth_confidence": float(np.median(masked.smooth_confidence)),
    }


def _embeddings(file: TfqFile, models: Models) -> tuple[Floats, Floats]:
    """Of picture and sound, `[N, 1024]` each, one a window."""
    network = models.syncnet()
    sound = file.array("extract/audio")
    count = syncnet.window_count(file.shape("extract/time_s")[0], len(sound))
    heard = _sound(network, sound, count)
    seen = np.concatenate(list(_picture(network, _faces(file, models), count)))
    return seen, heard[: len(seen)]


def _sound(network: SyncNet, sound: Sound, count: int) -> Floats:
    import torch

    columns = mfcc(sound)
    starts = np.minimum(np.arange(count) * 4, len(columns) - _COLUMNS)
    windows = np.stack([columns[start : start + _COLUMNS].T for start in starts])[:, None]  # [N, 1, 13, 20]
    with torch.inference_mode():
        parts = [
            np.asarray(network.sound(torch.from_numpy(part)))
            for part in np.array_split(windows, len(windows) // 64 + 1)
        ]
    return np.concatenate(parts)


def _picture(network: SyncNet, faces: Iterator[Picture], count: int) -> Iterator[Floats]:
    """Embeddings of the first `count` windows, a batch at a time; only one batch of faces is held."""
    import torch

    held: list[Picture] = []
    done = 0
    for face in faces:
        held.append(face)
        ready = min(len(held) - syncnet.WINDOW + 1, count - done)
        if ready == _BATCH or (ready > 0 and done + ready == count):
            stack = np.stack([np.stack(held[i : i + syncnet.WINDOW]) for i in range(ready)])  # [B, 5, S, S, 3]
            with torch.inference_mode():
                yield np.asarray(network.picture(torch.from_numpy(stack).permute(0, 4, 1, 2, 3).float()))
            done += ready
            held = held[ready:]
        if done == count:
            return


def _faces(file: TfqFile, models: Models) -> Iterator[Picture]:
    """The authors' crop of each frame, BGR."""
    boxes = np.where(
        file.array("detect/valid")[:, None], file.array("detect/boxes")[file.info("detect")["judged_track"]], np.nan
    )
    squares = syncnet.face_squares(boxes)
    for frame, picture in frames(open_source(file), file.array("extract/picture"), threads=models.threads or 0):
        yield syncnet.face_crop(picture, squares[frame])[:, :, ::-1]
