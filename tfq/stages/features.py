"""Every measurement of the table, each in a group of its own inside `features`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from typing import Any, cast

import numpy as np

from tfq.audio import loudness
from tfq.config import FeaturesConfig
from tfq.features import MEASUREMENTS, Clip, Feature, Measurement, chosen
from tfq.models.ahead import Ahead
from tfq.models.natural import PARAMETERS
from tfq.models.reduced import Compared, Precision
from tfq.models.runtime import Models
from tfq.stages import openface
from tfq.stages.calibration import calibration
from tfq.store import GroupWriter, Stamp, TfqFile
from tfq.types import Floats, Pictures

VERSION = 2
NEEDS = ("extract", "align", "audio", "sync", "openface")  # the last where the file has it
SHARED = ("spectrum", "voice", "phonation")  # properties of a clip that several measurements read
_AT_ONCE = 256  # crops or portraits


def weights(config: FeaturesConfig) -> tuple[str, ...]:
    """Those of the chosen measurements."""
    return tuple(name for row in chosen(config.only, config.skip) for name in row.weights)


def run(file: TfqFile, config: FeaturesConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`, `align`, `audio`, `sync`, and `openface` where it is there; replaces `features`.

    Groups that `--only` or `--skip` leave out stay where the file has them and what they were made from is unchanged.
    """
    rows = chosen(config.only, config.skip)
    kept = [name for name in _left_out(file, rows) if _made_alike(file, name, stamp)]
    clip = _read(file, config, rows, models)
    measured = zip(rows, _measured(clip, rows, _made_of(file, config), models.ahead), strict=True)
    with file.replacing("features", stamp) as group:
        for row, feature in measured:
            _write(group, row, feature, _made_from(stamp, row), _reduced(clip, row, config))
        for name in kept:
            _keep(group, file, name)
        group.info = {"groups": sorted([*kept, *(row.name for row in rows)])}


def listen(file: TfqFile, config: FeaturesConfig, models: Models) -> None:
    """Begin what needs nothing but the sound, while other stages work on the pictures.

    Reads `extract`, `audio`. `run` stores the same with it and without.
    """
    rows = [row for row in chosen(config.only, config.skip) if _hears_alone(row)]
    if not rows or _silent(file):
        return
    for name in (name for row in rows for name in row.weights):
        models.path(name)  # fetched here, where a download can be told of
    clip = functools.cache(functools.partial(_heard, _sound_and_grid(file), rows, config, models))
    made_of = _made_of(file, config)
    # Networks first: they leave Python's lock to the work on the pictures.
    work: dict[Hashable, Callable[[], Any]] = {}
    for row in sorted(rows, key=lambda row: not row.weights):
        work[row.name, *made_of] = functools.partial(lambda row: row(clip()), row)
    for name in SHARED:
        work["clip", name, *made_of] = functools.partial(lambda name: getattr(clip(), name), name)
    models.ahead.begin(work)


def _hears_alone(row: Measurement) -> bool:
    return row.needs == ("sound",) and not row.encoder


def _made_of(file: TfqFile, config: FeaturesConfig) -> tuple[Hashable, ...]:
    """All that decides what measurements of the sound alone find."""
    return (*(made.digest for name in ("extract", "audio") if (made := file.stamp(name))), config.dnsmos_hop_s)


def _measured(clip: Clip, rows: tuple[Measurement, ...], made_of: tuple[Hashable, ...], ahead: Ahead) -> list[Feature]:
    """Every row; those that may be on their way already last."""
    for name in SHARED:
        found = ahead.take(("clip", name, *made_of), lambda: None)
        if found is not None:
            vars(clip)[name] = found
    done: dict[str, Feature] = {}
    for row in sorted(rows, key=_hears_alone):
        work = functools.partial(row, clip)
        done[row.name] = ahead.take((row.name, *made_of), work) if _hears_alone(row) else work()
    return [done[row.name] for row in rows]


def _made_alike(file: TfqFile, name: str, stamp: Stamp) -> bool:
    """A group that was left out this time stays if this run would make it the same."""
    return bool(file.info(f"features/{name}").get("made_from") == _made_from(stamp, MEASUREMENTS[name]))


def _made_from(stamp: Stamp, row: Measurement) -> dict[str, Any]:
    """What decides whether a group that stays is still true: all of the stamp but which groups were asked for.

    The precision matters for deep networks alone, and what int8 is calibrated on for int8.
    """
    left = {"only", "skip"}
    if not row.encoder or stamp.parameters.get("precision", "fp32") == "fp32":
        left |= {"precision", "calibrate"}
    parameters = {name: value for name, value in stamp.parameters.items() if name not in left}
    return {"version": stamp.version, "parameters": parameters, "inputs": dict(stamp.inputs)}


