"""How far the face's picture is from natural ones: NIQE, BRISQUE and the statistics under them, on portraits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tfq.faces import statistics
from tfq.faces.portrait import SIDE
from tfq.features import motion, portraits
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.types import Floats, Picture

WEIGHTS = ("niqe", "brisque")
_GROUP = 10  # portraits: two seconds
_INNER = slice((SIDE - 128) // 2, (SIDE + 128) // 2)  # the face's box and a little more
_FACE = slice(
    (SIDE - statistics.PATCH) // 2, (SIDE + statistics.PATCH) // 2
)  # one patch: inside a large face's outline


def measure(clip: Clip) -> Found:
    """What a portrait shows holds for five frames; `face_niqe` takes ten faces as one picture."""
    rows, faces = [], []
    for picture, frame in portraits.each(clip):
        row, face = _of_one(picture, clip.parameters) if frame is not None else (_NO_ROW, _NO_FACE)
        rows.append(row)
        faces.append(face)
    held = portraits.held(np.array(rows).reshape(-1, len(_COLUMNS)), clip)
    values = {column.name: series for column, series in zip(_COLUMNS, held.T, strict=True)}
    summary = {f"{name}_mean": motion.mean(series) for name, series in values.items()}
    summary |= {f"{name}_deviation": motion.deviation(values[name]) for name in _UNSTEADY}
    summary["face_niqe"] = _in_groups(np.array(faces).reshape(-1, 36), clip.parameters["niqe"])
    return Found(values, summary, clip.face & np.isfinite(held[:, 0]))


def _in_groups(faces: Floats, model: Mapping[str, Floats]) -> float:
    """NIQE of some seconds' faces taken as one picture: the median, so that it does not depend on the clip's length."""
    known = faces[np.isfinite(faces).all(1)]
    groups = [known[first : first + _GROUP] for first in range(0, len(known) - _GROUP + 1, _GROUP)]
    return float(np.median([statistics.niqe(group, model) for group in groups])) if groups else float("nan")


def _of_one(picture: Picture, models: Mapping[str, Mapping[str, Floats]]) -> tuple[Floats, Floats]:
    levels = picture.astype(np.float32)
    scene = statistics.scene_features(levels[_INNER, _INNER])
    face = statistics.patch_features(levels[_FACE, _FACE])
    whole = statistics.niqe(statistics.patch_features(levels), models["niqe"])
    row = [whole, statistics.niqe(face, models["niqe"]), statistics.brisque(scene, models["brisque"])]
    for scale in scene.reshape(2, 18):
        pairs = scale[2:].reshape(2, 2, 4).mean(1)  # beside or below, diagonal: shape, mean, left and right variance
        row += [*scale[:2], *pairs[0], *pairs[1, :2]]
    return np.array(row), face[0]


def _columns() -> tuple[Column, ...]:
    found = [
        Column("niqe", "", 3, 30, "lower", "NIQE of the portrait: distance from natural pictures."),
        Column("face_distance", "", 3, 30, "lower", "The same distance of one patch in the middle of the face."),
        Column("brisque", "", -10, 100, "lower", "BRISQUE of the face: about 0 is natural."),
    ]
    for scale, size in ((1, "full size"), (2, "half size")):
        found += [
            Column(f"shape_{scale}", "", 0.3, 10, "none", f"MSCN coefficients at {size}: shape; 2 is Gaussian."),
            Column(f"variance_{scale}", "", 0, 0.9, "none", f"Their variance at {size}; small: smooth or flat."),
            Column(f"pair_shape_{scale}", "", 0.2, 1.7, "none", f"Products of neighbours at {size}: shape."),
            Column(f"pair_mean_{scale}", "", -0.2, 0.3, "none", "Their mean: how alike neighbours are."),
            Column(f"pair_left_{scale}", "", 0, 0.8, "none", "Their variance under zero; large: noise."),
            Column(f"pair_right_{scale}", "", 0, 0.6, "none", "Their variance over zero; large: blur."),
            Column(f"diagonal_shape_{scale}", "", 0.2, 1.7, "none", f"Products on the diagonals at {size}: shape."),
            Column(f"diagonal_mean_{scale}", "", -0.2, 0.2, "none", "Their mean."),
        ]
    return tuple(found)


_COLUMNS = _columns()
_UNSTEADY = ("niqe", "brisque", "shape_1", "variance_1")
_NO_ROW, _NO_FACE = np.full(len(_COLUMNS), np.nan), np.full(36, np.nan)

MEASUREMENT = Measurement(
    name="naturalness",
    about="NIQE, BRISQUE and the statistics of natural pictures on the face and around it.",
    columns=_COLUMNS,
    clip_columns=(
        *(replace(column, name=f"{column.name}_mean", about=f"Mean of {column.name}.") for column in _COLUMNS),
        *(
            replace(column, name=f"{name}_deviation", low=0, better="none", about=f"How {name} changes over time.")
            for name in _UNSTEADY
            for column in _COLUMNS
            if column.name == name
        ),
        Column("face_niqe", "", 3, 20, "lower", "NIQE of two seconds' faces taken together."),
    ),
    needs=("face",),
    method="Mittal, Soundararajan and Bovik 2013 (NIQE); Mittal, Moorthy and Bovik 2012 (BRISQUE)",
    cost="medium",
    function=measure,
    weights=WEIGHTS,
)
