"""The audio stage: what it finds, and what it calls the lack of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.audio.voices import tone, voice
from tfq import timebase
from tfq.config import AudioConfig
from tfq.models.runtime import Models
from tfq.stages import audio
from tfq.store import Stamp, TfqFile
from tfq.types import Sound

FRAMES = 100


def run(path: Path, sound: Sound) -> TfqFile:
    file = TfqFile(path, durable=False)
    with file.replacing("extract", Stamp("extract", 1)) as group:
        group.put("time_s", timebase.frame_times(FRAMES))
        group.put("audio", sound)
    audio.run(file, AudioConfig(), Models(), Stamp("audio", 1))
    return file


def test_speech_in_the_middle(tmp_path: Path) -> None:
    sound = np.zeros(timebase.samples_of(FRAMES), np.float32)
    sound[timebase.samples_of(40) : timebase.samples_of(80)] = voice(1.6) * np.float32(0.1)
    with run(tmp_path / "a.h5", sound) as file:
        assert file.status("audio") == "ok"
        spans, info = file.array("audio/spans"), file.info("audio")
        assert spans[0, 0] == pytest.approx(1.6, abs=0.12)
        assert spans[-1, 1] == pytest.approx(3.2, abs=0.2)
        assert info["speech_ratio"] == pytest.approx(file.array("audio/speech").mean())
        assert info["silent_ratio"] == pytest.approx(1 - 40 / FRAMES, abs=0.03)
        assert info["peak_dbfs"] + info["gain_db"] == pytest.approx(-1.0)
        assert file.array("audio/valid").all()


@pytest.mark.parametrize(
    ("sound", "status"),
    [
        (np.zeros(0, np.float32), "no_audio"),
        (np.zeros(timebase.samples_of(FRAMES), np.float32), "silent"),
        (tone(50, timebase.seconds_of(FRAMES)), "no_speech"),
    ],
)
def test_nothing_to_hear_has_a_name_and_no_number(tmp_path: Path, sound: Sound, status: str) -> None:
    with run(tmp_path / "a.h5", sound) as file:
        assert file.status("audio") == status
        assert file.shape("audio/spans") == (0, 2)
        assert not file.array("audio/speech").any()
        assert file.info("audio")["speech_ratio"] == 0
        assert file.info("audio")["silent_ratio"] == (status != "no_speech")
        if status != "no_speech":
            assert file.info("audio")["loudness_lufs"] is None
        assert file.array("audio/valid").any() == (status != "no_audio")
