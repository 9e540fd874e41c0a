"""What the stored indicators say of each kind of degradation at each severity.

    python -m tests.bench.response measure --out work/response a.h5 b.h5   # aligned files with their source inside
    python -m tests.bench.response table --out work/response               # indicators by kind and severity, rank correlation
    python -m tests.bench.response sheet --out work/response a.h5          # work/response/sheet-*.png: look at them

`measure` goes on where it was stopped. A kind is recovered if, in the median clip, one stored indicator follows the
severities with a Spearman correlation of at least 0.9; severity 0 is the clip itself with nothing but a second encoding.
The indicator is chosen among some 150 after the fact, so that on a few clips one follows by chance: kinds seen on fewer
than five clips are not judged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import spearmanr

from tests.bench.degraded_set import measure as bring_up
from tests.bench.degraded_set import recode
from tfq.artefacts import KINDS, Kind
from tfq.config import Settings
from tfq.errors import TfqError
from tfq.media.frames import frames, timeline
from tfq.models.runtime import Models
from tfq.stages.degrade import degrade
from tfq.stages.pipeline import walk
from tfq.store import TfqFile

ENOUGH = 0.9
LEAST_CLIPS = 5
SCALARS = ("extract", "audio", "sync")


def measure(originals: list[Path], out: Path, names: list[str]) -> None:
    """Degrade and measure; a line of JSON for each copy goes to `response.jsonl`."""
    log = out / "response.jsonl"
    done = {(row["clip"], row["kind"], row["severity"]) for row in _rows(log)}
    models = Models(threads=1)
    for original in originals:
        with tempfile.TemporaryDirectory(prefix="tfq-") as folder:
            clip = _unpacked(original, Path(folder))
            others = [path for path in originals if path != original]
            other = _unpacked(others[0], Path(folder)) if others else None
            for name in names:
                for severity in range(6):
                    # The second encoding alone is the same for all kinds of a stream.
                    called = KINDS[name].stream if severity == 0 else name
                    if (original.stem, called, severity) in done:
                        continue
                    done.add((original.stem, called, severity))
                    try:
                        values = _measured(original, (clip, other), KINDS[name], severity, models)
                    except TfqError as error:
                        print(f"{original.stem} {name} {severity}: {error}")
                        continue
                    row = {"clip": original.stem, "kind": called, "severity": severity, "values": values}
                    with log.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")


def _measured(
    original: Path, clips: tuple[Path, Path | None], kind: Kind, severity: int, models: Models
) -> dict[str, float]:
    clip, other = clips
    copy = clip.with_name(f"copy-{kind.name}-{severity}.mp4")
    if severity:
        degrade(clip, copy, kind.name, severity, sound=other if "other" in kind.needs else None, models=models)
    else:
        recode(clip, copy, kind.stream, "0")
    bring_up(copy, original, kind.stream, models)
    with TfqFile(copy.with_suffix(".h5"), durable=False) as file:
        walk(file, "sync", Settings(), models)
        walk(file, "features", Settings(), models)
        values = indicators(file)
    for path in clip.parent.glob(f"{copy.stem}*"):
        path.unlink()
    return values


def indicators(file: TfqFile) -> dict[str, float]:
    """Every number a file holds for the whole clip."""
    values = {
        f"{group}.{name}": float(value)
        for group in SCALARS
        for name, value in file.info(group).items()
        if isinstance(value, int | float)
    }
    for group in file.info("features")["groups"]:
        columns = file.info(f"features/{group}")["clip_columns"]
        values |= {
            f"{group}.{name}": float(v) for name, v in zip(columns, file.array(f"features/{group}/clip"), strict=True)
        }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def table(out: Path) -> int:
    """Print, for each kind, the indicator that follows it best and its medians; the number of kinds not recovered."""
    rows = _rows(out / "response.jsonl")
    by_kind: dict[str, dict[str, dict[int, dict[str, float]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_kind[row["kind"]][row["clip"]][row["severity"]] = row["values"]
    failed = 0
    print("kind\tclips\tindicator\tspearman\tclean\t1\t2\t3\t4\t5\tverdict")
    for name, kind in KINDS.items():
        clips = {
            clip: levels | {0: by_kind[kind.stream][clip].get(0, {})}
            for clip, levels in by_kind[name].items()
            if len(levels) == 5
        }
        if not clips:
            continue
        best, value = _best(clips)
        verdict = "few clips" if len(clips) < LEAST_CLIPS else "recovered" if value >= ENOUGH else "not recovered"
        failed += verdict != "recovered"
        medians = [np.median([levels[i].get(best, np.nan) for levels in clips.values()]) for i in range(6)]
        numbers = "\t".join(f"{number:.4g}" for number in medians)
        print(f"{name}\t{len(clips)}\t{best}\t{value:.2f}\t{numbers}\t{verdict}")
    print(f"{failed} kinds are not recovered, or were seen on too few clips")
    return failed


def _best(clips: dict[str, dict[int, dict[str, float]]]) -> tuple[str, float]:
    """The indicator whose median rank correlation with the severity is largest, of equal ones the most consistent."""
    names = sorted(set.union(*(set(levels[1]) for levels in clips.values())))
    found: dict[str, tuple[float, float]] = {}
    for name in names:
        series = [[levels[i].get(name, np.nan) for i in range(6)] for levels in clips.values()]
        signed = [correlation(values) for values in series]
        # The sign must be the same in every clip: an indicator that falls in one and rises in the next says nothing.
        median = float(np.median(signed))
        spread = [np.ptp(values) / (np.std([v[0] for v in series]) + 1e-9) for values in series]
        found[name] = (round(abs(median), 3), abs(float(np.mean(signed))) + min(1.0, float(np.median(spread))) * 1e-3)
    best = max(found, key=lambda name: found[name])
    return best, found[best][0]


def correlation(values: list[float], least: int = 5) -> float:
    """Of values with their place; 0 where they do not change, or fewer than `least` are known."""
    known = np.isfinite(values)
    if known.sum() < least or np.ptp(np.array(values)[known]) == 0:
        return 0.0
    return float(spearmanr(np.flatnonzero(known), np.array(values)[known]).statistic)


def sheet(original: Path, out: Path, names: list[str], start: int = 30, count: int = 5) -> None:
    """A row of severities 0 to 5 for each kind of picture, at the frame that changes most."""
    models = Models(threads=1)
    rows = []
    with tempfile.TemporaryDirectory(prefix="tfq-") as folder:
        clip = _unpacked(original, Path(folder))
        clean = _pictures(clip)
        for name in names:
            if KINDS[name].stream != "picture":
                continue
            made = []
            for severity in range(1, 6):
                copy = clip.with_name("copy.mp4")
                degrade(clip, copy, name, severity, models=models)
                made.append(_pictures(copy))
            window = slice(min(start, len(clean) - 1), None)
            change = [np.abs(a.astype(int) - b).mean() for a, b in zip(made[-1][window], clean[window], strict=False)]
            at = window.start + int(np.argmax(change))
            cells = [cv2.resize(pictures[min(at, len(pictures) - 1)], (240, 240)) for pictures in (clean, *made)]
            row = np.concatenate(cells, 1)
            cv2.putText(row, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 0), 1, cv2.LINE_AA)
            rows.append(row)
    for number in range(0, len(rows), count):
        page = cv2.cvtColor(np.concatenate(rows[number : number + count]), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(out / f"sheet-{number // count + 1}.png"), page)


def _pictures(clip: Path) -> list[np.ndarray]:
    return [picture for _, picture in islice(frames(clip, timeline(clip).picture), 100)]


def _unpacked(original: Path, folder: Path) -> Path:
    clip = folder / f"{original.stem}.mp4"
    if not clip.exists():
        with TfqFile(original, read_only=True) as file:
            clip.write_bytes(file.array("extract/source").tobytes())
        clip.with_suffix(".h5").write_bytes(original.read_bytes())
    return clip


def _rows(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "table", "sheet"))
    parser.add_argument("files", nargs="*", type=Path, help="aligned .h5 files with their source inside")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kinds", default="", help="comma-separated; empty: all")
    options = parser.parse_intermixed_args()
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.kinds.split(",") if options.kinds else list(KINDS)
    if options.what == "table":
        return int(table(options.out) > 0)
    if options.what == "sheet":
        sheet(options.files[0], options.out, names)
    else:
        measure(options.files, options.out, names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
