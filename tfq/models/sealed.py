"""Networks of ours as safetensors files: arrays, a description beside them, and a seal over both.

Safetensors does not notice a flipped bit, and a network with one judges on, only differently. The seal is the SHA-256 of the
arrays and the description; a file from before there were seals is taken without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfq import disk
from tfq.errors import WeightsError

Arrays = dict[str, NDArray[Any]]


def write(path: Path, arrays: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> None:
    """Write a file whole, numbers with a fraction in half precision.

    Raises:
        InputError: the system refuses to.
    """
    from safetensors.numpy import save

    halved = {name: np.ascontiguousarray(_halved(array)) for name, array in arrays.items()}
    text = json.dumps(description, ensure_ascii=False)
    with disk.written(path) as sibling:
        sibling.write_bytes(save(halved, metadata={"tfq": text, "seal": _seal(halved, text)}))


def read(path: Path, form: str, kind: str) -> tuple[dict[str, Any], Arrays]:
    """The description and the arrays, numbers with a fraction in single precision.

    Args:
        path: the file.
        form: what its description has to call its format.
        kind: what to call that in messages.

    Raises:
        WeightsError: the file is missing, damaged, or of another kind.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        text = metadata.get("tfq", "{}")
        description = json.loads(text)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such checkpoint") from error
    except (SafetensorError, ValueError, TypeError, AttributeError, RecursionError, MemoryError, OSError) as error:
        raise WeightsError(f"{path}: not a safetensors file, or a damaged one") from error
    if not isinstance(description, dict) or description.get("format") != form:
        raise WeightsError(f"{path}: not {kind}")
    if "seal" in metadata and metadata["seal"] != _seal(arrays, text):
        raise WeightsError(f"{path}: damaged: its numbers are not those that were written")
    if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
        raise WeightsError(f"{path}: damaged: it holds numbers that are none")
    return description, {
        name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in arrays.items()
    }


def _halved(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float16) if array.dtype.kind == "f" else array


def _seal(arrays: Mapping[str, NDArray[Any]], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
