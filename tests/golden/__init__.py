"""What the shipped checkpoint says of twelve made clips, so that a change that moves scores is seen.

The clips are the demo clip and eleven degradations of it, made anew each time.

    python -m tests.golden             # compare with what is kept, each dimension within its tolerance
    python -m tests.golden --renew     # keep what is said now, beside what earlier checkpoints said; say why in the commit
    python -m tests.golden --drift     # how far scores moved from checkpoint to checkpoint
    python -m tests.golden --clips DIR # make the clips and leave them there, for a tfq of another day to score

`scores.json` holds the tolerances, in points of MOS, and the scores by checkpoint, the newest last. Clips and scores are the
same to the last digit on one machine; the tolerances are for other processors, whose encoders and networks round otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.degraded_set import measure
from tfq.artefacts import KINDS
from tfq.config import DIMENSIONS, Settings
from tfq.models import own
from tfq.models.runtime import Models
from tfq.stages import score
from tfq.stages.degrade import degrade
from tfq.stages.pipeline import walk
from tfq.store import TfqFile

KEPT = Path(__file__).with_name("scores.json")
CLEAN = "clean"
MADE = (
    ("sound_late", 4), ("frozen_mouth", 4), ("over_articulation", 4),
    ("jitter", 4), ("frozen_face", 4),
    ("white_noise", 4), ("codec", 4), ("robot", 4),
    ("muted", 4),
    ("blur", 4), ("over_compression", 4),
)  # fmt: skip
CLIPS = (CLEAN, *(kind for kind, _ in MADE))

Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Kept:
    """`tolerance` by dimension; `said` by checkpoint, the newest last."""

    tolerance: dict[str, float]
    said: dict[str, Scores]

    def newest(self) -> Scores:
        return next(reversed(self.said.values()))


def kept() -> Kept:
    return Kept(**json.loads(KEPT.read_text(encoding="utf-8")))


def renew(said: Scores) -> None:
    """Keep what is said now as the words of the checkpoint that says it."""
    before = kept()
    text = json.dumps({"tolerance": before.tolerance, "said": {**before.said, checkpoint(): said}}, indent=1)
    KEPT.write_text(text + "\n", encoding="utf-8")


def checkpoint() -> str:
    """The beginning of the SHA-256 of the checkpoint that `tfq score` uses."""
    return own.sha("tfq-embedded")[:12]


def moved(said: Scores, known: Scores) -> dict[str, dict[str, float]]:
    """By how much each score of each clip differs."""
    return {
        clip: {name: mos - known[clip].get(name, float("nan")) for name, mos in scores.items()}
        for clip, scores in said.items()
    }


def now(names: Collection[str] = CLIPS) -> Scores:
    """What is said of these clips now."""
    with TemporaryDirectory(prefix="tfq-") as folder:
        return dict(judged(Path(folder), names))


def judged(folder: Path, names: Collection[str] = CLIPS) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and scores of each clip; pictures of those whose sound alone is touched are taken over."""
    models = Models(threads=1)
    clean = folder / f"{CLEAN}.mp4"
    clean.write_bytes((files("tfq") / "demo" / "demo.mp4").read_bytes())
    with TfqFile(clean.with_suffix(".h5"), durable=False) as file:
        walk(file, "align", Settings(), models, source=clean)
    if CLEAN in names:
        yield CLEAN, _scores(clean, models)
    for kind, severity in MADE:
        if kind in names:
            copy = folder / f"{kind}.mp4"
            degrade(clean, copy, kind, severity, models=models)
            measure(copy, clean.with_suffix(".h5"), KINDS[kind].stream, models)
            yield kind, _scores(copy, models)


def _scores(clip: Path, models: Models) -> dict[str, float]:
    with TfqFile(clip.with_suffix(".h5"), durable=False) as file:
        walk(file, "score", Settings(), models, source=clip)
        found: dict[str, Any] = score.result(file, clip.name)["scores"]
    return {name: round(found[name]["mos"], 3) for name in DIMENSIONS if found[name]}
