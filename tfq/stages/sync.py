"""How far sound and lips are apart, over the clip and along it."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import Any

import numpy as np

from tfq import timebase
from tfq.audio.whisper_mel import whisper_mel
from tfq.config import SyncConfig
from tfq.errors import WeightsError
from tfq.faces.mouth import HIDDEN
from tfq.models.runtime import Models
from tfq.models.sync import WHISPER, SyncModel
from tfq.stages import syncnet
from tfq.store import Stamp, TfqFile
from tfq.sync import distance, offset, trend
from tfq.sync.embed import embed_picture, embed_sound, usable
from tfq.sync.geometry import mouth_shape
from tfq.types import Floats, Mask, Sound

VERSION = 3
NEEDS = ("extract", "detect", "align", "audio")

NETWORK = "tfq-sync"
_LEAST_LANDMARKS = 0.3  # of the frames with a face box, under which the mouth counts as hidden


def weights(config: SyncConfig) -> tuple[str, ...]:
    """Ours and the speech encoder it hears through, or the original."""
    if config.compat:
        return ("syncnet",)
    hears = ("whisper-base-encoder",) if config.speech == WHISPER else ()  # HuBERT's hash is in the network's file
    return (config.network or NETWORK, *hears)


def run(file: TfqFile, config: SyncConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`, `detect`, `align`, `audio`; replaces `sync`.

    Where nothing can be measured the status says why (`no_face`, `upside_down`, `mouth_hidden`, `no_audio`, `silent`,
    `no_speech`, `too_short`, `at_search_edge`) and the numbers are NaN.
    """
    if config.compat:
        syncnet.run(file, models, stamp, config.window)
        return
    model = _network(config, models)
    count = file.shape("extract/time_s")[0]
    reason = _reason(file)
    if reason:
        table, counted = np.full((count, 2 * config.reach + 1), np.nan, np.float32), np.zeros(count, bool)
    else:
        table, counted = _measure(file, config, model, models)
    answer = offset.of_clip(table, counted, model.calibration, config.min_windows)
    curve, confidence = offset.over_time(table, counted, config.window)
    with file.replacing("sync", stamp) as group:
        group.put("offsets", distance.offsets(config.reach))
        group.put("distance", table)
        group.put("offset", curve)
        group.put("confidence", confidence)
        group.put("valid", counted)
        group.status = reason or answer.status
        group.info = _info(table, counted, answer, model, config)


def listen(file: TfqFile, config: SyncConfig, models: Models) -> None:
    """Begin to run the speech encoder while other stages work on the pictures.

    Reads `extract`, `audio`. `run` stores the same with it and without.
    """
    if config.compat or config.speech != WHISPER or file.status("audio") != "ok":
        return
    model = _network(config, models)
    models.path("whisper-base-encoder")  # fetched here, where a download can be told of
    hears = functools.partial(speech_rows, file.array("extract/audio"), config.speech, model.layers, models)
    models.ahead.begin({_made_of(file, config, model): hears})


def _made_of(file: TfqFile, config: SyncConfig, model: SyncModel) -> Hashable:
    """All that decides what the speech encoder says."""
    made = file.stamp("extract")
    return "speech", made and made.digest, config.speech, model.layers


def _network(config: SyncConfig, models: Models) -> SyncModel:
    name = config.network or NETWORK
    model = models.sync(name)
    hears = WHISPER if config.speech == WHISPER else models.hubert(config.speech).sha256
    if model.speech != hears:
        raise WeightsError(
            f"{name}: trained to hear through another speech encoder than --speech {config.speech}; "
            f"train one with `tfq train --network sync --speech {config.speech}` and name it with --network"
        )
    return model


def _reason(file: TfqFile) -> str:
    """Why nothing can be measured; empty if something can."""
    boxed, seen = file.array("detect/valid"), file.array("align/valid")
    if not boxed.any():
        return "no_face" if file.status("detect") == "ok" else file.status("detect")
    if seen[boxed].mean() < _LEAST_LANDMARKS or file.info("align").get("mouth_covered"):
        return HIDDEN
    return "" if file.status("audio") == "ok" else file.status("audio")


def _measure(file: TfqFile, config: SyncConfig, model: SyncModel, models: Models) -> tuple[Floats, Mask]:
    """Distances `[T, O]`, and the `[T]` frames that count."""
    shape = mouth_shape(file.array("align/landmarks"), file.array("align/blendshapes"))
    picture = embed_picture(model.network, shape, file.array("align/mouths"))
    hears = functools.partial(speech_rows, file.array("extract/audio"), config.speech, model.layers, models)
    speech, mel = models.ahead.take(_made_of(file, config, model), hears)
    sound = embed_sound(model.network, speech, mel, len(shape))
    table = distance.distances(picture, sound, config.reach)
    return table, usable(picture, file.array("audio/speech")) & np.isfinite(table).any(axis=1)


def speech_rows(sound: Sound, speech: str, layers: tuple[int, ...], models: Models) -> tuple[Floats, Floats]:
    """Rows of the speech encoder, its layers side by side, `[R, W]` at 50 Hz; and log-mel, `[R', 80]` at 100 Hz."""
    mel = whisper_mel(sound)
    if speech != WHISPER:
        return models.hubert(speech).rows(sound, layers), mel.T
    states = models.whisper(max(layers)).long(mel)
    return np.concatenate([states[layer] for layer in layers], axis=1), mel.T


def _info(table: Floats, counted: Mask, answer: offset.Offset, model: SyncModel, config: SyncConfig) -> dict[str, Any]:
    path = trend.find(table, counted, model.calibration)
    mean = distance.overall(table, counted)
    judged = answer.status == offset.OK
    size, spread = offset.moments(table, counted)
    return {
        "offset_ms": timebase.milliseconds_of(answer.frames) if judged else None,
        "positive": "audio_early",
        "confidence": answer.confidence,
        "probability": answer.probability,
        "least_distance": float(np.nanmin(mean)) if np.isfinite(mean).any() else None,
        "windows": int(counted.sum()),
        "trend": path.kind if judged else None,
        "start_offset_ms": timebase.milliseconds_of(path.start) if judged else None,
        "end_offset_ms": timebase.milliseconds_of(path.end) if judged else None,
        "moments_offset_ms": timebase.milliseconds_of(size),
        "moments_spread_ms": timebase.milliseconds_of(spread),
        "jump_s": timebase.seconds_of(path.at) if judged and path.kind == trend.JUMP else None,
        "window_s": timebase.seconds_of(config.window),
        "network": config.network or NETWORK,
    }
