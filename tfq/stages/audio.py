"""Where there is speech, and how loud the sound is."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfq.audio import loudness, voice
from tfq.config import AudioConfig
from tfq.models.runtime import Models
from tfq.store import Stamp, TfqFile
from tfq.types import Floats, Mask, Sound

VERSION = 2
NEEDS = ("extract",)


def weights(config: AudioConfig) -> tuple[str, ...]:
    """None: WebRTC's detector comes with its package."""
    del config
    return ()


def run(file: TfqFile, config: AudioConfig, models: Models, stamp: Stamp) -> None:
    """Reads `extract`; replaces `audio`.

    The status is `no_audio` without a sound stream, `silent` where every sample is zero, `no_speech` where nobody
    speaks. Levels are those of the sound as it is; speech is looked for in the sound at the common peak.
    """
    del models
    count = file.shape("extract/time_s")[0]
    sound = file.array("extract/audio")
    level = loudness.level_db(sound, count)
    share = voice.activity(loudness.normalise(sound, config.peak_dbfs), count, config.mode)
    speech = voice.smooth(share, config.min_gap_s, config.min_speech_s)
    spans = [(span.start_s, span.end_s) for span in voice.spans(speech)]
    with file.replacing("audio", stamp) as group:
        group.put("speech", speech)
        group.put("spans", np.array(spans, np.float64).reshape(-1, 2))
        group.put("level_db", level)
        group.put("valid", np.isfinite(level))
        group.status = status(sound, speech)
        group.info = _info(sound, speech, level, config)


def status(sound: Sound, speech: Mask) -> str:
    """`ok`, or what keeps the sound from being judged as speech."""
    if len(sound) == 0:
        return "no_audio"
    if loudness.is_silent(sound):
        return "silent"
    return "ok" if speech.any() else "no_speech"


def _info(sound: Sound, speech: Mask, level: Floats, config: AudioConfig) -> dict[str, Any]:
    peak = loudness.peak_db(sound)
    return {
        "speech_ratio": float(speech.mean()) if len(speech) else 0.0,
        "silent_ratio": loudness.silent_share(level, peak),
        "loudness_lufs": loudness.integrated(sound),
        "peak_dbfs": peak,
        "gain_db": config.peak_dbfs - peak,
        "clipped_samples": int(loudness.clipped(sound).sum()),
    }
