"""What int8 networks are calibrated on: crops and sound of aligned files, or of the demo clip that comes with tfq."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tfq import disk
from tfq.audio import loudness
from tfq.config import AudioConfig, Settings
from tfq.errors import InputError
from tfq.features.picture import regions_of
from tfq.models.reduced import Calibration
from tfq.models.runtime import Models
from tfq.store import TfqFile

CROPS = 64  # of each part of each file
DEMO = "demo"


def calibration(named: Sequence[str], models: Models) -> Calibration:
    """Of files that have been through `tfq align`; none named: of the demo clip, which is measured when it is wanted.

    Raises:
        InputError: a file is missing, or shows no face.
    """
    if not named:
        return Calibration(DEMO, functools.partial(_of_demo, models))
    paths = [Path(name) for name in named]
    identity = []
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file to calibrate on")
        with TfqFile(path, read_only=True) as file:
            made = file.stamp("align")
            if made is None or file.status("align") != "ok":
                raise InputError(f"{path}: shows no face to calibrate on; it must have been through `tfq align`")
            identity.append(made.digest)
    return Calibration(" ".join(identity), functools.partial(_of_files, paths))


def _of_files(paths: Sequence[Path], kind: Literal["sound", "crops"]) -> list[Any]:
    found: list[Any] = []
    for path in paths:
        with TfqFile(path, read_only=True) as file:
            found += _of_file(file, kind)
    return found


def _of_demo(models: Models, kind: Literal["sound", "crops"]) -> list[Any]:
    from tfq.stages.pipeline import walk

    with (
        as_file(files("tfq") / "demo" / "demo.mp4") as clip,
        disk.folder() as folder,
        TfqFile(folder / "demo.h5", durable=False) as file,
    ):
        own = Models(models.folder, models.threads, models.offline)  # what the others have begun goes on
        walk(file, "align" if kind == "crops" else "extract", Settings(), own, source=clip)
        return _of_file(file, kind)


def _of_file(file: TfqFile, kind: Literal["sound", "crops"]) -> list[Any]:
    """Its sound as measurements hear it; or faces and mouths, spread evenly over the clip."""
    if kind == "sound":
        return [loudness.normalise(file.array("extract/audio"), AudioConfig().peak_dbfs)]
    shown = np.flatnonzero(file.array("align/valid"))
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, min(len(shown), CROPS)).astype(int))]
    crops = np.concatenate([file.rows("align/crops", int(i), int(i) + 1) for i in chosen])
    where = regions_of(file.array("align/landmarks"), file.array("align/transform"), crops.shape[1])
    return [np.ascontiguousarray(crops[(slice(None), *part)]) for part in (where.face, where.mouth)]
