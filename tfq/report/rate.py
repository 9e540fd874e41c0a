"""The page on which people rate clips."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tfq import timebase
from tfq.report.language import ENGLISH, Language
from tfq.report.page import render
from tfq.report.words import TITLES

QUESTIONS = (
    ("lip_sync", "Do the lips match what is heard?"),
    ("expression", "Do face and head move like those of a living person?"),
    ("audio_quality", "Is the voice clean and natural?"),
    ("consistency", "Do voice and face belong together: the same person, the same feeling?"),
    ("overall", "All in all, how good is the clip?"),
)
_WORDS = ((1, "bad"), (2, "poor"), (3, "fair"), (4, "good"), (5, "excellent"))


@dataclass(frozen=True)
class Rated:
    """A clip to rate: its name in the exported table, its bytes and what they are; `training`: for practice only."""

    file: str
    content: bytes
    kind: str
    training: bool = False


def rate_page(clips: Sequence[Rated], title: str, say: Language = ENGLISH) -> str:
    """The page as text. Practice comes first, in the order given; the others in an order of each rater's own."""
    identity = hashlib.sha256(b"".join(hashlib.sha256(clip.content).digest() for clip in clips)).hexdigest()[:16]
    data = {
        "id": identity,
        "fps": timebase.FPS,
        "dimensions": [name for name, _ in QUESTIONS],
        "titles": {name: say(TITLES[name]) for name, _ in QUESTIONS},
        "clips": [
            {
                "file": clip.file,
                "type": clip.kind,
                "training": clip.training,
                "content": base64.b64encode(clip.content).decode(),
            }
            for clip in clips
        ],
    }
    training = sum(clip.training for clip in clips)
    return render(
        "rate.html", title, data, say, questions=QUESTIONS, words=_WORDS, training=training, count=len(clips) - training
    )
