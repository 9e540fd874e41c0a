"""Fewer bits: on small untrained networks, how like fp32 the rows are, and what is kept of a calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetModel

from tests.models.test_hubert import noise, save_speech
from tests.nets.whisper_arrays import arrays
from tfq.audio.whisper_mel import whisper_mel
from tfq.models import reduced, weights
from tfq.models.reduced import Calibration, Compared, cosines
from tfq.models.runtime import WHISPER_PIECE_S, Models
from tfq.models.whisper_rows import WhisperRows
from tfq.nets.whisper import WhisperEncoder

random = np.random.default_rng(0)
CROPS = np.clip(np.cumsum(random.normal(0, 12, (24, 40, 32, 3)), axis=1) + 128, 0, 255).astype(np.uint8)
INPUTS = Calibration("made", lambda kind: [noise(2.0)] if kind == "sound" else [CROPS[:16]])
LEAST = {"bf16": 0.999, "int8": 0.98}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def models(tmp_path: Path) -> Models:
    torch.manual_seed(0)
    save_speech(tmp_path / "hubert")
    ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])).save_pretrained(
        tmp_path / "resnet101"
    )
    return Models(tmp_path, threads=1, offline=True)


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize("name", ["hubert", "resnet101"])
def test_rows_are_like_those_of_fp32_but_not_the_same(
    models: Models, monkeypatch: pytest.MonkeyPatch, name: str, precision: str
) -> None:
    monkeypatch.setattr("tfq.models.runtime.SPEECH_LAYER", 2)
    given = noise(3.3) if name == "hubert" else CROPS[16:]
    exact, encoder = models.encoder(name), models.encoder(name, precision, INPUTS)
    rows, wanted = encoder(given), exact(given)
    assert rows.shape == wanted.shape
    assert np.abs(rows - wanted).max() > 1e-5
    assert cosines(rows, wanted).min() > LEAST[precision]
    mean, least = encoder.cosine
    assert LEAST[precision] < least <= mean <= 1 + 1e-6


def test_a_calibrated_network_is_kept_and_a_damaged_one_made_again(models: Models, cache: Path) -> None:
    first = models.encoder("resnet101", "int8", INPUTS)(CROPS[:4])
    (kept,) = cache.glob("resnet101-int8-*.onnx")
    again = Calibration("made", lambda _: pytest.fail("calibrated twice"))
    np.testing.assert_array_equal(Models(models.folder).encoder("resnet101", "int8", again)(CROPS[:4]), first)
    content = bytearray(kept.read_bytes())
    content[-100] ^= 1
    kept.write_bytes(content)
    np.testing.assert_array_equal(Models(models.folder).encoder("resnet101", "int8", INPUTS)(CROPS[:4]), first)
    assert kept.read_bytes() != bytes(content)


def test_another_calibration_is_another_file(models: Models, cache: Path) -> None:
    models.encoder("resnet101", "int8", INPUTS)
    models.encoder("resnet101", "int8", Calibration("dark", lambda _: [CROPS // 4]))
    assert len(list(cache.glob("resnet101-int8-*.onnx"))) == 2


def test_the_module_of_whisper_says_what_its_arrays_say() -> None:
    given, mel = noise(1.7), whisper_mel(noise(1.7))
    encoder = WhisperRows(arrays(3), 2, WHISPER_PIECE_S)
    np.testing.assert_allclose(encoder.through(encoder.network)(given), WhisperEncoder(arrays(2), 2)(mel)[2], atol=2e-5)


def test_whisper_in_8_bits_takes_sound_of_any_length() -> None:
    encoder = WhisperRows(arrays(2), 2, WHISPER_PIECE_S)
    encode = reduced.quantised("whisper", encoder, INPUTS, "sound", Models(threads=1)._running)
    for seconds in (0.5, 2.6):
        mel = whisper_mel(noise(seconds))
        found, wanted = encode(noise(seconds)), WhisperEncoder(arrays(2), 2)(mel)[2]
        assert found.shape == wanted.shape
        assert cosines(found, wanted).min() > LEAST["int8"]


def test_the_cosine_is_of_the_first_that_is_seen() -> None:
    def fast(given: np.ndarray) -> np.ndarray:
        return np.repeat(given.reshape(len(given), -1)[:, :1].astype(np.float32), 2, 1)

    encoder = Compared(fast, lambda given: fast(given) * np.array([1.0, 0.0]))
    assert encoder.cosine is None
    encoder(np.ones((40, 2, 2, 3)))
    assert encoder.cosine == pytest.approx((np.sqrt(0.5), np.sqrt(0.5)))
    encoder(np.zeros((40, 2, 2, 3)))
    assert encoder.cosine == pytest.approx((np.sqrt(0.5), np.sqrt(0.5)))


def test_the_cache_is_where_weights_are(cache: Path) -> None:
    assert weights.cache() == cache
