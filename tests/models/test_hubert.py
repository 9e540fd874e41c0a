"""HuBERT from a folder as `save_pretrained` writes it, small and untrained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    HubertConfig,
    HubertModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from tfq.errors import WeightsError
from tfq.models import hubert


def save_speech(path: Path, kind: str = "hubert", **changes: object) -> None:
    torch.manual_seed(0)
    made, config = {"hubert": (HubertModel, HubertConfig), "wav2vec2": (Wav2Vec2Model, Wav2Vec2Config)}[kind]
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "conv_dim": (16,) * 7,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 2,
    }
    made(config(**size, **changes)).save_pretrained(path)
    Wav2Vec2FeatureExtractor().save_pretrained(path)


def their_rows(path: Path, sound: np.ndarray) -> np.ndarray:
    """What transformers says of the whole sound after its second layer."""
    ready = Wav2Vec2FeatureExtractor.from_pretrained(path)(sound, sampling_rate=16_000, return_tensors="pt")
    padded = torch.nn.functional.pad(ready.input_values[:, : len(sound) // 320 * 320], (40, 40))
    with torch.inference_mode():
        states = AutoModel.from_pretrained(path).eval()(padded, output_hidden_states=True).hidden_states
    return states[2][0].numpy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "hubert"
    save_speech(path)
    return path


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 319, 320, 16_000, 16_001])
def test_two_rows_a_frame_whatever_the_length(folder: Path, samples: int) -> None:
    rows = hubert.load(str(folder)).rows(noise(1.1)[:samples], (1, 2))
    assert rows.shape == (samples // 320, 32)
    assert np.isfinite(rows).all()


def test_it_says_what_transformers_says(folder: Path) -> None:
    sound = noise(1.0)
    np.testing.assert_allclose(hubert.load(str(folder)).rows(sound, (2,)), their_rows(folder, sound), atol=1e-5)


def test_so_it_does_where_the_norm_comes_last(tmp_path: Path) -> None:
    """As in the large models."""
    save_speech(tmp_path, do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True)
    sound = noise(1.0)
    np.testing.assert_allclose(hubert.load(str(tmp_path)).rows(sound, (2,)), their_rows(tmp_path, sound), atol=1e-5)


@pytest.mark.parametrize("piece", [60, 200])
def test_no_piece_is_longer_than_it_may_be(folder: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Memory beside the result does not grow with the sound."""
    monkeypatch.setattr(hubert, "PIECE", piece)
    monkeypatch.setattr(hubert, "EDGE", 20)
    monkeypatch.setattr(hubert, "FRONT", 50)
    encoder, lengths = hubert.load(str(folder)).at((2,)), []
    heard: list[int] = []
    first = encoder._whole._convolutions.conv_layers[0]
    first.register_forward_pre_hook(lambda _, given: heard.append(given[0].shape[-1]))
    first.conv.register_forward_pre_hook(lambda _, given: heard.append(given[0].shape[-1]))

    def watched(given: torch.Tensor) -> torch.Tensor:
        lengths.append(given.shape[2])
        return encoder.network(given)

    encoder.through(watched)(noise(11.0))
    assert len(lengths) == -(-550 // piece)
    assert max(lengths) <= piece + 2 * 20
    assert max(heard) <= 50 * hubert.STEP + hubert.FIELD


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2"])
def test_pieces_of_the_convolutions_agree_with_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    save_speech(tmp_path, kind)
    encoder, sound = hubert.load(str(tmp_path)), noise(9.3) * np.linspace(0.1, 2, round(16_000 * 9.3), dtype=np.float32)
    whole = their_rows(tmp_path, sound)
    monkeypatch.setattr(hubert, "FRONT", 70)
    np.testing.assert_allclose(encoder.rows(sound, (2,)), whole, atol=1e-4)


def test_attention_over_pieces_has_no_seams_to_speak_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, sound = hubert.load(str(folder)), noise(12.0)
    whole = encoder.rows(sound, (2,))
    monkeypatch.setattr(hubert, "PIECE", 200)
    pieces = encoder.rows(sound, (2,))
    np.testing.assert_allclose(pieces, whole, atol=1e-3)


def test_the_hash_is_of_the_weights(folder: Path) -> None:
    one, other = hubert.load("hubert", folder.parent), hubert.load(str(folder))
    assert one.sha256 == other.sha256
    next(other._model.parameters()).add_(1)
    assert one.sha256 != other.sha256


def test_weights_that_are_nowhere_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="neither a folder"):
        hubert.load(str(tmp_path / "none"))
    (tmp_path / "hubert").mkdir()
    with pytest.raises(WeightsError, match="save_pretrained"):
        hubert.load("hubert", tmp_path)
