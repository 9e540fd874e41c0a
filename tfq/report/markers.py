"""Weak segments for editors and players: an edit decision list, and chapters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfq import timebase
from tfq.errors import UsageError
from tfq.report.language import ENGLISH, Language
from tfq.report.words import TITLES

Result = Mapping[str, Any]


def as_edl(results: Sequence[Result], say: Language = ENGLISH) -> str:
    """A CMX 3600 list at 25 frames a second that cuts the weak segments of all clips together, each with its reason."""
    lines, at = ["TITLE: tfq weak segments", "FCM: NON-DROP FRAME"], 0
    pieces = [(result["file"], segment) for result in results for segment in result["weak_segments"]]
    for number, (name, segment) in enumerate(pieces, 1):
        start, end = (round(timebase.frames_of(1000 * segment[key])) for key in ("start_s", "end_s"))
        track = "A" if segment["dimension"] == "audio_quality" else "V"
        times = [start, end, at, at + end - start]
        lines += ["", f"{number:03d}  AX       {track}     C        {' '.join(map(_timecode, times))}"]
        lines += [f"* FROM CLIP NAME: {_line(name)}", f"* COMMENT: {_line(_title(segment, say))}"]
        at = times[-1]
    return "\n".join(lines) + "\n"


def as_chapters(results: Sequence[Result], say: Language = ENGLISH) -> str:
    """The weak segments of one clip as chapters in FFmpeg's metadata format; where several overlap, one names them all.

    Raises:
        UsageError: there is more than one clip.
    """
    if len(results) != 1:
        raise UsageError(f"chapters are those of one clip, but {len(results)} were judged; --format edl takes several")
    lines = [";FFMETADATA1"]
    for start, end, title in _chapters(results[0]["weak_segments"], say):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}"]
        lines += ["title=" + re.sub(r"([=;#\\])", r"\\\1", _line(title))]
    return "\n".join(lines) + "\n"


def _chapters(weak: Sequence[Mapping[str, Any]], say: Language) -> Iterator[tuple[int, int, str]]:
    """Start and end in milliseconds, and the title, of stretches that do not overlap."""
    spans = [(round(1000 * piece["start_s"]), round(1000 * piece["end_s"]), _title(piece, say)) for piece in weak]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    for start, end in itertools.pairwise(edges):
        if titles := [title for first, last, title in spans if first <= start and end <= last]:
            yield start, end, " + ".join(titles)


def _title(segment: Mapping[str, Any], say: Language) -> str:
    return f"{say(TITLES[segment['dimension']])} {segment['mos']:.1f}: {say(segment['reason'])}"


def _timecode(frames: int) -> str:
    seconds, frame = divmod(frames, timebase.FPS)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"


def _line(text: str) -> str:
    """Text that stays on its line."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
