"""Networks of ours as safetensors files: arrays, a description beside them, and a seal over both.

Safetensors does not notice a flipped bit, and a network with one judges on, only differently. The seal is the SHA-256 of the
arrays and the description; a file from before there were seals is taken without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfq import disk
from tfq.errors import WeightsError

Arrays = dict[str, NDArray[Any]]


def write(
    path: Path, arrays: Mapping[str, NDArray[Any]], description: Mapping[str, Any], exact: Collection[str] = ()
) -> None:
    """Write a file whole, numbers with a fraction in half precision but for arrays that are `exact`.

    Raises:
        InputError: the system refuses to.
    """
    from safetensors.numpy import save

    halved = {name: np.ascontiguousarray(array if name in exact else _halved(array)) for name, array in arrays.items()}
    sealed = {**description, "seal": _seal(halved, description)}
    with disk.written(path) as sibling:
        sibling.write_bytes(save(halved, metadata={"tfq": json.dumps(sealed, ensure_ascii=False)}))


def read(path: Path, form: str, kind: str, keys: Collection[str]) -> tuple[dict[str, Any], Arrays]:
    """The description and the arrays, numbers with a fraction in single precision.

    Args:
        path: the file.
        form: what its description has to call its format.
        kind: what to call that in messages.
        keys: what its description may hold; a seal whose name is damaged must not pass for none.

    Raises:
        WeightsError: the file is missing, damaged, or of another kind.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            description = json.loads((file.metadata() or {}).get("tfq", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such checkpoint") from error
    except (SafetensorError, ValueError, TypeError, AttributeError, RecursionError, MemoryError, OSError) as error:
        raise WeightsError(f"{path}: not a safetensors file, or a damaged one") from error
    if not isinstance(description, dict) or description.get("format") != form:
        raise WeightsError(f"{path}: not {kind}")
    seal = description.pop("seal", None)
    if not description.keys() <= set(keys) or (seal is not None and seal != _seal(arrays, description)):
        raise WeightsError(f"{path}: damaged: it does not hold what was written")
    if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
        raise WeightsError(f"{path}: damaged: it holds numbers that are none")
    return description, {
        name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in arrays.items()
    }


def _halved(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float16) if array.dtype.kind == "f" else array


def _seal(arrays: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(description).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
