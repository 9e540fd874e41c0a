"""Opening a `.h5` file that anybody may have made: what tfq would not write is refused before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tfq.errors import FormatError, InputError
from tfq.store import guard, migrate, schema

DAMAGE = (OSError, RuntimeError, ValueError, KeyError)  # what h5py raises for a damaged file, depending on where

FILTERS = frozenset((h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF))


def open_foreign(path: Path) -> h5py.File:
    """The file, open for reading, once a child has come through all of its metadata alive.

    Raises:
        FormatError: it is not one of tfq's, or is damaged or unsafe.
        InputError: it is not there or may not be read.
    """
    guard.survive(_look, path)
    return open_checked(path)


def _look(path: Path) -> None:
    with open_checked(path) as file:
        dict(file.attrs)
        file.visititems(lambda _, item: dict(item.attrs) and None)


def open_checked(path: Path) -> h5py.File:
    """The file, open for reading.

    Raises:
        FormatError: it is not one of tfq's, or is damaged or unsafe.
        InputError: it is not there or may not be read.
    """
    file = open_own(path)
    try:
        if plain(file.attrs.get("format")) != schema.FORMAT:
            raise FormatError(f"{path}: an HDF5 file, but not one of tfq's")
        migrate.check_version(int(file.attrs.get("format_version", 0)), path)
        _check_group(file, path, "")
    except (*DAMAGE, TypeError) as error:
        file.close()
        raise FormatError(f"{path}: a damaged file; run `tfq extract` on the video again") from error
    except BaseException:
        file.close()
        raise
    return file


def open_own(path: Path) -> h5py.File:
    """A file that this process has just written itself, open for reading.

    Raises:
        FormatError: it is no HDF5 file.
        InputError: it is not there or may not be read.
    """
    try:
        return h5py.File(path, "r", locking=False)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be opened'}") from error
    except OSError as error:
        raise FormatError(
            f"{path}: not an HDF5 file, or a damaged one; run `tfq extract` on the video again"
        ) from error


def _check_group(group: h5py.Group, path: Path, prefix: str) -> None:
    """Refuse what could reach outside the file or run away: links, virtual and external storage, foreign types."""
    _check_attributes(group, path, prefix)
    for name in group:
        full = f"{prefix}{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise FormatError(f"{path}: {full} is a link, which tfq does not follow")
        item = group[name]
        if isinstance(item, h5py.Group):
            if prefix.count("/") > 2:
                raise FormatError(f"{path}: {full} is nested deeper than tfq writes")
            _check_group(item, path, f"{full}/")
            continue
        _check_dataset(item, path, full)


def _check_dataset(item: Any, path: Path, full: str) -> None:
    row = schema.find(full)
    if row is None:
        raise FormatError(f"{path}: holds {full}, which tfq does not know")
    allowed = {np.dtype(row.dtype)} | ({np.dtype("f2")} if row.dtype == "f4" else set())
    if not isinstance(item, h5py.Dataset) or item.dtype not in allowed or item.ndim != len(row.dims):
        raise FormatError(f"{path}: {full} is not {row.dtype} with {len(row.dims)} dimensions")
    if len(item.attrs):
        raise FormatError(f"{path}: {full} has attributes, which tfq does not write")
    if item.is_virtual or item.external:
        raise FormatError(f"{path}: {full} keeps its numbers outside the file")
    made = item.id.get_create_plist()
    filters = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
    if not set(filters) <= FILTERS:
        raise FormatError(f"{path}: {full} is packed by a filter that tfq does not use")
    _check_chunks(item, path, full, filters)
    # Deflate packs at most 1032 to one: numbers that were never written would fill the memory all the same.
    if item.nbytes > 1100 * item.id.get_storage_size() + 2**20:
        raise FormatError(f"{path}: {full} is larger than what the file holds of it")


def _check_chunks(item: Any, path: Path, full: str, filters: Sequence[int]) -> None:
    """Refuse an index of chunks that is damaged: HDF5 keeps it without a checksum, and reads what it misses as zeros."""
    if item.chunks is None or item.chunks[1:] != tuple(max(1, size) for size in item.shape[1:]):
        raise FormatError(f"{path}: {full} is not laid out as tfq writes it")
    wanted = -(-item.shape[0] // item.chunks[0]) if item.size else 0
    found: list[Any] = []
    if item.id.get_num_chunks() == wanted:
        item.id.chunk_iter(found.append)
    rows = {chunk.chunk_offset[0] // item.chunks[0] for chunk in found if not any(chunk.chunk_offset[1:])}
    # What does not pack well is kept as it is, and says so by a bit for the filter; its checksum follows all the same.
    checked = 1 << filters.index(h5py.h5z.FILTER_FLETCHER32) if h5py.h5z.FILTER_FLETCHER32 in filters else 0
    plain_size = item.dtype.itemsize * math.prod(item.chunks) + (4 if checked else 0)
    places = {
        chunk.byte_offset
        for chunk in found
        if not chunk.filter_mask or (not chunk.filter_mask & checked and chunk.size == plain_size)
    }
    if not len(found) == len(rows) == len(places) == wanted or not all(0 <= row < wanted for row in rows):
        raise FormatError(f"{path}: {full} is damaged; run `tfq extract` on the video again")


def _check_attributes(group: h5py.Group, path: Path, prefix: str) -> None:
    allowed = schema.attributes(root=not prefix)
    for name in group.attrs:
        if name not in allowed:
            raise FormatError(f"{path}: {prefix}@{name[:80]} is an attribute that tfq does not know")
        held = group.attrs.get_id(name)
        size = held.get_storage_size() if held.shape else 0
        value = group.attrs[name] if size <= schema.LONGEST_ATTRIBUTE else b""
        if max(size, len(value) if isinstance(value, str | bytes) else 0) > schema.LONGEST_ATTRIBUTE:
            raise FormatError(f"{path}: {prefix}@{name} is longer than what tfq writes")


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
