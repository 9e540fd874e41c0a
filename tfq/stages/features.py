"""Every measurement of the table, each in a group of its own inside `features`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfq.audio import loudness
from tfq.config import FeaturesConfig
from tfq.features import MEASUREMENTS, Clip, Feature, Measurement, chosen
from tfq.models.natural import PARAMETERS
from tfq.models.runtime import Models
from tfq.stages import openface
from tfq.store import GroupWriter, Stamp, TfqFile
from tfq.types import Pictures

VERSION = 2
NEEDS = ("extract", "align", "audio", "sync", "openface")  # the last where the file has it
_AT_ONCE = 256  # crops or portraits


def weights(config: FeaturesConfig) -> tuple[str, ...]:
    """Those of the chosen measurements."""
    return tuple(name for row in chosen(config.only, config.skip) for name in row.weights)


def run(file: TfqFile, config: FeaturesConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`, `align`, `audio`, `sync`, and `openface` where it is there; replaces `features`.

    Groups that `--only` or `--skip` leave out stay where the file has them and what they were made from is unchanged.
    """
    rows = chosen(config.only, config.skip)
    made_from = _made_from(stamp)
    kept = [name for name in _left_out(file, rows) if file.info(f"features/{name}").get("made_from") == made_from]
    clip = _read(file, config, rows, models)
    measured = [(row, row(clip)) for row in rows]
    with file.replacing("features", stamp) as group:
        for row, feature in measured:
            _write(group, row, feature, made_from)
        for name in kept:
            _keep(group, file, name)
        group.info = {"groups": sorted([*kept, *(row.name for row in rows)])}


def _made_from(stamp: Stamp) -> dict[str, Any]:
    """What decides whether a group that stays is still true: all of the stamp but which groups were asked for."""
    parameters = {name: value for name, value in stamp.parameters.items() if name not in ("only", "skip")}
    return {"version": stamp.version, "parameters": parameters, "inputs": dict(stamp.inputs)}


def _left_out(file: TfqFile, rows: tuple[Measurement, ...]) -> list[str]:
    names = {row.name for row in rows}
    return [name for name in file.names("features") if name in MEASUREMENTS and name not in names]


def _read(file: TfqFile, config: FeaturesConfig, rows: tuple[Measurement, ...], models: Models) -> Clip:
    sound = file.array("extract/audio")
    silent = file.status("audio") if file.status("audio") in ("no_audio", "silent") else ""
    gain = float(file.info("audio").get("gain_db") or 0.0)  # absent where there is no peak to bring anywhere
    missing = {"sound"} if silent else set()
    missing |= set() if file.status("align") == "ok" else {"face"}
    needed = [name for row in rows if not (missing & set(row.needs) or row.encoder) for name in row.weights]
    return Clip(
        sound=(sound * 10 ** (gain / 20)).astype(np.float32),
        silent=silent,
        speech=file.array("audio/speech"),
        level_db=np.maximum(file.array("audio/level_db") + np.float32(gain), loudness.FLOOR_DB),
        shown=file.array("extract/valid"),
        repeated=file.array("extract/repeated"),
        picture=file.array("extract/picture"),
        source_time_s=file.array("extract/source_time_s"),
        broken=file.array("extract/broken"),
        black=file.array("extract/black"),
        face=file.array("align/valid") & (file.status("align") == "ok"),
        landmarks=file.array("align/landmarks"),
        blendshapes=file.array("align/blendshapes"),
        pose=file.array("align/pose"),
        transform=file.array("align/transform"),
        texture=file.array("align/texture"),
        crops=functools.partial(_pieces, file, "align/crops"),
        portraits=functools.partial(_pieces, file, "align/portraits"),
        openface=openface.intensities(file),
        gain_db=gain,
        offset=_offset(file),
        decoder_errors=int(file.info("extract").get("decoder_errors") or 0),
        networks={name: models.session(name) for name in needed if name not in PARAMETERS},
        parameters={name: models.parameters(name) for name in needed if name in PARAMETERS},
        encoders={row.name: models.encoder(row.encoder) for row in rows if row.encoder},
        dnsmos_hop_s=config.dnsmos_hop_s,
    )


def _pieces(file: TfqFile, path: str) -> Iterator[Pictures]:
    for start in range(0, file.shape(path)[0], _AT_ONCE):
        yield file.rows(path, start, start + _AT_ONCE)


def _offset(file: TfqFile) -> float:
    """Offset of the clip in frames: the median over its windows; NaN where `sync` could not tell."""
    if not file.has("sync/offset") or file.status("sync") != "ok":
        return float("nan")
    offsets = file.array("sync/offset")
    known = offsets[np.isfinite(offsets)]
    return float(np.median(known)) if len(known) else float("nan")


def _write(group: GroupWriter, row: Measurement, feature: Feature, made_from: dict[str, Any]) -> None:
    wide = row.encoder != ""  # hidden states, hundreds of them: half precision is finer than what they tell
    group.put(f"{row.name}/values", feature.values.astype(np.float16) if wide else feature.values)
    group.put(f"{row.name}/clip", feature.clip)
    group.put(f"{row.name}/valid", feature.valid)
    info = {
        "columns": [column.name for column in row.columns],
        "units": [column.unit for column in row.columns],
        "clip_columns": [column.name for column in row.clip_columns],
        "clip_units": [column.unit for column in row.clip_columns],
        "absent": dict(feature.absent),
        "made_from": made_from,
    }
    group.describe(row.name, info, feature.status)


def _keep(group: GroupWriter, file: TfqFile, name: str) -> None:
    path = f"features/{name}"
    for part in ("values", "clip", "valid"):
        group.put(f"{name}/{part}", file.array(f"{path}/{part}"))
    group.describe(name, file.info(path), file.status(path))
