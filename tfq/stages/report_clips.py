"""Clips for the rating page: the source's own bytes where browsers can play them, else encoded anew at its own size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tfq import disk
from tfq.errors import InputError
from tfq.media.facts import Source
from tfq.media.guarded import frames
from tfq.media.writer import write
from tfq.report.rate import Rated
from tfq.stages.source import open_source
from tfq.store import TfqFile
from tfq.types import Picture

_PICTURES = ("h264", "vp8", "vp9", "av1")
_SOUNDS = ("", "aac", "mp3", "opus", "vorbis")


def rated(file: TfqFile, name: str) -> Rated:
    """Reads `extract`; a clip to rate. What people judge must not be touched where that can be avoided."""
    info = file.info("extract")
    content = _bytes(open_source(file))
    kind = "video/mp4" if content[4:8] == b"ftyp" else "video/webm" if content[:4] == b"\x1aE\xdf\xa3" else ""
    if kind and info.get("video_codec") in _PICTURES and (info.get("audio_codec") or "") in _SOUNDS:
        return Rated(Path(name).name, content, kind)
    sound = file.array("extract/audio")
    with disk.folder() as folder:
        path = folder / "clip.mp4"
        write(path, _grid(file), sound if len(sound) else None)
        return Rated(Path(name).name, path.read_bytes(), "video/mp4")


def _bytes(source: Source) -> bytes:
    try:
        return source.read_bytes() if isinstance(source, Path) else source.read()
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror})") from error


def _grid(file: TfqFile) -> Iterator[Picture]:
    """Pictures on the grid; the last one stays on show where there is none."""
    last, written = None, 0
    for frame, picture in frames(open_source(file), file.array("extract/picture")):
        for _ in range(written, frame):
            yield picture if last is None else last
        yield picture
        last, written = picture, frame + 1
