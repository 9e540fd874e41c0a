from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfq.errors import WeightsError
from tfq.models.registry import WEIGHTS
from tfq.models.runtime import Models

DEMO = Path(__file__).parents[2] / "tfq" / "demo" / "demo.mp4"


def test_a_hash_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "nothing"))
    assert Models(tmp_path, offline=True).sha("scrfd") == WEIGHTS["scrfd"].sha256
    assert not (tmp_path / "nothing").exists()


def test_missing_weights_are_told_when_they_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsError, match="dnsmos"):
        Models(tmp_path, offline=True).session("dnsmos")


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(threads=1)


@pytest.mark.weights
def test_a_session_is_loaded_once(models: Models) -> None:
    assert models.session("dnsmos") is models.session("dnsmos")


@pytest.mark.weights
def test_a_session_keeps_no_account_of_its_user(models: Models, tmp_path: Path) -> None:
    """ONNX Runtime 1.29 and later report to their maker, and first write a number for the machine and what is to be sent."""
    apart = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CI", "ORT_"))}
    homes = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TFQ_MODELS": str(models.path("dnsmos").parent)}
    load = "from tfq.models.runtime import Models; Models(threads=1).session('dnsmos')"
    subprocess.run([sys.executable, "-c", load], env={**apart, **homes}, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.weights
def test_scrfd_of_any_size_is_the_published_one_at_640(models: Models) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    published = onnxruntime.InferenceSession(models.path("scrfd"), options)
    picture = np.random.default_rng(0).normal(size=(1, 3, 640, 640)).astype(np.float32)
    free = models.session("scrfd")
    for ours, theirs in zip(
        free.run(None, {"input.1": picture}), published.run(None, {"input.1": picture}), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.weights
@pytest.mark.parametrize(("height", "width"), [(320, 320), (192, 320), (352, 64)])
def test_scrfd_answers_for_two_anchors_a_cell_at_any_size(models: Models, height: int, width: int) -> None:
    outputs = models.session("scrfd").run(None, {"input.1": np.zeros((1, 3, height, width), np.float32)})
    cells = [height * width // stride**2 for stride in (8, 16, 32)]
    assert [output.shape[1:] for output in outputs] == [(2 * n, wide) for wide in (1, 4, 10) for n in cells]


@pytest.mark.weights
def test_each_landmarker_is_fresh_and_quiet(models: Models, capfd: pytest.CaptureFixture[str]) -> None:
    black = np.zeros((128, 128, 3), np.uint8)
    for _ in range(2):  # one shared by two videos would refuse the second zero
        with models.landmarker() as landmarker:
            for time_ms in (0, 40):
                assert landmarker.find(black, time_ms) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.weights
def test_what_the_landmarker_finds_is_what_mediapipe_says(models: Models) -> None:
    import mediapipe

    from tfq.media.frames import frames

    _, picture = next(frames(DEMO, np.arange(1)))
    view = np.ascontiguousarray(picture[:, : picture.shape[0]])
    with models.landmarker() as ours, models.landmarker() as theirs:
        found = ours.find(view, 0)
        said = theirs._landmarker.detect_for_video(mediapipe.Image(mediapipe.ImageFormat.SRGB, view), 0)
    assert found is not None
    np.testing.assert_array_equal(found.points, np.float32([(p.x, p.y, p.z) for p in said.face_landmarks[0]]))
    np.testing.assert_array_equal(found.blendshapes, np.float32([row.score for row in said.face_blendshapes[0]]))
    np.testing.assert_array_equal(found.matrix, said.facial_transformation_matrixes[0])


@pytest.mark.weights
def test_whisper_gives_as_many_layers_as_asked(models: Models) -> None:
    states = models.whisper(2)(np.zeros((80, 100), np.float32))
    assert len(states) == 3
    assert models.whisper(2) is models.whisper(2)
