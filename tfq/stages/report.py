"""One HTML page for one scored file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfq.config import DIMENSIONS
from tfq.errors import InputError
from tfq.media.guarded import frames
from tfq.report.figures import Tracks, over_time
from tfq.report.page import Still, page
from tfq.stages import curves
from tfq.stages.score import result
from tfq.stages.source import open_source
from tfq.store import TfqFile
from tfq.types import Picture

MOST_STILLS = 8
WIDTH = 480  # of a still, in pixels
_RED = (207, 34, 46)


def report(file: TfqFile, out: Path, name: str) -> None:
    """Reads every group; writes the page.

    Args:
        file: a file whose `score` group is there.
        out: the page.
        name: what the clip is called in it.
    """
    judged = result(file, name)
    text = page(judged, _figure(file, judged), _stills(file, judged))
    try:
        out.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from error


def _figure(file: TfqFile, judged: dict[str, Any]) -> str:
    known = curves.read(file)
    lines = {"mouth opening": "mouth_opening", "offset (frames)": "offset", "DNSMOS": "dnsmos_ovrl"}
    return over_time(
        Tracks(
            sound=file.array("extract/audio"),
            speech=file.array("audio/speech"),
            lines={title: known[curve] for title, curve in lines.items() if curve in known},
            scores=file.array("score/over_time"),
            dimensions=DIMENSIONS,
            weak=[(s["start_s"], s["end_s"], s["dimension"]) for s in judged["weak_segments"]],
        )
    )


def _stills(file: TfqFile, judged: dict[str, Any]) -> list[Still]:
    """The worst frame of each weak segment with its box; of a clip without any, one frame from the middle."""
    times = file.array("extract/time_s")
    wanted: dict[int, tuple[str, list[int] | None]] = {}
    for segment in judged["weak_segments"][:MOST_STILLS]:
        frame = int(np.abs(times - segment["worst_frame_s"]).argmin())
        wanted.setdefault(frame, (f"{times[frame]:.2f} s: {segment['reason']}", segment["box_px"]))
    if not wanted:
        wanted[len(times) // 2] = (f"{times[len(times) // 2]:.2f} s", None)
    stills, last = [], max(wanted)
    for frame, picture in frames(open_source(file), file.array("extract/picture"), stop=last + 1):
        if frame in wanted:
            caption, box = wanted[frame]
            stills.append(Still(caption, _jpeg(picture, box)))
    return stills


def _jpeg(picture: Picture, box: list[int] | None) -> bytes:
    import cv2

    drawn = picture.copy()
    if box is not None:
        cv2.rectangle(drawn, (box[0], box[1]), (box[2], box[3]), _RED, max(1, picture.shape[1] // 240))
    scale = min(1.0, WIDTH / picture.shape[1])
    small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return bytes(coded.tobytes())
