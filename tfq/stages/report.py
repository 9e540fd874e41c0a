"""One HTML page for one scored file, and its curves as figures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tfq import disk, timebase
from tfq.audio import spectrum
from tfq.config import DIMENSIONS
from tfq.errors import InputError
from tfq.media.guarded import frames
from tfq.media.writer import write
from tfq.report import figures, figures_many, overlay, page
from tfq.report.formats import segment_text
from tfq.report.language import ENGLISH, Language
from tfq.report.moved import moved
from tfq.report.words import TITLES
from tfq.stages import curves
from tfq.stages.score import result
from tfq.stages.source import open_source
from tfq.store import TfqFile
from tfq.types import Floats, Picture, Sound

MOST_STILLS = 8
WIDTH = 480  # of pictures in a page, in pixels
VIDEO_BYTES = 2_200_000  # of the clip inside a page, which base64 makes a third longer
SOUND_RATE = 48_000  # bits a second, of mono sound
BEST_RATE, WORST_RATE = 700_000, 60_000  # bits a second of pictures; under the worst, stills tell more
_GREY, _LOUDEST_DB, _RANGE_DB = 255, -15.0, 75.0


def report(file: TfqFile, out: Path, name: str, say: Language = ENGLISH, at: float | None = None) -> dict[str, Any]:
    """Reads every group; writes the page and returns the file's result.

    Args:
        file: a file whose `score` group is there.
        out: the page.
        name: what the clip is called in it.
        say: the language.
        at: the moment that the page opens at, in seconds; None: its beginning.
    """
    judged = result(file, name)
    content = page.ClipPage(
        judged, {**_data(file, judged, say), "at": at}, _indicators(judged), *_shown(file, judged, say)
    )
    save(out, page.clip_page(content, say))
    return judged


def draw(file: TfqFile, folder: Path, stem: str, say: Language = ENGLISH) -> None:
    """Reads every group; writes what the page draws to `FOLDER/STEM.png` and `.svg`, and `STEM-moved` beside them."""
    known, judged, sound = curves.read(file), result(file, stem), file.array("extract/audio")
    lines = (("mouth opening", "mouth_opening"), ("offset (frames)", "offset"))
    tracks = figures.Tracks(
        sound=sound,
        speech=file.array("audio/speech"),
        spectrogram=_spectrogram(sound)[:, :, ::-1],
        lines={title: known[name] for title, name in lines if name in known and np.isfinite(known[name]).any()},
        scores=file.array("score/over_time"),
        dimensions=DIMENSIONS,
        weak=[(one["start_s"], one["end_s"], one["dimension"]) for one in judged["weak_segments"]],
    )
    say = figures.readable(say)
    with drawn_into(folder):
        figures.over_time(tracks, pictures(folder, stem), say)
        figures_many.movers(moved(judged), pictures(folder, f"{stem}-moved"), say)


def pictures(folder: Path, stem: str) -> list[Path]:
    """Where a plot is written."""
    return [folder / f"{stem}.png", folder / f"{stem}.svg"]


@contextmanager
def drawn_into(folder: Path) -> Iterator[None]:
    """The folder of plots, made where it is missing.

    Raises:
        InputError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error


def save(out: Path, text: str) -> None:
    """Write a page."""
    with disk.written(out) as sibling:
        sibling.write_text(text, encoding="utf-8", errors="replace")


def _data(file: TfqFile, judged: dict[str, Any], say: Language) -> dict[str, Any]:
    """What `clip.js` draws."""
    sound, info = file.array("extract/audio"), file.info("extract")
    over_time, count = file.array("score/over_time"), file.shape("extract/time_s")[0]
    label = say("{name} over time: sound, spectrogram, mouth opening, offset and scores")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pieces of a curve in which nothing was measured
        return {
            "duration_s": timebase.seconds_of(count),
            "fps": timebase.FPS,
            "width": info["width"],
            "label": label.format(name=judged["file"]),
            "weak": [{**segment, "text": segment_text(segment, say)} for segment in judged["weak_segments"]],
            "wave": overlay.wave(sound),
            "speech": overlay.spans(file.array("audio/speech")),
            "spectrogram": page.address("image/png", _coded(".png", _spectrogram(sound))),
            "lines": _lines(file, say),
            "scores": [
                {"name": name, "title": say(TITLES[name]), "colour": i, "values": overlay.curve(over_time[:, i], 2)}
                for i, name in enumerate(DIMENSIONS)
                if np.isfinite(over_time[:, i]).any()
            ],
            "points": overlay.landmarks(file.array("align/landmarks")[:, :, :2]),
            "boxes": overlay.boxes(_judged_boxes(file, count)),
            "outlines": overlay.OUTLINES,
        }


def _lines(file: TfqFile, say: Language) -> list[dict[str, Any]]:
    known = curves.read(file)
    wanted = (("mouth opening", "mouth_opening", (0.0,)), ("offset (frames)", "offset", (-3.0, 3.0)))
    lines = []
    for title, name, least in wanted:
        if name in known and np.isfinite(known[name]).any():
            low, high = overlay.limits(known[name], least)
            lines.append({"title": say(title), "values": overlay.curve(known[name]), "low": low, "high": high})
    return lines