def _left_out(file: TfqFile, rows: tuple[Measurement, ...]) -> list[str]:
    names = {row.name for row in rows}
    return [name for name in file.names("features") if name in MEASUREMENTS and name not in names]


def _read(file: TfqFile, config: FeaturesConfig, rows: tuple[Measurement, ...], models: Models) -> Clip:
    missing = {"sound"} if _silent(file) else set()
    missing |= set() if file.status("align") == "ok" else {"face"}
    needed = [name for row in rows if not (missing & set(row.needs) or row.encoder) for name in row.weights]
    return Clip(
        **_sound_and_grid(file),
        face=file.array("align/valid") & (file.status("align") == "ok"),
        landmarks=file.array("align/landmarks"),
        blendshapes=file.array("align/blendshapes"),
        pose=file.array("align/pose"),
        transform=file.array("align/transform"),
        texture=file.array("align/texture"),
        crops=functools.partial(_pieces, file, "align/crops"),
        portraits=functools.partial(_pieces, file, "align/portraits"),
        openface=openface.intensities(file),
        offset=_offset(file),
        networks={name: models.session(name) for name in needed if name not in PARAMETERS},
        parameters={name: models.parameters(name) for name in needed if name in PARAMETERS},
        encoders=_encoders(rows, config, models),
        dnsmos_hop_s=config.dnsmos_hop_s,
    )


def _encoders(
    rows: tuple[Measurement, ...], config: FeaturesConfig, models: Models
) -> dict[str, Callable[[Any], Floats]]:
    deep = [row for row in rows if row.encoder]
    precision = cast("Precision", config.precision)
    inputs = calibration(config.calibrate, models) if deep and precision == "int8" else None
    return {row.name: models.encoder(row.encoder, precision, inputs) for row in deep}


def _reduced(clip: Clip, row: Measurement, config: FeaturesConfig) -> dict[str, Any]:
    """What is noted of a deep network: its precision, and how like fp32's its rows are on a part of this clip."""
    if not row.encoder:
        return {}
    encoder = clip.encoders[row.name]
    found = encoder.cosine if isinstance(encoder, Compared) else None
    noted = {} if found is None else {"cosine_to_fp32": {"mean": found[0], "least": found[1]}}
    return {"precision": config.precision, **noted}


def _heard(known: dict[str, Any], rows: list[Measurement], config: FeaturesConfig, models: Models) -> Clip:
    """The clip for measurements that need its sound alone: no face was looked for yet."""
    unseen: dict[str, Any] = dict.fromkeys(
        ("landmarks", "blendshapes", "pose", "transform", "texture"), np.zeros(0, np.float32)
    )
    return Clip(
        **known,
        **unseen,
        face=np.zeros(len(known["shown"]), bool),
        crops=lambda: iter(()),
        networks={name: models.session(name) for row in rows for name in row.weights},
        dnsmos_hop_s=config.dnsmos_hop_s,
    )


def _sound_and_grid(file: TfqFile) -> dict[str, Any]:
    """What is known of a clip before anybody looked at its pictures."""
    gain = float(file.info("audio").get("gain_db") or 0.0)  # absent where there is no peak to bring anywhere
    return {
        "sound": (file.array("extract/audio") * 10 ** (gain / 20)).astype(np.float32),
        "silent": _silent(file),
        "speech": file.array("audio/speech"),
        "level_db": np.maximum(file.array("audio/level_db") + np.float32(gain), loudness.FLOOR_DB),
        "shown": file.array("extract/valid"),
        "repeated": file.array("extract/repeated"),
        "picture": file.array("extract/picture"),
        "source_time_s": file.array("extract/source_time_s"),
        "broken": file.array("extract/broken"),
        "black": file.array("extract/black"),
        "gain_db": gain,
        "decoder_errors": int(file.info("extract").get("decoder_errors") or 0),
    }


def _silent(file: TfqFile) -> str:
    """Why there is no sound to measure; empty: there is."""
    return file.status("audio") if file.status("audio") in ("no_audio", "silent") else ""


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


def _write(
    group: GroupWriter, row: Measurement, feature: Feature, made_from: dict[str, Any], noted: dict[str, Any]
) -> None:
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
        **noted,
    }
    group.describe(row.name, info, feature.status)


def _keep(group: GroupWriter, file: TfqFile, name: str) -> None:
    path = f"features/{name}"
    for part in ("values", "clip", "valid"):
        group.put(f"{name}/{part}", file.array(f"{path}/{part}"))
    group.describe(name, file.info(path), file.status(path))
