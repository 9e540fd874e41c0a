"""A learned view of how the face is rendered: embedding and one score, by a small network of tfq's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfq.faces.portrait import EVERY, SIDE
from tfq.features import motion, portraits
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.nets.spec import FACE_QUALITY_EMBEDDING
from tfq.types import Floats, Picture

NETWORK = "tfq-face-quality"
SEEN = slice((SIDE - 128) // 2, (SIDE + 128) // 2)  # rows and columns of a portrait: the face's box and a little more
_AT_ONCE = 16


def measure(clip: Clip) -> Found:
    """Every fifth frame's face, held until the next one."""
    rows: list[Floats] = []
    faces: list[tuple[Picture, Picture]] = []
    for (portrait, frame), crop in zip(portraits.each(clip), _crops(clip), strict=False):
        rows.append(np.full(len(_COLUMNS), np.nan))
        if frame is not None:
            faces.append((portrait, crop))
            rows[-1] = np.zeros(len(_COLUMNS))
    table = np.array(rows).reshape(-1, len(_COLUMNS))
    table[np.isfinite(table[:, 0])] = _seen(faces, clip)
    held = portraits.held(table, clip)
    values = {column.name: series for column, series in zip(_COLUMNS, held.T, strict=True)}
    quality = values["quality"]
    known = quality[np.isfinite(quality)]
    summary = {
        "quality_mean": motion.mean(quality),
        "quality_deviation": motion.deviation(quality),
        "quality_low": float(np.quantile(known, 0.05)) if len(known) else float("nan"),
    }
    return Found(values, summary, clip.face & np.isfinite(quality))


def _crops(clip: Clip) -> Iterator[Picture]:
    """The crops of those frames that have a portrait."""
    frame = 0
    for piece in clip.crops():
        for crop in piece:
            if frame % EVERY == 0:
                yield crop
            frame += 1


def _seen(faces: list[tuple[Picture, Picture]], clip: Clip) -> Floats:
    """What the network says of faces, `[F, E + 1]`."""
    found = [np.zeros((0, len(_COLUMNS)), np.float32)]
    for start in range(0, len(faces), _AT_ONCE):
        grey, colour = (np.array(pictures) for pictures in zip(*faces[start : start + _AT_ONCE], strict=True))
        given: dict[str, Floats] = {
            "portrait": grey[:, None, SEEN, SEEN].astype(np.float32) / 255,
            "crop": colour.transpose(0, 3, 1, 2).astype(np.float32) / 255,
        }
        embedding, quality = clip.networks[NETWORK].run(None, given)
        found.append(np.concatenate([embedding, quality[:, None]], 1))
    return np.concatenate(found)


_COLUMNS = (
    *(Column(f"e{i}", "", -1, 1, "none", f"Number {i} of the embedding.") for i in range(FACE_QUALITY_EMBEDDING)),
    Column("quality", "deviations", -8, 2, "higher", "0: the mean recording; in deviations of recordings from it."),
)

MEASUREMENT = Measurement(
    name="face_quality",
    about="How well the face is rendered, by a network that learned the order of severities.",
    columns=_COLUMNS,
    clip_columns=(
        Column("quality_mean", "deviations", -8, 2, "higher", "Mean quality."),
        Column("quality_deviation", "deviations", 0, 2, "lower", "How it changes over time."),
        Column("quality_low", "deviations", -9, 2, "higher", "What 5 % of the frames lie under."),
    ),
    needs=("face",),
    method="after Liu, van de Weijer and Bagdanov 2017 (RankIQA); tfq/weights/face_quality.md",
    cost="medium",
    function=measure,
    weights=(NETWORK,),
    optional=True,
)
