"""A clip becomes one whose face says other sound, by the generator of Wav2Lip, with what was done beside it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tfq import timebase
from tfq.artefacts import Scene, lip_generator
from tfq.artefacts.labels import offset_mos
from tfq.config import SpeakConfig
from tfq.errors import NoSpeechError, UsageError
from tfq.media import writer
from tfq.media.facts import Timeline, sha256
from tfq.media.guarded import frames, samples, timeline
from tfq.models import wav2lip
from tfq.models.runtime import Models
from tfq.nets.spec import CLEAN
from tfq.stages.degrade import FORMAT, FORMAT_VERSION, labelled, landmarks_of, other_speech
from tfq.types import Sound

KIND = "wav2lip"


def speak(
    source: Path, out: Path, config: SpeakConfig, *, sound: Path | None = None, models: Models | None = None
) -> Path:
    """Write `OUT`, a clip with the mouth of the generator, and `OUT.json`, what was done.

    With `sound` the clip gets that sound, as long as the picture is; without, its own stays, packet by packet. Lip sync is
    labelled only where an offset was asked for, by what people say of offsets; nothing else is known of such a clip.

    Raises:
        WeightsError: the weights are missing or hold something else.
        UsageError: the output is the clip itself.
        NoFaceError, NoSpeechError: the clip lacks a face, or there is no sound to say.
    """
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out} is the clip itself; give the copy another name")
    generate = wav2lip.generator(wav2lip.load(config.weights))
    grid = timeline(source)
    voice = _voice(source, grid, sound)
    scene = Scene(range(len(grid)), len(grid), config.seed, landmarks=landmarks_of(source, models or Models()))
    mel = lip_generator.shifted(lip_generator.spectrogram(voice), config.offset_s)
    mel = lip_generator.perturbed(mel, config.perturb, scene.random())
    shown = (picture for _, picture in frames(source, grid.picture))
    with labelled(out) as (sibling, beside):
        spoken = lip_generator.spoken(shown, scene, mel, generate)
        if sound is None:
            writer.with_pictures(source, sibling, spoken, grid.start_s)
        else:
            writer.write(sibling, spoken, voice)
        content = json.dumps(_sidecar(source, config, sound), ensure_ascii=False, indent=1) + "\n"
        beside.write_text(content, encoding="utf-8")
    return out.with_suffix(".json")


def _voice(source: Path, grid: Timeline, sound: Path | None) -> Sound:
    """What is said, `[N]`, as long as the picture."""
    if sound is None:
        own, _ = samples(source, len(grid), grid.start_s)
        if own is None or not np.any(own):
            raise NoSpeechError(f"{source}: has no sound to say; name one with --sound")
        return own
    voice, count = other_speech(sound), timebase.samples_of(len(grid))
    return np.pad(voice[:count], (0, max(0, count - len(voice))))


def _sidecar(source: Path, config: SpeakConfig, sound: Path | None) -> dict[str, Any]:
    score = round(float(offset_mos(np.array(-config.offset_s))), 3)
    labels = {"lip_sync": score} if score < CLEAN and not config.perturb else {}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tfq": version("tfq"),
        "kind": KIND,
        "dimension": "lip_sync",
        "stream": "picture" if sound is None else "both",
        "spans": [],
        "seed": config.seed,
        "mouth_late_s": config.offset_s,
        "perturbed": config.perturb,
        "weights_sha256": sha256(config.weights) if config.weights else None,
        "source": source.name,
        "source_sha256": sha256(source),
        "sound": None if sound is None else sound.name,
        "sound_sha256": None if sound is None else sha256(sound),
        "labels": labels,
        "over_time": [],
    }
