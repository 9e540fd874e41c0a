"""A contact sheet: each kind of picture degradation at severities 0 to 5, at the frame that it changes most. Look at it.

    python -m tests.bench.sheet --out sheet.jpg clip.mp4      # without a clip: the one that comes with tfq

Two kinds a row; a face is shown with some room around it. Kinds that change time (stalls, lost pictures) are shown at the
frame where they differ most from the clip, like all others.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib.resources import files
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tfq.artefacts import KINDS
from tfq.config import Settings
from tfq.media.frames import frames, timeline
from tfq.models.runtime import Models
from tfq.stages.degrade import degrade, landmarks_of
from tfq.stages.pipeline import walk
from tfq.store import TfqFile
from tfq.types import Picture

SIDE = 120  # px of a cell
LONGEST = 250  # frames that are looked at


def row(name: str, clip: Path, clean: list[Picture], window: tuple[slice, slice], models: Models) -> Picture:
    """The clip and its five copies, side by side."""
    made = []
    for severity in range(1, 6):
        copy = clip.with_name("copy.mp4")
        degrade(clip, copy, name, severity, models=models)
        made.append(pictures(copy))
    change = [
        np.abs(after[window].astype(int) - before[window]).mean()
        for after, before in zip(made[-1], clean, strict=False)
    ]
    at = int(np.argmax(change))
    cells = [cv2.resize(shown[min(at, len(shown) - 1)][window], (SIDE, SIDE)) for shown in (clean, *made)]
    joined = np.ascontiguousarray(np.concatenate(cells, 1))
    for colour, thick in (((0, 0, 0), 3), ((255, 255, 0), 1)):
        cv2.putText(joined, name, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thick, cv2.LINE_AA)
    return joined


def pictures(clip: Path) -> list[Picture]:
    return [picture for _, picture in islice(frames(clip, timeline(clip).picture), LONGEST)]


def face(clip: Path, models: Models) -> tuple[slice, slice]:
    """Rows and columns of a square around the face."""
    points = landmarks_of(clip, models)[..., :2]
    low, high = np.nanmin(points, (0, 1)), np.nanmax(points, (0, 1))
    centre, half = (low + high) / 2, 0.65 * (high - low).max()
    left, top = np.maximum(0, centre - half).astype(int)
    right, bottom = (centre + half).astype(int)
    return slice(top, bottom), slice(left, right)


def main() -> None:
    """Read the command line and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path, default=Path(str(files("tfq") / "demo" / "demo.mp4")))
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    models = Models(threads=1)
    with tempfile.TemporaryDirectory(prefix="tfq-") as folder:
        clip = Path(folder) / given.clip.name
        clip.write_bytes(given.clip.read_bytes())
        with TfqFile(clip.with_suffix(".h5"), durable=False) as file:  # where `degrade` finds the landmarks
            walk(file, "align", Settings(), models, source=clip)
        clean, window = pictures(clip), face(clip, models)
        rows = [row(name, clip, clean, window, models) for name, kind in KINDS.items() if kind.stream == "picture"]
    rows += [np.zeros_like(rows[0])] * (len(rows) % 2)
    page = np.concatenate([np.concatenate(rows[0::2]), np.concatenate(rows[1::2])], 1)
    cv2.imwrite(str(given.out), cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 68])


if __name__ == "__main__":
    main()
