"""A clip becomes a copy that is worse in a known way, with its labels beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tfq import disk, timebase
from tfq.artefacts import KINDS, Kind, Scene
from tfq.artefacts.labels import labels, pieces
from tfq.config import ExtractConfig, Settings
from tfq.errors import FormatError, InputError, NoFaceError, NoSpeechError, UsageError
from tfq.media import line, recode, writer
from tfq.media.facts import Timeline, sha256
from tfq.media.guarded import frames, samples, timeline, whole
from tfq.models.runtime import Models
from tfq.stages.pipeline import walk
from tfq.store import TfqFile
from tfq.types import Points, Sound, Span

FORMAT = "tfq-degrade"
FORMAT_VERSION = 1


def degrade(
    source: Path,
    out: Path,
    kind: str,
    severity: int,
    span: Span | None = None,
    seed: int = 0,
    *,
    sound: Path | None = None,
    models: Models | None = None,
) -> Path:
    """Write a degraded copy `OUT` and its labels `OUT.json` (the clip's name with that ending).

    One stream is made anew, at 25 fps or as 16 kHz AAC; the other is copied packet by packet. Pictures pass one by one.

    Args:
        source: the clip.
        out: the copy; its ending names the container.
        kind: a name in `tfq.artefacts.KINDS`.
        severity: 1 to 5.
        span: what is touched; None: all of it.
        seed: the same seed gives the same copy.
        sound: another clip, or a sound file, for kinds that need other speech.
        models: where landmarks come from if there is no `.h5` of this clip beside it.

    Returns:
        The file of the labels.

    Raises:
        UsageError: there is no such kind or severity, the span is empty, or other speech is wanted and not given.
        NoFaceError, NoSpeechError: the clip lacks what the kind degrades.
    """
    chosen = _checked(source, out, kind, severity, sound)
    grid = timeline(source)
    place = _frames_of(span, len(grid))
    scene = Scene(
        place,
        len(grid),
        seed,
        landmarks=landmarks_of(source, models or Models()) if "landmarks" in chosen.needs else None,
        other=None if sound is None else other_speech(sound),
        send_pictures=line.sent,
        code_sound=recode.sound,
    )
    with labelled(out) as (sibling, beside):
        _write((source, grid), sibling, chosen, severity, scene)
        content = _sidecar(source, chosen, severity, scene, sound)
        beside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return out.with_suffix(".json")


def _checked(source: Path, out: Path, kind: str, severity: int, sound: Path | None) -> Kind:
    if kind not in KINDS:
        raise UsageError(f"no degradation is called {kind}; there are {', '.join(KINDS)}")
    chosen = KINDS[kind]
    chosen.step(severity)
    if "other" in chosen.needs and sound is None:
        raise UsageError(f"{kind} needs the sound of another clip; name one with --sound")
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out} is the clip itself; give the copy another name")
    return chosen


def _frames_of(span: Span | None, count: int) -> range:
    if span is None:
        return range(count)
    stop = count if span.end_s >= timebase.seconds_of(count) else timebase.frame_at(span.end_s)
    start = max(0, timebase.frame_at(span.start_s))
    if start >= stop:
        length = timebase.seconds_of(count)
        raise UsageError(f"nothing lies between {span.start_s:g} s and {span.end_s:g} s of a clip of {length:g} s")
    return range(start, stop)


def _write(clip: tuple[Path, Timeline], out: Path, kind: Kind, severity: int, scene: Scene) -> None:
    source, grid = clip
    if kind.stream == "sound":
        before = _sound(source, grid)
        writer.with_sound(source, out, kind.sound(before, severity, scene), grid.start_s)
        return
    shown = (picture for _, picture in frames(source, grid.picture))
    writer.with_pictures(source, out, kind.pictures(shown, severity, scene), grid.start_s)


def _sound(source: Path, grid: Timeline) -> Sound:
    sound, _ = samples(source, len(grid), grid.start_s)
    if sound is None or not np.any(sound):
        raise NoSpeechError(f"{source}: has no sound to degrade")
    return sound


def other_speech(path: Path) -> Sound:
    """The whole sound of a file, 16 kHz mono."""
    sound = whole(path)
    if sound is None or not np.any(sound):
        raise InputError(f"{path}: has no sound")
    return sound


def landmarks_of(source: Path, models: Models) -> Points:
    """`[T, 478, 3]` px, from the clip's `.h5` if there is one of this very clip, else found now."""
    beside = source.with_suffix(".h5")
    if beside.is_file():
        with contextlib.suppress(FormatError), TfqFile(beside, read_only=True) as file:
            if file.attrs.get("source_sha256") == sha256(source) and file.has("align/landmarks"):
                return _read(file, source)
    with (
        disk.folder() as folder,
        TfqFile(folder / "clip.h5", durable=False) as file,
    ):
        walk(file, "align", Settings(extract=ExtractConfig(source="link")), models, source=source)
        return _read(file, source)


def _read(file: TfqFile, source: Path) -> Points:
    points: Points = file.array("align/landmarks")
    if file.status("align") != "ok" or not np.isfinite(points).any():
        raise NoFaceError(f"{source}: no face to degrade")
    return points


def _sidecar(source: Path, kind: Kind, severity: int, scene: Scene, sound: Path | None) -> dict[str, Any]:
    made = labels(kind.name, severity, scene)
    touched = {"start_s": timebase.seconds_of(scene.span.start), "end_s": timebase.seconds_of(scene.span.stop)}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tfq": version("tfq"),
        "kind": kind.name,
        "dimension": kind.dimension,
        "stream": kind.stream,
        "severity": severity,
        "amounts": list(kind.step(severity)),
        "unit": kind.unit,
        "spans": [touched],
        "seed": scene.seed,
        "source": source.name,
        "source_sha256": sha256(source),
        "sound": None if sound is None else sound.name,
        "sound_sha256": None if sound is None else sha256(sound),
        "labels": dict(made.clip),
        "over_time": pieces(made.over_time),
    }


@contextlib.contextmanager
def labelled(out: Path) -> Iterator[tuple[Path, Path]]:
    """Files to write a clip and its labels to; the labels take their name first: a clip without would pass for a recording."""
    with disk.written(out) as clip, disk.written(out.with_suffix(".json")) as labels:
        yield clip, labels