def _judged_boxes(file: TfqFile, count: int) -> Floats:
    found, track = file.array("detect/boxes"), file.info("detect").get("judged_track")
    return np.full((count, 4), np.nan) if track is None or not len(found) else found[track]


def _indicators(judged: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, column in curves.indicator_columns().items():
        ends = [end for end in (column.low, column.high) if np.isfinite(end)]
        rows.append(
            {
                "name": name,
                "value": judged["indicators"].get(name),
                "unit": column.unit,
                "usual": " … ".join(f"{end:g}" for end in ends) if len(ends) > 1 else "",
                "better": "neither" if column.better == "none" else column.better,
                "about": column.about,
            }
        )
    return rows


def _spectrogram(sound: Sound) -> Picture:
    """Log-mel `[80, P, 3]` BGR: time to the right, low tones below, loud is bright; one column a point of a curve."""
    import cv2

    if not len(sound):
        return np.zeros((1, 1, 3), np.uint8)
    mel = spectrum.analyse(sound).mel
    columns = np.stack([piece.mean(0) for piece in np.array_split(mel, min(len(mel), overlay.POINTS))])
    grey = np.clip((columns - _LOUDEST_DB + _RANGE_DB) / _RANGE_DB, 0, 1).T[::-1] * _GREY
    return np.asarray(cv2.applyColorMap(grey.astype(np.uint8), cv2.COLORMAP_MAGMA), np.uint8)


def _shown(file: TfqFile, judged: dict[str, Any], say: Language) -> tuple[list[page.Still], str]:
    """Stills, and the clip itself where it fits: one pass over its pictures gives both."""
    seconds, count = judged["duration_s"] or 1.0, file.shape("extract/time_s")[0]
    rate = min(BEST_RATE, int(VIDEO_BYTES * 8 / seconds) - SOUND_RATE)
    stills: list[page.Still] = []
    wanted = _captions(file, judged, say, rate < WORST_RATE)
    pictures = _pictures(file, count, wanted, stills)
    if rate < WORST_RATE:
        for _ in pictures:
            pass
        return stills, ""
    sound = file.array("extract/audio")
    with disk.folder() as folder:
        path = folder / "clip.mp4"
        options = {"maxrate": str(rate), "bufsize": str(rate), "g": "25", "profile": "main"}
        write(path, pictures, sound if len(sound) else None, crf=27, options=options, audio_bitrate=SOUND_RATE)
        return stills, page.address("video/mp4", path.read_bytes())


def _captions(
    file: TfqFile, judged: dict[str, Any], say: Language, alone: bool
) -> dict[int, tuple[str, list[int] | None]]:
    """The worst frame of each weak segment with its box; evenly spaced frames besides where stills are all there is."""
    times = file.array("extract/time_s")
    wanted: dict[int, tuple[str, list[int] | None]] = {}
    for segment in judged["weak_segments"][:MOST_STILLS]:
        frame = int(np.abs(times - segment["worst_frame_s"]).argmin())
        wanted.setdefault(frame, (f"{times[frame]:.2f} s: {say(segment['reason'])}", segment["box_px"]))
    for frame in np.linspace(0, len(times) - 1, 60 if alone else 3)[0 if alone else 1 : None if alone else 2]:
        wanted.setdefault(int(frame), (f"{times[int(frame)]:.2f} s", None))
    return wanted


def _pictures(
    file: TfqFile, count: int, wanted: dict[int, tuple[str, list[int] | None]], stills: list[page.Still]
) -> Iterator[Picture]:
    """`count` small pictures on the grid, the last one again where there is none; the wanted ones land in `stills`."""
    import cv2

    last, written = None, 0
    for frame, picture in frames(open_source(file), file.array("extract/picture")):
        scale = min(1.0, WIDTH / picture.shape[1])
        small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        if frame in wanted:
            caption, box = wanted[frame]
            stills.append(page.Still(timebase.seconds_of(frame), caption, _jpeg(small, box, scale)))
        for _ in range(written, frame):
            yield small if last is None else last
        yield small
        last, written = small, frame + 1
    for _ in range(written, count if last is not None else written):
        yield last  # type: ignore[misc]


def _jpeg(small: Picture, box: list[int] | None, scale: float) -> bytes:
    import cv2

    drawn = np.ascontiguousarray(small[:, :, ::-1])
    if box is not None:
        left, top, right, bottom = (round(side * scale) for side in box)
        cv2.rectangle(drawn, (left, top), (right, bottom), (94, 77, 255), 2)
    return _coded(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 82])


def _coded(ending: str, picture: Picture, options: list[int] | None = None) -> bytes:
    import cv2

    return bytes(cv2.imencode(ending, picture, options or [])[1].tobytes())
