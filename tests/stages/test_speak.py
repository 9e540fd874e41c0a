from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.artefacts import faces
from tests.stages.test_degrade import NoModels, beside, heard, packets, seen
from tfq.config import SpeakConfig
from tfq.errors import UsageError, WeightsError
from tfq.media import writer
from tfq.nets.wav2lip import Wav2Lip
from tfq.stages.speak import speak

T = 50
LANDMARKS = faces.landmarks(T)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random ones, in a file as the authors wrote theirs."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "wav2lip.pth"
    state = {f"module.{name}": value for name, value in Wav2Lip().state_dict().items()}
    torch.save({"state_dict": state, "optimizer": None, "global_step": 1}, path)
    return path


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    noise = np.random.default_rng(0).normal(0, 0.1, T * 640).astype(np.float32)
    writer.write(path, faces.pictures(LANDMARKS), noise)
    beside(path)
    return path


def test_only_the_face_changes_and_own_sound_is_copied(clip, tmp_path, weights):
    out = tmp_path / "said.mp4"
    labels = speak(clip, out, SpeakConfig(weights, offset_s=0.5), models=NoModels())
    assert weights.with_suffix(".safetensors").is_file()
    assert packets(out, "audio") == packets(clip, "audio")
    change = np.abs(seen(out).astype(float) - seen(clip)).mean((0, 3))
    assert len(seen(out)) == T
    assert change[45:85, 45:85].mean() > 5 * change[:12].mean()
    content = json.loads(labels.read_text())
    assert (content["kind"], content["stream"], content["mouth_late_s"]) == ("wav2lip", "picture", 0.5)
    assert content["labels"]["lip_sync"] < 2


def test_other_sound_is_heard_and_as_long_as_the_picture(clip, tmp_path, weights):
    other, out = tmp_path / "other.mp4", tmp_path / "said.mp4"
    tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(T * 320) / 16000)).astype(np.float32)
    writer.write(other, faces.pictures(LANDMARKS)[:25], tone)
    content = json.loads(speak(clip, out, SpeakConfig(weights), sound=other, models=NoModels()).read_text())
    sound = heard(out)
    assert len(sound) == T * 640
    assert np.argmax(np.abs(np.fft.rfft(sound[: T * 320]))) / (T * 320 / 16000) == pytest.approx(440, abs=3)
    assert np.abs(sound[T * 330 :]).max() < 0.02
    assert (content["stream"], content["labels"]) == ("both", {})


def test_weights_that_are_missing_or_something_else(clip, tmp_path):
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"no weights")
    before = set(tmp_path.iterdir())
    for path in (None, tmp_path / "none.pth", bad):
        with pytest.raises(WeightsError, match="Rudrabha/Wav2Lip") as caught:
            speak(clip, tmp_path / "said.mp4", SpeakConfig(path), models=NoModels())
        assert caught.value.exit_status == 6
    assert set(tmp_path.iterdir()) == before


def test_the_clip_itself_is_never_overwritten(clip):
    with pytest.raises(UsageError, match="another name"):
        speak(clip, clip, SpeakConfig())
