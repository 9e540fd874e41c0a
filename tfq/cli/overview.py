"""The page `tfq(7)`: what the parts are and how they go together, for who has read no other page."""

from __future__ import annotations

from typing import Any

from tfq.cli import roff
from tfq.cli.help import summary
from tfq.config import DIMENSIONS
from tfq.stages.pipeline import ROAD

INTRODUCTION = """tfq judges talking-face videos the way a viewer would, one dimension at a time, and says where and why they
are weak. A score is a mean opinion score from 1 (bad) to 5 (excellent) with an interval that holds the opinion of people in
nine clips of ten. What cannot be judged has no score and a reason, and is never 0."""

ASKED = {
    "lip_sync": "Do the lips match what is heard?",
    "expression": "Do face and head move like those of a living person?",
    "audio_quality": "Is the voice clean and natural?",
    "consistency": "Do voice and face belong together: the same person, the same feeling?",
    "visual_quality": "Is the face rendered well: sharp, without artefacts, stable over time?",
    "overall": "All in all, how good is the clip?",
}

FILES = """Every video has one `.h5` file, in which each stage owns one group. `tfq score clip.mp4` runs all of them and keeps
nothing unless `--keep` asks. A stage that is up to date is not run again; one whose parameters change is run again, and so are
those that read it. tfq-format(5) tells the layout, `tfq show` what is in a file."""

PIPES = """Each command prints the path of what it made, and takes names as arguments, from standard input, or from a list:"""

PIPE_LINES = """    tfq extract clip.mp4 | tfq detect | tfq align | tfq audio | tfq sync | tfq features | tfq score
    find . -name '*.mp4' -print0 | xargs -0 -n 8 -P 2 tfq features
    tfq features --files-from list.txt --jobs 2"""

GATES = """With limits `tfq score` ends with status 1 where a clip fails, and says which and why. Results of an earlier version
of a generator are a baseline:"""

GATE_LINES = """    tfq score --fail-under lip_sync=3.5,overall=3 --max-offset-ms 80 clip.mp4
    tfq score --format jsonl clips/*.mp4 > old.jsonl
    tfq score --baseline old.jsonl --max-drop 0.3 clips/*.mp4"""

LOOKING = """A page shows a clip with its scores over time and every weak segment; others are of many clips, of two versions, and
for people who rate clips:"""

LOOK_LINES = """    tfq report clip.mp4
    tfq report --out-dir pages --summary pages/all.html clips/*.h5
    tfq report --rate --practice 1 -o rate.html clips/*.mp4"""

OWN = """A model can be trained on ratings of one's own. Clips that share a speaker or a source never lie on both sides:"""

OWN_LINES = """    tfq index --ratings ratings.csv -o data.jsonl work/*.h5
    tfq train data.jsonl -o mine.safetensors
    tfq score --checkpoint mine.safetensors clip.mp4"""

SETTINGS = """Every option can also be set by a variable or a file; a flag goes before the environment, that before a file, that
before defaults. `tfq config` shows what is set and by what."""


def page(root: Any) -> str:
    """The page as roff; `root` is the group of all commands."""
    commands = root.commands
    stages = [(name, summary(commands[name].help)) for name in commands if name in ROAD]
    others = [(name, summary(command.help)) for name, command in commands.items() if name not in ROAD]
    lines = [roff.title("tfq", 7), ".SH NAME", "tfq \\- overview of talking\\-face quality", ".SH DESCRIPTION"]
    lines += roff.paragraphs([INTRODUCTION])
    lines += [".SH DIMENSIONS", *roff.terms([(name, ASKED[name]) for name in DIMENSIONS])]
    lines += [".SH STAGES", *roff.paragraphs([FILES]), *roff.terms(stages)]
    lines += [".SH OTHER COMMANDS", *roff.terms(others)]
    for title, about, examples in (
        ("PIPES AND BATCHES", PIPES, PIPE_LINES),
        ("GATES", GATES, GATE_LINES),
        ("LOOKING AT CLIPS", LOOKING, LOOK_LINES),
        ("A MODEL OF YOUR OWN", OWN, OWN_LINES),
    ):
        lines += [f".SH {title}", *roff.paragraphs([about, examples])]
    lines += [".SH SETTINGS", *roff.paragraphs([SETTINGS])]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR tfq (1),", ".BR tfq\\-format (5)"]) + "\n"
