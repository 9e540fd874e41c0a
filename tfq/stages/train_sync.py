"""An index becomes a sync network: its clips moved to their own offset, then learnt from; calibrated on the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tfq.config import SyncConfig, SyncTrainConfig
from tfq.errors import InputError
from tfq.models.runtime import Models
from tfq.models.sync import WHISPER, SyncModel, export, save
from tfq.nets.spec import SyncSpec
from tfq.nets.sync import SyncNetwork
from tfq.nets.sync_arrays import SyncArrays
from tfq.stages.index import load
from tfq.stages.sync import speech_rows
from tfq.store import TfqFile
from tfq.sync import calibrate, training
from tfq.sync.disturb import disturb
from tfq.sync.embed import MEL_ROWS, SPEECH_ROWS, embed_picture, embed_sound
from tfq.sync.geometry import mouth_shape
from tfq.timebase import samples_of
from tfq.types import Floats, Sound

Tell = Callable[[str], None]

REACH = SyncConfig().reach
_LONGEST_LEAD = 125  # frames put before a disturbed copy, since the speech encoder's rows know their place in the clip
_LEAST_HELD_OUT = 4  # clips of the validation part that must have a clear offset
_LEAST_FRAMES = 15  # with a face, and of speech


def train_sync(
    index: Path, out: Path, config: SyncTrainConfig, models: Models, tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Train on the `train` part of an index, calibrate on `validation`; write safetensors, and ONNX beside it.

    Raises:
        InputError: a part of the index holds no clip with a face that speaks.
    """
    _, rows = load(index)
    torch.manual_seed(config.seed)
    sounds = [_sound(index.parent, row) for row in rows if row["split"] == "train"]
    clips = list(_clips(index.parent, [row for row in rows if row["split"] == "train"], sounds, config, models))
    held_out = list(_clips(index.parent, [r for r in rows if r["split"] == "validation"], [], config, models))
    for part, found in (("train", clips), ("validation", held_out)):
        tell(f"{part}: {len(found)} clips, {len({clip.speaker for clip in found})} speakers")
        if not found:
            raise InputError(f"{index}: the {part} part holds no clip with a face that speaks")
    network, figures = fit(clips, config, tell)
    figures |= {"clips": len(clips), "speakers": len({clip.speaker for clip in clips})}
    plain = network.plain()
    pairs = [pair(plain, clip) for clip in held_out]
    if sum(calibrate.consensus(held, REACH) is not None for held in pairs) < _LEAST_HELD_OUT:
        raise InputError(f"{index}: hardly a clip of the validation part has a clear offset: nothing to calibrate by")
    calibration = calibrate.fit(pairs, REACH)
    hears = WHISPER if config.speech == WHISPER else models.hubert(config.speech).sha256
    model = SyncModel(plain, calibration, hears, config.layers, figures)
    save(out, model)
    export(out.with_suffix(".onnx"), network)
    return figures


def fit(clips: Sequence[training.Clip], config: SyncTrainConfig, tell: Tell) -> tuple[SyncNetwork, dict[str, Any]]:
    """Move every clip to its own offset, drop those that have none, and train."""
    offsets = scout(clips, config, tell)
    kept = [replace(clip, offset=at) for clip, at in zip(clips, offsets, strict=True) if at is not None]
    if not kept:
        raise InputError("no clip of the train part has a clear offset: nothing to learn from")
    figures = {"moved": sum(abs(clip.offset) > 1 for clip in kept), "dropped": len(clips) - len(kept)}
    tell(f"{figures['moved']} clips are more than a frame off; {figures['dropped']} without a clear offset are dropped")
    return _trained(kept, config, config.steps, config.crop, tell), figures


def scout(clips: Sequence[training.Clip], config: SyncTrainConfig, tell: Tell) -> list[int | None]:
    """The offset of each clip, found by a network that has not seen its speaker; None where there is none.

    A network that has trained on a clip remembers that clip's offset as right, so each half of the speakers is judged by
    a network trained on the other half. The shape of the mouth alone is enough for whole clips. The two networks need
    not agree on what in sync is: each half is moved so that its median speaker is. A clip without a clear offset takes
    its speaker's.
    """
    speakers = sorted({clip.speaker for clip in clips})
    half = [speakers.index(clip.speaker) % 2 for clip in clips]
    found: list[int | None] = [None] * len(clips)
    for side in (0, 1):
        seen = [clip for clip, its in zip(clips, half, strict=True) if its != side]
        judged = [i for i, its in enumerate(half) if its == side]
        if not seen or not judged:
            raise InputError("the train part holds a single speaker: there is no other to judge its clips by")
        tell(f"scout {side + 1} of 2, on {len(seen)} clips")
        network = _trained(seen, config, config.scout_steps, 0, tell).plain()
        answers = [calibrate.consensus(pair(network, clips[i]), REACH) for i in judged]
        for i, answer in zip(judged, calibrate.levelled(answers, [clips[i].speaker for i in judged]), strict=True):
            found[i] = answer
    return found


