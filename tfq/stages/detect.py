"""Faces, tracks and scene cuts; which track is judged."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfq import timebase
from tfq.config import DetectConfig
from tfq.errors import UsageError
from tfq.faces.detect import Detections, Detector, blazeface, scrfd
from tfq.faces.scenes import change, histogram
from tfq.faces.track import Track, judged, link, presence, rivals
from tfq.media.facts import Glimpse
from tfq.media.guarded import frames
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile
from tfq.types import Floats, Picture

VERSION = 2
NEEDS = ("extract",)

UPSIDE_DOWN = "upside_down"
# Of 24 clips, upright faces had scores of 0.70 to 0.87, and at least 0.12 less in the picture turned by half.
_DOUBTFUL, _LESS = 0.75, 0.1
_DOUBTS = 5  # looks at the beginning, in which the turned picture is looked at as well where there is doubt

TALKING = ("face_landmarker", "tfq-sync", "whisper-base-encoder")  # fetched for clips with several faces alone


def weights(config: DetectConfig) -> tuple[str, ...]:
    if config.detector not in ("scrfd", "blazeface"):
        raise UsageError(f"--detector {config.detector}: choose scrfd or blazeface")
    return (config.detector, *TALKING)


def run(file: TfqFile, config: DetectConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`; replaces `detect`, whose status is `no_face` or `upside_down` where none is found."""
    known = models.ahead.take(_made_of(file, config), _Known)
    if config.detector == "scrfd":
        seen = _look(file, config, _scrfd(config, models), known, models.threads or 0)
    else:
        with models.face_detector() as network:
            seen = _look(file, config, blazeface(network, config.threshold), known, models.threads or 0)
    info = file.info("extract")
    hangs = seen.upside_down()
    tracks = [] if hangs else link(seen.found, seen.cuts, info["frames"], config.overlap, config.max_gap)
    rule = _rule(file, tracks, seen.cuts, models)
    chosen = judged(rule["presence"], rule["voice"]) if tracks else None
    if config.track is not None and tracks:
        if not 0 <= config.track < len(tracks):
            raise UsageError(f"--track {config.track}: {file.path} has tracks 0 to {len(tracks) - 1}")
        chosen = config.track
    noted = {name: values.tolist() for name, values in rule.items()}
    reason = UPSIDE_DOWN if hangs else "no_face"
    _write(file, stamp, tracks, chosen, {"rule": noted, "cuts": seen.cuts}, "ok" if tracks else reason)


@dataclass
class _Seen:
    """`turned`: by how much the best score rises in the picture turned by half, for the first looks in doubt."""

    found: dict[int, Detections]
    cuts: list[int]
    turned: list[float]

    def upside_down(self) -> bool:
        """Detectors know faces that stand on their head, not all and not as well, and landmarks on them are wrong."""
        seen = [rise for rise in self.turned if rise]
        return bool(seen) and float(np.median(seen)) > _LESS


class Watcher:
    """Looks at pictures while the timeline is made, at those that will probably be wanted: they need not be decoded twice.

    Which those are is certain only when all stamps are known, so `run` takes what it wants and looks at the rest itself.
    """

    def __init__(self, config: DetectConfig, detector: Detector) -> None:
        self._config, self._detector = config, detector
        self._known = _Known()
        self._steps = _Steps(config)
        self._start_s: float | None = None

    def __call__(self, glimpse: Glimpse, black: bool) -> None:
        """The next picture."""
        if self._start_s is None:
            self._start_s = glimpse.stamp_s
        since = glimpse.stamp_s - self._start_s - min(glimpse.step_s, 1 / timebase.FPS) / 2 - 1e-6
        if black or not np.isfinite(since):
            return
        first, after = (max(0, int(np.ceil(at * timebase.FPS))) for at in (since, since + glimpse.step_s))
        for frame in range(first, after):  # on the grid, if the clip goes on as it began
            self._steps.at(frame, glimpse.number, self._known, lambda: glimpse.picture, self._detector)

    def hand_over(self, file: TfqFile, models: Models) -> None:
        """To `run`, when `extract` is written."""
        models.ahead.keep(_made_of(file, self._config), self._known)


