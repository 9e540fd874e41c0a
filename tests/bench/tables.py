"""Tables for `tfq index` from a manifest of clips: who is in them, what a recording is worth, and which clip is better.

    python -m tests.bench.tables --manifest manifest.csv --generators generator_mos.csv --out work work/*/*.h5

The manifest has the columns path, kind (real, generated, resynth), method, group, speaker, language, source and notes; a clip
is found by its file's name. `labels.csv` says of every clip its part, by SHA-256 of what it shares with others (its speaker, or
the folder of unnamed ones, its group, or the recording it was made from), and gives recordings in sync the label of a clean
clip. `order.csv` holds what is only known as an order, inside one part; a group's name begins with what it stands on:

- `real`: recordings over generated clips, overall;
- `published`: generators by the means of a published study (`--generators`: generator, mos_mean), overall;
- `young`: generators that render the whole picture by video diffusion over those that came years before, overall: what
  the papers of the younger ones report of their own user studies;
- `spoken`, `dubbed`: recordings over synthetic speech of the same clip, and its systems in their order, sound;
- `lips`, `motion`, `steady`: generated clips by an indicator that people's preferences are known to follow: confidence of the
  sync network, speed of the head up to that of recordings, and how little changes around the eyes once motion is taken out;
  for training alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfq.config import DIMENSIONS
from tfq.fusion.split import families
from tfq.nets.spec import CLEAN
from tfq.store import TfqFile

TEST, VALIDATION = 0.19, 0.36  # of the range of a hash: under the first to test, under the second to validate
IN_SYNC_MS, COVERAGE, CONFIDENCE = 100.0, 0.9, 0.1
YOUNG = (
    "OmniHuman",
    "OmniHuman-1.5",
    "Loopy",
    "CyberHost",
    "EMO",
    "VASA-1",
    "MoCha",
    "Hallo3",
    "HunyuanVideo-Avatar",
    "Sonic",
)
YOUNG += ("FantasyTalking", "OmniAvatar", "StableAvatar", "MultiTalk", "ActAvatar", "WanS2V", "EchomimicV3", "Playmate")
OLD = (
    "Wav2Lip",
    "DINet",
    "DreamTalk",
    "VideoReTalking",
    "AniTalker",
    "EDTalk",
    "AniPortrait",
    "V-Express",
    "HyperLips",
    "DH_live",
)
SPEECH = {  # better systems of synthetic speech above worse ones; recordings above all
    "VoiceCraft-Dub": 2, "StyleDubber": 1, "HPMDubbing": 1, "lrs2_gt_mel": 2, "lrs2_nd": 1, "lrs2_fs2": 1,
    "lip2speech_unit_proposed_avhubert": 2.77, "lip2speech_unit_proposed": 2.74, "lip2speech_unit_proposed_wo_aug": 2.30,
    "lip2speech_unit_svts": 1.76, "lip2speech_unit_vcagan": 1.29, "lip2speech_unit_multitask": 1.29,
}  # fmt: skip
RECORDING = 5.0


@dataclass
class Entry:
    """One clip of the manifest that was measured."""

    row: dict[str, str]
    file: Path
    part: str = ""
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.row["kind"]

    @property
    def method(self) -> str:
        return f"{self.row['method']} or none" if self.mixed else self.row["method"]

    @property
    def folder(self) -> str:
        return self.row["path"].split("/")[1]

    @property
    def mixed(self) -> bool:
        """The publisher does not say which clips are real and which are generated."""
        return "mixed" in self.row["notes"]

    @property
    def recording(self) -> str:
        """Name of the recording that synthetic speech was made for, or that a recording is; empty: none is known."""
        source = self.row["source"]
        for name, pattern in {
            "dub": r"(?:LRS|CELEB)/([^/]+)/",
            "lrs2": r"/lrs2/[^/]+/(\d+)\.",
            "unit": r"lip2speech-unit: videos/[^/]+/([^/]+)\.\w+$",
        }.items():
            if found := re.search(pattern, source):
                return f"{name}:{found[1]}"
        return ""

    @property
    def shared(self) -> list[str]:
        """What no two parts may share; unnamed speakers of a folder count as one, and so do those of GRID."""
        row, recording = self.row, [f"recording:{self.recording}"] if self.recording else []
        if self.kind == "resynth" and not row["speaker"]:  # their groups are the names of files
            return recording or [f"path:{row['path']}"]
        speaker = "grid" if self.kind == "real" and "grid" in self.folder else row["speaker"]
        if self.kind == "real" and not speaker and not row["group"]:
            speaker = f"folder:{self.folder}"
        named = [f"{name}:{value}" for name, value in (("speaker", speaker), ("group", row["group"])) if value]
        return [*(named or [f"path:{row['path']}"]), *recording]


def read(manifest: Path, files: list[Path]) -> list[Entry]:
    with manifest.open(newline="", encoding="utf-8") as lines:
        rows = {Path(row["path"]).stem: row for row in csv.DictReader(lines)}
    return [Entry(rows[file.stem], file) for file in sorted(files) if file.stem in rows]


def deal(entries: list[Entry]) -> None:
    """Give every clip its part."""
    joined = families([entry.shared for entry in entries])
    names: dict[int, set[str]] = defaultdict(set)
    for entry, family in zip(entries, joined, strict=True):
        names[family].update(entry.shared)
    for entry, family in zip(entries, joined, strict=True):
        first = min(names[family], key=lambda name: (name.startswith("recording:"), name))
        place = int.from_bytes(hashlib.sha256(f"tfq-fusion:{first}".encode()).digest()[:4]) / 2**32
        entry.part = "test" if place < TEST else "validation" if place < VALIDATION else "train"


def look(entry: Entry) -> None:
    """Read the numbers that labels and orders stand on; what is not measured stays out."""
    with TfqFile(entry.file, read_only=True) as file:
        sync, entry.facts["coverage"] = file.info("sync"), file.info("align").get("coverage", 0.0)
        found = (
            {"offset_ms": sync.get("offset_ms"), "lips": sync.get("confidence")} if file.status("sync") == "ok" else {}
        )
        for name, (group, column, sign) in {
            "motion": ("head", "speed_mean", 1),
            "steady": ("stability", "eyes_residual_mean", -1),
        }.items():
            columns = file.info(f"features/{group}").get("clip_columns", []) if file.has(f"features/{group}") else []
            if column in columns:
                found[name] = sign * float(file.array(f"features/{group}/clip")[columns.index(column)])
    entry.facts |= {name: float(value) for name, value in found.items() if value is not None and np.isfinite(value)}


def clean(entry: Entry) -> bool:
    """A recording whose face is seen and whose sound belongs to it."""
    facts = entry.facts
    seen = facts["coverage"] >= COVERAGE and facts.get("lips", 0.0) > CONFIDENCE
    return entry.kind == "real" and seen and abs(facts.get("offset_ms", np.inf)) < IN_SYNC_MS


Place = tuple[str, Entry, dict[str, float]]


def orders(entries: list[Entry], published: dict[str, float]) -> Iterator[Place]:
    """Group, clip and its values, part by part."""
    for part in ("train", "validation", "test"):
        mine = [entry for entry in entries if entry.part == part]
        draw = np.random.default_rng([7, len(part)])
        made = [e for e in mine if e.kind == "generated"]
        recorded = [e for e in mine if clean(e)]
        known = [e for e in made if not e.mixed]
        yield from _over(f"real-{part}", recorded, known, draw)
        young, old = ([e for e in known if e.method in names] for names in (YOUNG, OLD))
        yield from _over(f"young-{part}", young, old, draw)
        means = {id(e): published.get(e.method, np.nan) for e in known}
        yield from _by(f"published-{part}", known, means, ("overall",), draw)
        yield from _speech(part, mine)
        if part != "test":
            most = float(np.median([e.facts["motion"] for e in recorded if "motion" in e.facts] or [np.inf]))
            for name, dimension in (("lips", "lip_sync"), ("motion", "expression"), ("steady", "visual_quality")):
                values = {id(e): min(e.facts.get(name, np.nan), most if name == "motion" else np.inf) for e in made}
                yield from _by(f"{name}-{part}", made, values, (dimension,), draw)


def _over(name: str, better: list[Entry], worse: list[Entry], draw: np.random.Generator) -> Iterator[Place]:
    """Each of the worse with two of the better."""
    for i, entry in enumerate(worse if len(better) > 1 else []):
        yield f"{name}-{i}", entry, {"overall": 0.0}
        for j in draw.choice(len(better), 2, replace=False):
            yield f"{name}-{i}", better[int(j)], {"overall": 1.0}


def _by(
    name: str,
    entries: list[Entry],
    values: dict[int, float],
    dimensions: tuple[str, ...],
    draw: np.random.Generator,
    size: int = 4,
) -> Iterator[Place]:
    """Groups of a few; clips whose values lie within half a deviation of all are one level."""
    known = [entry for entry in entries if np.isfinite(values[id(entry)])]
    if len(known) < 2:
        return
    step = 0.5 * float(np.std([values[id(entry)] for entry in known])) or 1.0
    line = [known[i] for i in draw.permutation(len(known))]
    for i, entry in enumerate(line):
        yield f"{name}-{i // size}", entry, dict.fromkeys(dimensions, round(values[id(entry)] / step))


def _speech(part: str, entries: list[Entry]) -> Iterator[Place]:
    alike: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.recording and (entry.kind == "real" or entry.method in SPEECH):
            alike[entry.recording].append(entry)
    for recording, members in alike.items():
        if len(members) > 1:
            name = f"{'spoken' if recording.startswith('unit') else 'dubbed'}-{part}-{recording}"
            for entry in members:
                yield name, entry, {"audio_quality": SPEECH.get(entry.method, RECORDING)}


def main() -> None:
    """Read the command line and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--generators", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    entries = read(given.manifest, given.files)
    deal(entries)
    for entry in entries:
        look(entry)
    with (given.out / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "kind", "method", "language", "speaker", "group", "split", *DIMENSIONS])
        for entry in entries:
            worth = [CLEAN] * len(DIMENSIONS) if clean(entry) else [""] * len(DIMENSIONS)
            row, names = entry.row, entry.shared
            table.writerow(
                [entry.file.name, row["kind"], entry.method, row["language"], names[0], names[-1], entry.part, *worth]
            )
    with given.generators.open(newline="", encoding="utf-8") as lines:
        published = {row["generator"]: float(row["mos_mean"]) for row in csv.DictReader(lines)}
    with (given.out / "order.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["group", "file", *DIMENSIONS])
        table.writeheader()
        for group, entry, values in orders(entries, published):
            table.writerow({"group": group, "file": entry.file.name, **values})


if __name__ == "__main__":
    main()
