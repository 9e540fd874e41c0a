"""Reading the first encoder layers of Whisper-base out of its CTranslate2 file.

The file is a list of named arrays behind a short header (ctranslate2, `converters` and `models/model.cc`), all numbers
little-endian: u32 version, the name of the architecture, u32 revision, u32 count; then for each array its name, u8
rank, u32 lengths, u8 type, u32 bytes, data. A name is u16 length and characters with a closing NUL.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfq.errors import WeightsError

LAYERS = 4

_TYPES: dict[int, np.dtype[np.floating[Any] | np.integer[Any]]] = {
    number: np.dtype(name) for number, name in enumerate(("<f4", "<i1", "<i2", "<i4", "<f2"))
}

_LAYER = {
    "attention_norm.weight": "self_attention/layer_norm/gamma",
    "attention_norm.bias": "self_attention/layer_norm/beta",
    "attention.qkv.weight": "self_attention/linear_0/weight",
    "attention.qkv.bias": "self_attention/linear_0/bias",
    "attention.out.weight": "self_attention/linear_1/weight",
    "attention.out.bias": "self_attention/linear_1/bias",
    "mlp_norm.weight": "ffn/layer_norm/gamma",
    "mlp_norm.bias": "ffn/layer_norm/beta",
    "mlp_in.weight": "ffn/linear_0/weight",
    "mlp_in.bias": "ffn/linear_0/bias",
    "mlp_out.weight": "ffn/linear_1/weight",
    "mlp_out.bias": "ffn/linear_1/bias",
}


def write_encoder(source: Path, target: Path) -> None:
    """Copy the convolutions and the first `LAYERS` blocks of the encoder, fp16 as they are, into a safetensors file.

    Args:
        source: CTranslate2's `model.bin`.
        target: the file to write; its names are those of `tfq.nets.whisper.WhisperEncoder`.

    Raises:
        WeightsError: the file is damaged or not a Whisper of CTranslate2.
    """
    from safetensors.numpy import save

    wanted = {f"encoder/{name}/{kind}": f"{name}.{kind}" for name in ("conv1", "conv2") for kind in ("weight", "bias")}
    for layer in range(LAYERS):
        wanted |= {f"encoder/layer_{layer}/{theirs}": f"layers.{layer}.{ours}" for ours, theirs in _LAYER.items()}
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            found = {wanted[name]: _array(content, place) for name, place in _places(content) if name in wanted}
        except (struct.error, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
            raise WeightsError(f"{source}: not a whole CTranslate2 file of a Whisper: {error}") from error
    if missing := set(wanted.values()) - found.keys():
        raise WeightsError(f"{source}: a Whisper without {min(missing)}")
    target.write_bytes(save(found))  # not save_file, which makes a file that only its owner can read


@dataclass(frozen=True)
class _Place:
    """Where an array lies in the file."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.floating[Any] | np.integer[Any]]


def _array(content: mmap.mmap, place: _Place) -> NDArray[Any]:
    count = int(np.prod(place.shape))
    return np.frombuffer(content, place.dtype, count, place.offset).reshape(place.shape).copy()


def _places(content: mmap.mmap) -> Iterator[tuple[str, _Place]]:
    """Walk over the arrays without reading them."""
    version, at = _number(content, "I", 0)
    architecture, at = _text(content, at)
    if version < 4 or architecture != "WhisperSpec":
        raise ValueError(f"version {version} of {architecture}")
    count, at = _number(content, "I", at + 4)
    for _ in range(count):
        name, at = _text(content, at)
        rank, at = _number(content, "B", at)
        shape = struct.unpack_from(f"<{rank}I", content, at)
        kind, at = _number(content, "B", at + 4 * rank)
        size, at = _number(content, "I", at)
        yield name, _Place(at, shape, _TYPES[kind])
        at += size


def _number(content: mmap.mmap, kind: str, at: int) -> tuple[int, int]:
    """A number and the place after it."""
    (value,) = struct.unpack_from(f"<{kind}", content, at)
    return value, at + struct.calcsize(f"<{kind}")


def _text(content: mmap.mmap, at: int) -> tuple[str, int]:
    """A name and the place after it."""
    length, at = _number(content, "H", at)
    return content[at : at + length].rstrip(b"\0").decode(), at + length
