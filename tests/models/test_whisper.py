"""The reader of CTranslate2 files, on a small file written here by the description of the format."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.nets import whisper_arrays
from tfq.errors import WeightsError
from tfq.models.whisper import LAYERS, write_encoder

KINDS = {np.dtype("f4"): 0, np.dtype("i1"): 1, np.dtype("f2"): 4}
PER_LAYER = [
    "self_attention/layer_norm/gamma",
    "self_attention/layer_norm/beta",
    "self_attention/linear_0/weight",
    "self_attention/linear_0/bias",
    "self_attention/linear_1/weight",
    "self_attention/linear_1/bias",
    "ffn/layer_norm/gamma",
    "ffn/layer_norm/beta",
    "ffn/linear_0/weight",
    "ffn/linear_0/bias",
    "ffn/linear_1/weight",
    "ffn/linear_1/bias",
]
NAMES = [f"encoder/conv{n}/{kind}" for n in (1, 2) for kind in ("weight", "bias")]
NAMES += [f"encoder/layer_{layer}/{name}" for layer in range(LAYERS + 1) for name in PER_LAYER]


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def ctranslate2(arrays: dict[str, np.ndarray], architecture: str = "WhisperSpec") -> bytes:
    out = struct.pack("<I", 6) + text(architecture) + struct.pack("<II", 3, len(arrays))
    for name, array in arrays.items():
        out += text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        out += struct.pack("<BI", KINDS[array.dtype], array.nbytes) + array.tobytes()
    return out + struct.pack("<I", 0)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(0)
    encoder = {name: numbers.normal(size=(2, 3)).astype(np.float16) for name in NAMES}
    others = {"decoder/embeddings/weight": np.ones((4, 4), np.float16), "encoder/num_heads": np.array(8, np.int8)}
    return others | encoder


def test_the_first_layers_come_out_bit_by_bit(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays))
    write_encoder(tmp_path / "model.bin", tmp_path / "encoder.safetensors")
    found = load_file(tmp_path / "encoder.safetensors")
    assert len(found) == 4 + LAYERS * len(PER_LAYER)
    assert found["conv2.bias"].dtype == np.float16
    np.testing.assert_array_equal(found["conv2.bias"], arrays["encoder/conv2/bias"])
    np.testing.assert_array_equal(
        found["layers.3.attention.qkv.weight"], arrays["encoder/layer_3/self_attention/linear_0/weight"]
    )


def test_the_names_are_those_of_the_network(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays))
    write_encoder(tmp_path / "model.bin", tmp_path / "encoder.safetensors")
    assert load_file(tmp_path / "encoder.safetensors").keys() == whisper_arrays.arrays(LAYERS).keys()


def test_the_same_file_gives_the_same_bytes(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays))
    for name in ("one", "two"):
        write_encoder(tmp_path / "model.bin", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("kept", [1, 3, 20, 1000])
def test_a_cut_file_is_told(tmp_path: Path, arrays: dict[str, np.ndarray], kept: int) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays)[:kept])
    with pytest.raises(WeightsError, match="not a whole CTranslate2 file"):
        write_encoder(tmp_path / "model.bin", tmp_path / "encoder.safetensors")


def test_another_architecture_is_told(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays, "TransformerSpec"))
    with pytest.raises(WeightsError, match="TransformerSpec"):
        write_encoder(tmp_path / "model.bin", tmp_path / "encoder.safetensors")


def test_a_missing_layer_is_named(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    del arrays["encoder/layer_2/ffn/linear_0/bias"]
    (tmp_path / "model.bin").write_bytes(ctranslate2(arrays))
    with pytest.raises(WeightsError, match=r"layers\.2\.mlp_in\.bias"):
        write_encoder(tmp_path / "model.bin", tmp_path / "encoder.safetensors")
