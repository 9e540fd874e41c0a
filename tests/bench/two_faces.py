"""Is the talking face found among two? Recordings side by side, each face as wide as the other, with the sound of one.

    python -m tests.bench.two_faces --out work/two work/real/*.h5

Takes the recordings in pairs, writes each pair as one clip, and prints for each whether `tfq detect` judges the face whose
sound it is; in the end the share. Half of them are right by chance.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import cv2
import numpy as np

from tfq.config import Settings
from tfq.media import writer
from tfq.media.frames import frames
from tfq.models.runtime import Models
from tfq.stages.pipeline import walk
from tfq.stages.source import open_source
from tfq.store import TfqFile

WIDTH = 80  # pixels of each face
LONGEST = 150  # frames


def pictures(file: TfqFile) -> list[np.ndarray]:
    left, _, right, _ = np.nanmedian(file.array("detect/boxes")[0], axis=0)
    scale = WIDTH / (right - left)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    found = []
    for _, picture in frames(open_source(file), file.array("extract/picture")):
        found.append(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how))
        if len(found) == LONGEST:
            break
    return found


def side_by_side(pair: tuple[Path, Path], talks: int, out: Path) -> None:
    seen, sounds = [], []
    for path in pair:
        with TfqFile(path, read_only=True) as file:
            seen.append(pictures(file))
            sounds.append(file.array("extract/audio"))
    length = min(map(len, seen))
    height = min(rows[0].shape[0] for rows in seen)
    joined = (np.hstack([middle(one, height), middle(other, height)]) for one, other in zip(*seen, strict=False))
    writer.write(out, joined, sounds[talks][: length * 640])


def middle(picture: np.ndarray, height: int) -> np.ndarray:
    top = (picture.shape[0] - height) // 2
    return picture[top : top + height]


def judged_side(path: Path, models: Models) -> int | None:
    """0: the left face is judged; 1: the right one; None: fewer than two were found."""
    work = path.with_suffix(".h5")
    with TfqFile(work) as file:
        walk(file, "detect", Settings(), models, source=path)
        boxes, info = file.array("detect/boxes"), file.info("detect")
    middles = np.nanmean(boxes[:, :, [0, 2]], axis=(1, 2))
    if len(middles) < 2:
        return None
    return int(middles[info["judged_track"]] > (middles.min() + middles.max()) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    order, models, right = random.Random(0), Models(threads=1), []
    files = sorted(given.files)
    order.shuffle(files)
    for number, pair in enumerate(zip(files[::2], files[1::2], strict=False)):
        talks = order.randrange(2)
        path = given.out / f"{number:03d}.mp4"
        side_by_side(pair, talks, path)
        found = judged_side(path, models)
        if found is None:
            print(f"{path.name}: fewer than two faces found")
            continue
        right.append(found == talks)
        print(f"{path.name}: {'right' if right[-1] else 'wrong'}", flush=True)
    print(f"{sum(right)} of {len(right)} right")


if __name__ == "__main__":
    main()
