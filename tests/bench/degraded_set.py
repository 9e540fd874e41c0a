"""Make degraded copies of aligned clips: what the shipped checkpoint is trained and tested on.

    python -m tests.bench.degraded_set --out work/set --plan pairs work/real/*.h5 && tfq features work/set/*.h5

Kind, severity and span follow from a hash of the clip, so the set is the same wherever it is made. `pairs` makes two copies,
of a lighter and a stronger severity, of one or two kinds a dimension: to train on. `ladders` makes all five severities of one
kind a dimension: to test by. One more copy has nothing but a second encoding, of the picture or of the sound, and keeps the
labels of a clean clip: without it a model would learn to see the encoder rather than the degradation.

A copy whose degradation leaves the picture alone has the very picture packets of its source, so its faces are taken over
rather than found again.

`--transmissions 2` adds copies of the kind `transmission`: sent by H.264 at a frame rate, a quantiser and a packet loss drawn
from those that the viewers of the INRS set were shown (and quantiser 40), labelled by what they said.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfq import timebase
from tfq.artefacts import KINDS, Scene, transmission
from tfq.artefacts.labels import transmission_mos
from tfq.config import DIMENSIONS, Settings
from tfq.errors import TfqError
from tfq.media import line, writer
from tfq.media.frames import frames, timeline
from tfq.media.samples import samples
from tfq.models.runtime import Models
from tfq.nets.spec import CLEAN
from tfq.stages.degrade import degrade
from tfq.stages.pipeline import walk
from tfq.store import Stamp, TfqFile
from tfq.types import Picture, Span

RATES, QUANTISERS, LOSSES = (10, 15, 20, 25), (23, 27, 31, 35, 40), (0, 0, 0.1, 0.5, 1, 5)
WHOLE_SHARE = 0.55  # of the copies are degraded from start to end
SHORTEST_S = 2.0  # a clip that is shorter is degraded whole

# By plan: the dimension and the stream of each kind that a clip gets, with the share of the clips that get one.
PLANS: dict[str, tuple[tuple[str, tuple[str, ...], float], ...]] = {
    "pairs": (
        ("audio_quality", ("sound",), 1.0),
        ("lip_sync", ("sound",), 1.0),
        ("consistency", ("sound",), 1.0),
        ("expression", ("picture",), 1.0),
        ("visual_quality", ("picture",), 1.0),
        ("audio_quality", ("sound",), 0.35),
        ("lip_sync", ("picture",), 0.35),
    ),
    "ladders": tuple((name, ("sound", "picture"), 1.0) for name in DIMENSIONS[:-1]),
}
EVERY = "every"
PAIRS = ((1, 3), (2, 4), (3, 5), (1, 4), (2, 5), (1, 5))


@dataclass(frozen=True)
class Draw:
    """One copy to make."""

    kind: str
    severity: int
    span: Span | None
    seed: int


def draws(digest: str, length_s: float, plan: str) -> list[Draw]:
    """What is done to a clip: kinds of each dimension in turn, each with its severities at one span and seed."""
    generator = np.random.default_rng(int(digest[:12], 16))
    if plan == EVERY:
        return [Draw(name, i, None, int(digest[:8], 16)) for name in KINDS for i in range(1, 6)]
    chosen = []
    for dimension, streams, share in PLANS[plan]:
        kinds = [kind.name for kind in KINDS.values() if kind.dimension == dimension and kind.stream in streams]
        kind, severities = str(generator.choice(kinds)), PAIRS[generator.integers(len(PAIRS))]
        span, seed = None, int(generator.integers(2**31))
        if generator.random() > WHOLE_SHARE and length_s > SHORTEST_S:
            length = generator.uniform(0.35, 0.7) * length_s
            start = generator.uniform(0, length_s - length)
            span = Span(round(start, 2), round(start + length, 2))
        if generator.random() < share:
            chosen += [Draw(kind, i, span, seed) for i in (range(1, 6) if plan == "ladders" else severities)]
    return chosen


def make(original: Path, others: list[Path], out: Path, models: Models, *, plan: str, transmissions: int) -> None:
    """Write and measure the copies of one clip; those that are there already are left."""
    with TfqFile(original, read_only=True) as file:
        digest, length_s = str(file.attrs["source_sha256"]), float(file.info("extract")["duration_s"])
        clip = out / f"{original.stem}.mp4"
        if not clip.exists():
            clip.write_bytes(file.array("extract/source").tobytes())
        beside = out / original.name
        if not beside.exists():
            beside.write_bytes(original.read_bytes())
    for i, draw in enumerate(draws(digest, length_s, plan)):
        copy = out / f"{original.stem}-{i}-{draw.kind}-{draw.severity}.mp4"
        if copy.with_suffix(".h5").exists():
            continue
        sound = others[draw.seed % len(others)] if "other" in KINDS[draw.kind].needs else None
        try:
            degrade(clip, copy, draw.kind, draw.severity, draw.span, draw.seed, sound=_video(sound, out), models=models)
            measure(copy, original, KINDS[draw.kind].stream, models)
        except TfqError as error:
            print(f"{copy.name}: {error}", file=sys.stderr)
    for i in range(transmissions):
        copy = out / f"{original.stem}-transmission-{i}.mp4"
        if not copy.with_suffix(".h5").exists():
            transmit(clip, copy, digest, i)
            measure(copy, original, "picture", models)
    stream = "picture" if int(digest[-1], 16) % 2 else "sound"
    copy = out / f"{original.stem}-recoded-{stream}.mp4"
    if not copy.with_suffix(".h5").exists():
        recode(clip, copy, stream, digest)
        measure(copy, original, stream, models)


def transmit(clip: Path, copy: Path, digest: str, number: int) -> None:
    """A copy sent at a frame rate, a quantiser and a packet loss that follow from the hash of the clip."""
    generator = np.random.default_rng([int(digest[:12], 16), number])
    fps, quantiser, lost = (float(generator.choice(asked)) for asked in (RATES, QUANTISERS, LOSSES))
    grid = timeline(clip)
    count = len(grid)
    scene = Scene(range(count), count, int(generator.integers(2**31)), send_pictures=line.sent)
    shown: Iterable[Picture] = (picture for _, picture in frames(clip, grid.picture))
    if fps < timebase.FPS:
        shown = transmission.low_rate(shown, scene, fps)
    writer.with_pictures(clip, copy, transmission.lossy(shown, scene, "libx264", quantiser, lost), grid.start_s)
    whole, slow, coarse = (
        float(transmission_mos(*at)) for at in ((fps, quantiser, lost), (fps, 23.0, 0.0), (25.0, quantiser, 0.0))
    )
    rate = float(transmission_mos(25.0, 23.0, 0.0)) - slow
    loss = coarse - float(transmission_mos(25.0, quantiser, lost))
    labels = {
        "lip_sync": CLEAN - 0.5 * rate - 0.2 * loss,
        "expression": CLEAN - 0.8 * rate - 0.3 * loss,
        "audio_quality": CLEAN,
        "consistency": CLEAN,
        "visual_quality": whole,
        "overall": whole,
    }
    sidecar = {
        "format": "tfq-degrade",
        "kind": "transmission",
        "stream": "picture",
        "severity": 0,
        "spans": [{"start_s": 0.0, "end_s": timebase.seconds_of(count)}],
        "labels": {name: round(max(1.0, value), 3) for name, value in labels.items()},
        "arguments": [fps, quantiser, lost],
    }
    copy.with_suffix(".json").write_text(json.dumps({**sidecar, "source_sha256": digest}), encoding="utf-8")


def recode(clip: Path, copy: Path, stream: str, digest: str) -> None:
    """A copy with one stream encoded again, as `degrade` encodes it, and the sidecar of a clean clip."""
    grid = timeline(clip)
    if stream == "picture":
        writer.with_pictures(clip, copy, (picture for _, picture in frames(clip, grid.picture)), grid.start_s)
    else:
        sound, _ = samples(clip, len(grid), grid.start_s)
        writer.with_sound(clip, copy, sound, grid.start_s)
    labels = dict.fromkeys(DIMENSIONS, CLEAN)
    sidecar = {
        "format": "tfq-degrade",
        "kind": "recoded",
        "stream": stream,
        "severity": 0,
        "spans": [],
        "labels": labels,
    }
    copy.with_suffix(".json").write_text(json.dumps({**sidecar, "source_sha256": digest}), encoding="utf-8")


def measure(copy: Path, original: Path, stream: str, models: Models) -> None:
    """Bring a copy's file up to `align` and `audio`; `tfq features` does the rest."""
    part = copy.with_suffix(".part.h5")
    part.unlink(missing_ok=True)
    with TfqFile(part, durable=False) as file:
        walk(file, "extract", Settings(), models, source=copy)
        if stream == "sound":
            _take_over_faces(file, original)
        walk(file, "align", Settings(), models, source=copy)
        walk(file, "audio", Settings(), models, source=copy)
    part.rename(copy.with_suffix(".h5"))