def _trained(clips: Sequence[training.Clip], config: SyncTrainConfig, steps: int, crop: int, tell: Tell) -> SyncNetwork:
    spec = SyncSpec(
        shape=clips[0].shape.shape[1],
        crop=crop,
        speech=clips[0].speech[0].shape[1],
        parts=config.parts,
        width=config.width,
        embedding=config.width,
        layers=config.blocks,
        dropout=config.dropout,
    )
    network = SyncNetwork(spec)
    training.set_scales(network, clips)
    recipe = training.Recipe(steps, config.batch, config.frames, REACH, config.rate, seed=config.seed)
    training.fit(network, clips, recipe, _report(tell))
    return network


def pair(network: SyncArrays, clip: training.Clip) -> calibrate.Pair:
    """A clip through the network, its sound as it is."""
    shape = np.where(clip.seen[:, None], clip.shape, np.nan).astype(np.float32)
    picture = embed_picture(network, shape, clip.crops)
    sound = embed_sound(network, clip.speech[0], clip.mel[0], len(picture))
    heard = np.isfinite(sound[:, 0])
    return calibrate.Pair(picture, sound, clip.seen & clip.voice & heard)


def _clips(
    root: Path, rows: Sequence[Mapping[str, Any]], others: Sequence[Sound], config: SyncTrainConfig, models: Models
) -> Iterator[training.Clip]:
    random = np.random.default_rng(config.seed)
    for row in rows:
        if row["dropped"] or "degraded" in row:
            continue
        with TfqFile(root / row["file"], read_only=True) as file:
            shape = mouth_shape(file.array("align/landmarks"), file.array("align/blendshapes"))
            crops, voice = file.array("align/mouths"), file.array("audio/speech")
            sound = file.array("extract/audio")
        seen = np.isfinite(shape[:, 0])
        if min(seen.sum(), voice.sum(), len(sound) // samples_of(1)) < _LEAST_FRAMES:
            continue
        versions = [_rows(sound, 0, len(shape), config, models)]
        for _ in range(config.copies if others else 0):
            lead = int(random.integers(_LONGEST_LEAD))
            versions.append(
                _rows(_led(disturb(sound, others, random), others, lead, random), lead, len(shape), config, models)
            )
        yield training.Clip(
            speaker=row.get("speaker") or row.get("group") or row["family"],
            shape=np.nan_to_num(shape),
            crops=crops,
            speech=[speech for speech, _ in versions],
            mel=[mel for _, mel in versions],
            seen=seen,
            voice=voice,
        )


def _sound(root: Path, row: Mapping[str, Any]) -> Sound:
    with TfqFile(root / row["file"], read_only=True) as file:
        return file.array("extract/audio")


def _led(sound: Sound, others: Sequence[Sound], lead: int, random: np.random.Generator) -> Sound:
    """The sound behind `lead` frames of another one, softer."""
    other = others[int(random.integers(len(others)))]
    return np.concatenate([0.3 * np.resize(other, samples_of(lead)), sound]).astype(np.float32)


def _rows(sound: Sound, lead: int, count: int, config: SyncTrainConfig, models: Models) -> tuple[Floats, Floats]:
    """Half-precision speech rows `[2 count, W]` and log-mel `[4 count, 80]` after the lead, ends held."""
    speech, mel = speech_rows(sound, config.speech, config.layers, models)
    return _fitted(speech, SPEECH_ROWS, lead, count), _fitted(mel, MEL_ROWS, lead, count)


def _fitted(rows: Floats, a_frame: int, lead: int, count: int) -> Floats:
    index = np.clip(np.arange(a_frame * lead, a_frame * (lead + count)), 0, len(rows) - 1)
    return rows[index].astype(np.float16)


def _report(tell: Tell, every: int = 50) -> Callable[[int, float], None]:
    losses: list[float] = []

    def note(step: int, loss: float) -> None:
        losses.append(loss)
        if len(losses) == every:
            tell(f"step {step + 1}: loss {np.mean(losses):.3f}")
            losses.clear()

    return note