def watcher(config: DetectConfig, models: Models) -> Watcher | None:
    """For the detector that works on single pictures without being closed after them."""
    return Watcher(config, _scrfd(config, models)) if config.detector == "scrfd" else None


def _scrfd(config: DetectConfig, models: Models) -> Detector:
    return scrfd(models.session("scrfd"), config.size, config.small_size, config.threshold)


def _made_of(file: TfqFile, config: DetectConfig) -> Hashable:
    made = file.stamp("extract")
    return "detect", made and made.digest, config


@dataclass
class _Known:
    """What was seen in pictures, by their numbers."""

    colours: dict[int, Floats] = field(default_factory=dict)
    found: dict[int, Detections] = field(default_factory=dict)
    turned: dict[int, float] = field(default_factory=dict)


class _Steps:
    """Detection on every n-th frame and on the first frame of each scene."""

    def __init__(self, config: DetectConfig) -> None:
        self._config, self._due = config, 0
        self._before: Floats | None = None
        self.seen = _Seen({}, [], [])

    def at(self, frame: int, number: int, known: _Known, picture: Callable[[], Picture], detector: Detector) -> None:
        """The next frame that shows a picture; what is not known of that is found out."""
        colours = known.colours.get(number)
        if colours is None:
            colours = known.colours[number] = histogram(picture())
        if self._before is not None and change(self._before, colours) > self._config.cut:
            self.seen.cuts.append(frame)
            self._due = frame
        self._before = colours
        if frame >= self._due:
            if number not in known.found:
                known.found[number] = detector(picture())
            found = self.seen.found[frame] = known.found[number]
            best = float(found.scores.max(initial=0))
            if best < _DOUBTFUL and frame < _DOUBTS * self._config.every:
                if number not in known.turned:
                    turned = detector(np.ascontiguousarray(picture()[::-1, ::-1]))
                    known.turned[number] = float(turned.scores.max(initial=0)) - best
                self.seen.turned.append(known.turned[number])
            self._due = frame + self._config.every


def _look(file: TfqFile, config: DetectConfig, detector: Detector, known: _Known, threads: int) -> _Seen:
    """Every frame with a picture; decoded only where something is not known of it."""
    valid, shown = file.array("extract/valid"), file.array("extract/picture")
    with contextlib.suppress(_UnknownError):
        steps = _Steps(config)
        for frame in np.flatnonzero(valid).tolist():
            steps.at(frame, int(shown[frame]), known, _unknown, detector)
        return steps.seen
    steps = _Steps(config)
    for frame, picture in frames(open_source(file), shown, threads=threads, lent=True):
        if valid[frame]:
            steps.at(frame, int(shown[frame]), known, functools.partial(_itself, picture), detector)
    return steps.seen


class _UnknownError(Exception):
    pass


def _unknown() -> Picture:
    raise _UnknownError


def _itself(picture: Picture) -> Picture:
    return picture


def _rule(file: TfqFile, tracks: Sequence[Track], cuts: Sequence[int], models: Models) -> dict[str, Floats]:
    """What speaks for each track; with one there is nothing to choose, so no mouth is looked at."""
    info = file.info("extract")
    present = presence(tracks, info["width"] * info["height"])
    voice = np.zeros(len(tracks))
    near = np.flatnonzero(rivals(present))
    if len(near) > 1 and file.array("extract/audio").any():
        from tfq.stages.talking import voices

        voice[near] = voices(file, [tracks[i] for i in near.tolist()], cuts, models)
    return {"presence": present, "voice": voice}


def _write(
    file: TfqFile, stamp: Stamp, tracks: Sequence[Track], chosen: int | None, info: dict[str, object], status: str
) -> None:
    length = file.info("extract")["frames"]
    present = np.zeros(length, bool) if chosen is None else np.isfinite(tracks[chosen].boxes[:, 0])
    with file.replacing("detect", stamp) as group:
        group.put("boxes", np.array([track.boxes for track in tracks], np.float32).reshape(-1, length, 4))
        group.put("points", np.array([track.points for track in tracks], np.float32).reshape(-1, length, 5, 2))
        group.put("score", np.array([track.scores for track in tracks], np.float32).reshape(-1, length))
        group.put("valid", present & file.array("extract/valid"))
        group.status = status
        group.info = {**info, "tracks": len(tracks), "judged_track": chosen, "coverage": float(present.mean())}
