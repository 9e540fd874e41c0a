"""Against transformers, on the same sound and the same weights."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from tests.nets.whisper_arrays import arrays
from tfq.audio.whisper_mel import slaney_filters, whisper_mel
from tfq.models.runtime import Models
from tfq.models.whisper import LAYERS
from tfq.nets.whisper import WhisperEncoder

transformers = pytest.importorskip("transformers")

THEIRS = {
    "attention_norm": "self_attn_layer_norm",
    "attention.out": "self_attn.out_proj",
    "mlp_norm": "final_layer_norm",
    "mlp_in": "fc1",
    "mlp_out": "fc2",
}


def sound(seconds: float) -> np.ndarray:
    numbers = np.random.default_rng(0)
    noise = numbers.normal(0, 0.1, int(16_000 * seconds))
    return (noise * np.linspace(0, 1, len(noise)) ** 4).astype(np.float32)


def their_encoder(ours: Mapping[str, np.ndarray], layers: int) -> torch.nn.Module:
    """The encoder of transformers with the weights of ours, which keeps query, key and value in one matrix."""
    from transformers.models.whisper.modeling_whisper import WhisperEncoder as Theirs

    size = {"d_model": 512, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048}
    theirs = Theirs(transformers.WhisperConfig(encoder_layers=layers, **size)).eval()
    state = {}
    for name, array in ours.items():
        key, value = functools.reduce(lambda key, pair: key.replace(*pair), THEIRS.items(), name), torch.tensor(array)
        if "attention.qkv" in key:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                state[key.replace("attention.qkv", f"self_attn.{letter}_proj")] = part
        else:
            state[key] = value
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    assert set(missing) == {"embed_positions.weight", "layer_norm.weight", "layer_norm.bias"}
    assert all(key.endswith("k_proj.bias") and not state[key].any() for key in unexpected)
    return theirs


def assert_same_states(ours: Mapping[str, np.ndarray], layers: int) -> None:
    mel = whisper_mel(sound(30))
    with torch.no_grad():
        theirs = their_encoder(ours, layers)(torch.from_numpy(mel)[None], output_hidden_states=True).hidden_states
    # The last of theirs is normalised once more. Their sines are in single precision: those of late rows are off by 1e-4.
    for mine, other in zip(WhisperEncoder(ours, layers)(mel)[:-1], theirs[:-1], strict=True):
        np.testing.assert_allclose(mine, other[0].numpy(), rtol=1e-4, atol=5e-4)


def test_hidden_states_are_those_of_transformers() -> None:
    assert_same_states(arrays(3), 3)


@pytest.mark.weights
def test_hidden_states_of_the_real_weights_are_those_of_transformers() -> None:
    stored = load_file(Models().path("whisper-base-encoder"))
    assert_same_states({name: array.astype(np.float32) for name, array in stored.items()}, LAYERS)


@pytest.mark.parametrize("seconds", [0.1, 1.234, 3.0])
def test_the_spectrum_is_that_of_transformers(seconds: float) -> None:
    theirs = transformers.WhisperFeatureExtractor()(sound(seconds), sampling_rate=16_000, padding="do_not_pad")
    np.testing.assert_allclose(whisper_mel(sound(seconds)), theirs["input_features"][0], atol=1e-4)


def test_the_filters_are_those_of_transformers() -> None:
    theirs = transformers.WhisperFeatureExtractor().mel_filters.T
    np.testing.assert_allclose(slaney_filters(), theirs, atol=1e-7)