def _take_over_faces(file: TfqFile, original: Path) -> None:
    with TfqFile(original, read_only=True) as source:
        if source.shape("extract/time_s") != file.shape("extract/time_s"):
            return
        for name in ("detect", "align"):
            made = source.stamp(name)
            inputs = {group: file.stamp(group).digest for group in made.inputs}
            stamp = Stamp(name, made.version, made.parameters, made.weights, inputs)
            with file.replacing(name, stamp) as group:
                for dataset in source.names(name):
                    group.put(dataset, source.array(f"{name}/{dataset}"))
                group.info, group.status = source.info(name), source.status(name)


def _video(store: Path | None, out: Path) -> Path | None:
    """The clip of a file, written out where it is not yet."""
    if store is None:
        return None
    path = out / f"{store.stem}.mp4"
    if not path.exists():
        with TfqFile(store, read_only=True) as file:
            path.write_bytes(file.array("extract/source").tobytes())
    return path


def main() -> None:
    """Read the command line and work through the clips, or one shard of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="aligned .h5 files with their source inside")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plan", choices=sorted((*PLANS, EVERY)), default="pairs")
    parser.add_argument("--transmissions", type=int, default=0)
    parser.add_argument("--shard", default="0/1", help="I/N: every N-th clip, from the I-th")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    number, shards = (int(part) for part in options.shard.split("/"))
    files = sorted(options.files, key=lambda path: hashlib.sha256(path.name.encode()).digest())
    models = Models(threads=1)
    for path in files[number::shards]:
        others = [other for other in files if other != path]
        make(path, others, options.out, models, plan=options.plan, transmissions=options.transmissions)


if __name__ == "__main__":
    main()
