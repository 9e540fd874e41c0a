"""Action units as OpenFace writes them: a table that the user names, or one made by `FeatureExtraction` where it is on the path.

They are no stage of the road: most files have none. Where a file holds them, `features` takes them in place of its own.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np

from tfq import disk
from tfq.config import OpenFaceConfig
from tfq.errors import InputError
from tfq.features.action_units import UNITS
from tfq.media.facts import sha256
from tfq.stages.source import BLOCK, open_source
from tfq.store import Stamp, TfqFile
from tfq.types import Floats

VERSION = 1
PROGRAM = "FeatureExtraction"
NEVER = "none"  # as a table: the program is not run, and what the file holds is forgotten
_COLUMNS = tuple(f"{name}_r" for name in UNITS)


def take(file: TfqFile, config: OpenFaceConfig) -> None:
    """Replaces `openface` where there is a table that the file does not hold yet.

    Raises:
        InputError: the table is not OpenFace's, is of another video, or the program failed.
    """
    extracted = file.stamp("extract")
    if extracted is None:
        return
    if config.table == NEVER:
        _forget(file)
        return
    given = _table(config.table, file.path)
    if given is None and (shutil.which(PROGRAM) is None or config.table):
        return
    made = sha256(given) if given else PROGRAM
    stamp = Stamp("openface", VERSION, {"table": made}, inputs={"extract": extracted.digest})
    if file.stamp("openface") == stamp:
        return
    if given is not None:
        rows = read(given)
    else:
        with disk.folder() as folder:
            rows = read(_run(file, folder))
    on_grid = along(rows, file.array("extract/picture"), str(given or PROGRAM))
    with file.replacing("openface", stamp) as group:
        group.put("intensities", on_grid)
        group.put("valid", np.asarray(np.isfinite(on_grid).all(1)))
        group.info = {"units": list(UNITS), "source": given.name if given else PROGRAM}


def intensities(file: TfqFile) -> Floats | None:
    """`[T, 17]` of the picture that the file holds now; None: there are none."""
    made, extracted = file.stamp("openface"), file.stamp("extract")
    if (
        made is None
        or extracted is None
        or file.status("openface") != "ok"
        or made.inputs.get("extract") != extracted.digest
    ):
        return None
    return file.array("openface/intensities")


def read(path: Path) -> dict[int, Floats]:
    """Intensities `[17]` by OpenFace's number of the picture, from 1, of the face that is found most often.

    Raises:
        InputError: the file is not a table that OpenFace wrote with `-aus`.
    """
    try:
        with path.open(newline="", encoding="utf-8") as opened:
            table = csv.DictReader(opened, skipinitialspace=True)
            missing = {"frame", "success", *_COLUMNS} - set(table.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path}: no table of OpenFace with action units: it lacks {', '.join(sorted(missing))}"
                )
            rows = [
                (
                    row.get("face_id") or "0",
                    int(row["frame"]),
                    np.array([float(row[name]) for name in _COLUMNS], np.float32),
                )
                for row in table
                if float(row["success"]) > 0
            ]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table of OpenFace: {error}") from error
    if not rows:
        return {}
    face = Counter(face for face, _, _ in rows).most_common(1)[0][0]
    return {frame: values for which, frame, values in rows if which == face}


def along(rows: dict[int, Floats], pictures: Floats, name: str) -> Floats:
    """Rows on the grid, `[T, 17]`, by the picture that each grid frame shows (`extract/picture`, from 0); NaN: no face.

    Raises:
        InputError: the table goes on after the video's last picture.
    """
    if rows and max(rows) > int(pictures.max()) + 2:  # the last picture may fall out of the grid
        raise InputError(f"{name}: has {max(rows)} pictures, the video {int(pictures.max()) + 1}; it is of another one")
    absent = np.full(len(UNITS), np.nan, np.float32)
    return np.stack([rows.get(int(picture) + 1, absent) for picture in pictures])


def _forget(file: TfqFile) -> None:
    """A group is never taken out of a file: it says that it is not wanted."""
    if file.stamp("openface") is not None and file.status("openface") == "ok":
        length = len(file.array("extract/picture"))
        with file.replacing("openface", Stamp("openface", VERSION, {"table": NEVER})) as group:
            group.put("intensities", np.full((length, len(UNITS)), np.nan, np.float32))
            group.put("valid", np.zeros(length, bool))
            group.status = "not_wanted"


def _table(named: str, file: Path) -> Path | None:
    """The table of a file: the one named, or the one of its name in the folder named."""
    if not named:
        return None
    path = Path(named)
    found = path / f"{file.stem}.csv" if path.is_dir() else path
    if not found.is_file():
        raise InputError(f"{found}: no such file")
    return found


def _run(file: TfqFile, folder: Path) -> Path:
    source = open_source(file)
    if not isinstance(source, Path):
        video = folder / "video.mp4"
        with video.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
        source = video
    command = [PROGRAM, "-f", str(source), "-out_dir", str(folder), "-of", "units", "-aus", "-q"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    table = folder / "units.csv"
    if ran.returncode or not table.is_file():
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:] or ["it wrote no table"]
        raise InputError(f"{file.path}: {PROGRAM} failed: {last[0]}; `--openface {NEVER}` goes without it")
    return table
