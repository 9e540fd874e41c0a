"""How good the sync network is, on `.h5` files that have been through `tfq align` and `tfq audio`.

    python -m tests.bench.sync --table units.csv *.h5

Writes a Markdown table with 95 % intervals from a bootstrap over units (a unit: the clips of one speaker or recording;
`units.csv` has the columns `file`, the name of the `.h5`, and `unit`), then the worst clips.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.bench import baselines
from tfq.models.runtime import Models
from tfq.models.sync import WHISPER, SyncModel
from tfq.stages.sync import speech_rows
from tfq.store import TfqFile
from tfq.sync import offset, trend
from tfq.sync.distance import distances, offsets, overall
from tfq.sync.embed import embed_picture, embed_sound
from tfq.sync.geometry import mouth_shape
from tfq.timebase import samples_of
from tfq.types import Floats, Mask, Pictures, Sound

REACH = 15
WINDOWS = (5, 25, 75)
LONG = 75  # frames of a clip that must give the right answer: three seconds
TREND_LONG = 125


@dataclass
class Clip:
    """A file's arrays, and what its measurements gave; `right` maps a row of the table to answers, 1.0 or 0.0."""

    name: str
    unit: str
    shape: Floats
    landmarks: Floats
    crops: Pictures
    sound: Sound
    voice: Mask
    picture: Floats = field(default_factory=lambda: np.zeros(0))
    consensus: int = 0
    confidence: float = np.nan
    seconds: float = np.nan
    right: dict[str, list[float]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def usable(self) -> Mask:
        return np.isfinite(self.shape[:, 0]) & self.voice


class Meter:
    """Distances of a clip with any sound."""

    def __init__(self, models: Models, model: SyncModel) -> None:
        self.models, self.model = models, model

    def table(self, clip: Clip, sound: Sound) -> Floats:
        speech, mel = speech_rows(sound, WHISPER, self.model.layers, self.models)
        return distances(clip.picture, embed_sound(self.model.network, speech, mel, len(clip.shape)), REACH)

    def answer(self, clip: Clip, sound: Sound) -> offset.Offset:
        table = self.table(clip, sound)
        counted = clip.usable & np.isfinite(table).any(axis=1)
        return offset.of_clip(table, counted, self.model.calibration, 10)


def read(path: Path, units: Mapping[str, str]) -> Clip | None:
    """A file's arrays; None where there is nothing to judge."""
    with TfqFile(path, read_only=True) as file:
        if not file.has("audio/speech") or file.status("align") != "ok" or file.status("audio") != "ok":
            return None
        landmarks = file.array("align/landmarks")
        shape = mouth_shape(landmarks, file.array("align/blendshapes"))
        clip = Clip(
            path.name,
            units.get(path.name, path.name),
            shape,
            landmarks,
            file.array("align/mouths"),
            file.array("extract/audio"),
            file.array("audio/speech"),
        )
    return clip if clip.usable.sum() >= 10 else None


def early(sound: Sound, frames: int) -> Sound:
    """The sound, `frames` earlier; what leaves the clip is lost, what is missing is silence."""
    moved = np.zeros_like(sound)
    shift = samples_of(frames)
    if shift >= 0:
        moved[: len(sound) - shift] = sound[shift:]
    else:
        moved[-shift:] = sound[:shift]
    return moved


def judge(clip: Clip, other: Clip, meter: Meter, random: np.random.Generator) -> None:
    """Everything about one clip, into `right` and `scores`."""
    began = time.perf_counter()
    clip.picture = embed_picture(meter.model.network, clip.shape, clip.crops)
    table = meter.table(clip, clip.sound)
    clip.seconds = time.perf_counter() - began
    mean = overall(table, clip.usable)
    clip.consensus = int(offsets(REACH)[np.nanargmin(mean)])
    clip.confidence = float(np.nanmedian(mean) - np.nanmin(mean))
    clip.right["at zero ±1"] = [float(abs(clip.consensus) <= 1)]
    for length in WINDOWS:
        _windows(clip, length, lambda used: overall(table, used), f"windows of {length / 25:g} s")
    _shifts(clip, meter, random)
    _pairs(clip, other, meter, random)
    _trends(clip, meter, random)
    _baselines(clip, random)


def _windows(clip: Clip, length: int, curve: Callable[[Mask], Floats], name: str) -> None:
    for first in range(0, len(clip.shape) - length + 1, max(1, length // 2)):
        used = np.zeros(len(clip.shape), bool)
        used[first : first + length] = clip.usable[first : first + length]
        if used.sum() < 0.6 * length:
            continue
        found = offsets(REACH)[np.nanargmin(curve(used))]
        clip.right.setdefault(name, []).append(float(abs(found - clip.consensus) <= 1))


def _shifts(clip: Clip, meter: Meter, random: np.random.Generator) -> None:
    if len(clip.shape) < LONG:
        return
    whole = meter.answer(clip, clip.sound).frames
    room = [s for s in range(-12, 13) if s and abs(s + clip.consensus) < REACH]
    moved = int(random.choice(room)) if room else 1
    found = meter.answer(clip, early(clip.sound, moved)).frames
    clip.right["shift recovered ±1"] = [float(abs(found - whole - moved) <= 1)]


def _pairs(clip: Clip, other: Clip, meter: Meter, random: np.random.Generator) -> None:
    apart = int(random.choice([-1, 1]) * random.integers(3, 13))
    stranger = np.resize(other.sound, len(clip.sound))
    clip.scores["own"] = meter.answer(clip, early(clip.sound, -clip.consensus)).probability
    clip.scores["shifted"] = meter.answer(clip, early(clip.sound, apart - clip.consensus)).probability
    clip.scores["other"] = meter.answer(clip, stranger).probability


def _trends(clip: Clip, meter: Meter, random: np.random.Generator) -> None:
    if len(clip.shape) < TREND_LONG:
        return
    steady = early(clip.sound, -clip.consensus)
    step = int(random.choice([-1, 1]) * random.integers(3, 9))
    half = len(steady) // 2
    jumping = np.concatenate([steady[:half], early(steady, step)[half:]])
    rate = 1 + 0.02 * int(random.choice([-1, 1]))
    places = half + (np.arange(len(steady)) - half) * rate
    drifting = np.interp(places, np.arange(len(steady)), steady, left=0, right=0).astype(np.float32)
    for kind, sound in ((trend.CONSTANT, steady), (trend.JUMP, jumping), (trend.DRIFT, drifting)):
        table = meter.table(clip, sound)
        found = trend.find(table, clip.usable & np.isfinite(table).any(axis=1), meter.model.calibration).kind
        clip.right.setdefault("constant, jump, drift told apart", []).append(float(found == kind))
        clip.right[f"- {kind}"] = [float(found == kind)]


def _baselines(clip: Clip, random: np.random.Generator) -> None:
    for name, measure in baselines.MEASURES.items():
        curve = measure(clip.landmarks, clip.sound, clip.usable, REACH)
        if curve is None:
            continue
        for length in WINDOWS:
            _windows(clip, length, lambda used, curve=curve: -curve(used), f"{name}: windows of {length / 25:g} s")


def interval(values: Sequence[tuple[str, float, float]], random: np.random.Generator) -> tuple[float, float, float]:
    """Weighted mean of (unit, value, weight), with a 95 % interval by drawing units again."""
    units = sorted({unit for unit, _, _ in values})
    total = {u: sum(v * w for unit, v, w in values if unit == u) for u in units}
    weight = {u: sum(w for unit, _, w in values if unit == u) for u in units}
    sums, weights = np.array([total[u] for u in units]), np.array([weight[u] for u in units])
    drawn = random.integers(len(units), size=(1000, len(units)))
    low, high = np.quantile(sums[drawn].sum(1) / weights[drawn].sum(1), [0.025, 0.975])
    return float(sums.sum() / weights.sum()), float(low), float(high)


def auc(positive: Floats, negative: Floats) -> float:
    """Share of pairs in the right order, ties by half."""
    return float(np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)))


def auc_interval(clips: Sequence[Clip], against: str, random: np.random.Generator) -> tuple[float, float, float]:
    """Area under the curve of own against other scores, with a 95 % interval by drawing units again."""
    units = sorted({clip.unit for clip in clips})
    by_unit = {unit: [clip for clip in clips if clip.unit == unit] for unit in units}

    def of(drawn: Sequence[Clip]) -> float:
        own, others = ([clip.scores[name] for clip in drawn] for name in ("own", against))
        return auc(np.nan_to_num(own), np.nan_to_num(others))

    draws = [
        [clip for i in random.integers(len(units), size=len(units)) for clip in by_unit[units[i]]] for _ in range(300)
    ]
    low, high = np.quantile([of(draw) for draw in draws], [0.025, 0.975])
    return of(clips), float(low), float(high)


def _answers(clips: Sequence[Clip], name: str) -> list[tuple[str, float, float]]:
    """Unit, share of right answers, and weight of each clip: its number of answers, at most twenty."""
    having = [clip for clip in clips if name in clip.right]
    return [(clip.unit, float(np.mean(clip.right[name])), min(len(clip.right[name]), 20)) for clip in having]


def rows(clips: Sequence[Clip]) -> list[tuple[str, int, tuple[float, float, float]]]:
    """Name, number of clips, and figure with interval of each row of the table."""
    random = np.random.default_rng(0)
    names = list(dict.fromkeys(name for clip in clips for name in clip.right))
    table = [
        (name, sum(name in clip.right for clip in clips), interval(_answers(clips, name), random)) for name in names
    ]
    judged = [clip for clip in clips if np.isfinite(clip.scores["own"])]
    sides = ("shifted", "other")
    table += [(f"AUC own against {side}", len(judged), auc_interval(judged, side, random)) for side in sides]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--table", type=Path, help="CSV with file and unit")
    parser.add_argument("--network", default="tfq-sync", help="ours by name, or a path")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    units = {}
    if options.table:
        with options.table.open(encoding="utf-8") as lines:
            units = {row["file"]: row["unit"] for row in csv.DictReader(lines)}
    models = Models(threads=options.threads)
    meter = Meter(models, models.sync(options.network))
    clips = [clip for path in options.files if (clip := read(path, units)) is not None]
    random = np.random.default_rng(1)
    for i, clip in enumerate(clips):
        strangers = [other for other in clips if other.unit != clip.unit]
        judge(clip, strangers[int(random.integers(len(strangers)))] if strangers else clips[i - 1], meter, random)
    sys.stdout.write(report(clips, options.threads))


def report(clips: Sequence[Clip], threads: int) -> str:
    """The table and the worst clips, Markdown."""
    frames = sum(len(clip.shape) for clip in clips)
    cost = 1000 * sum(clip.seconds for clip in clips) / frames
    short = [clip for clip in clips if "windows of 1 s" in clip.right]
    worst = sorted(short, key=lambda clip: float(np.mean(clip.right["windows of 1 s"])))[:20]
    lines = [
        f"{len(clips)} clips, {len({clip.unit for clip in clips})} units, {frames / 25:.0f} s",
        "",
        "| what | clips | figure | 95 % |",
        "|---|---|---|---|",
        *(
            f"| {name} | {count} | {value:.3f} | {low:.3f}-{high:.3f} |"
            for name, count, (value, low, high) in rows(clips)
        ),
        f"| milliseconds a frame, {threads} threads | {len(clips)} | {cost:.2f} | |",
        "",
        "Worst clips by their one-second windows:",
        "",
        *(
            f"{np.mean(clip.right['windows of 1 s']):.2f} {clip.name}: offset {clip.consensus}, confidence"
            f" {clip.confidence:.2f}, {len(clip.shape) / 25:.1f} s, usable {clip.usable.mean():.2f}"
            for clip in worst
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
