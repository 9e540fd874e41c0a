"""Opening a `.h5` file that anybody may have made: what tfq would not write is refused before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5z

from tfq.errors import FormatError, InputError
from tfq.store import guard, migrate, schema

DAMAGE = (OSError, RuntimeError, ValueError, KeyError)  # what h5py raises for a damaged file, depending on where

FILTERS = frozenset((h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF))


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
        _check_group(h5g.open(file.id, b"/"), path, "")
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


def _check_group(group: h5g.GroupID, path: Path, prefix: str) -> None:
    """Refuse what could reach outside the file or run away: links, virtual and external storage, foreign types.

    Everything here speaks to HDF5's identifiers: h5py's own objects take twice as long, and every file is looked through.
    """
    _check_attributes(group, path, prefix)
    links = group.links
    for raw in group:
        full = prefix + raw.decode("utf-8", "replace")
        if links.get_info(raw).type != h5l.TYPE_HARD:
            raise FormatError(f"{path}: {full} is a link, which tfq does not follow")
        item = h5o.open(group, raw)
        if isinstance(item, h5g.GroupID):
            if prefix.count("/") > 2:
                raise FormatError(f"{path}: {full} is nested deeper than tfq writes")
            _check_group(item, path, f"{full}/")
            continue
        _check_dataset(item, path, full)


def _check_dataset(item: Any, path: Path, full: str) -> None:
    row = schema.find(full)
    if row is None:
        raise FormatError(f"{path}: holds {full}, which tfq does not know")
    dtype = item.dtype if isinstance(item, h5d.DatasetID) else None
    allowed = {np.dtype(row.dtype)} | ({np.dtype("f2")} if row.dtype == "f4" else set())
    if dtype not in allowed or item.rank != len(row.dims):
        raise FormatError(f"{path}: {full} is not {row.dtype} with {len(row.dims)} dimensions")
    if h5a.get_num_attrs(item):
        raise FormatError(f"{path}: {full} has attributes, which tfq does not write")
    made = item.get_create_plist()
    if made.get_layout() == h5d.VIRTUAL or made.get_external_count():
        raise FormatError(f"{path}: {full} keeps its numbers outside the file")
    filters = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
    if not set(filters) <= FILTERS:
        raise FormatError(f"{path}: {full} is packed by a filter that tfq does not use")
    chunk = made.get_chunk() if made.get_layout() == h5d.CHUNKED else None
    _check_chunks(item, chunk, dtype.itemsize, path, full, filters)
    # Deflate packs at most 1032 to one: numbers that were never written would fill the memory all the same.
    if math.prod(item.shape) * dtype.itemsize > 1100 * item.get_storage_size() + 2**20:
        raise FormatError(f"{path}: {full} is larger than what the file holds of it")


def _check_chunks(
    item: h5d.DatasetID, chunk: tuple[int, ...] | None, bytes_each: int, path: Path, full: str, filters: Sequence[int]
) -> None:
    """Refuse an index of chunks that is damaged: HDF5 keeps it without a checksum, and reads what it misses as zeros."""
    shape = item.shape
    if chunk is None or chunk[1:] != tuple(max(1, size) for size in shape[1:]):
        raise FormatError(f"{path}: {full} is not laid out as tfq writes it")
    wanted = -(-shape[0] // chunk[0]) if math.prod(shape) else 0
    found: list[Any] = []
    if item.get_num_chunks() == wanted:
        item.chunk_iter(found.append)
    rows = {part.chunk_offset[0] // chunk[0] for part in found if not any(part.chunk_offset[1:])}
    # What does not pack well is kept as it is, and says so by a bit for the filter; its checksum follows all the same.
    checked = 1 << filters.index(h5z.FILTER_FLETCHER32) if h5z.FILTER_FLETCHER32 in filters else 0
    plain_size = bytes_each * math.prod(chunk) + (4 if checked else 0)
    places = {
        part.byte_offset
        for part in found
        if not part.filter_mask or (not part.filter_mask & checked and part.size == plain_size)
    }
    if not len(found) == len(rows) == len(places) == wanted or not all(0 <= row < wanted for row in rows):
        raise FormatError(f"{path}: {full} is damaged; run `tfq extract` on the video again")


def _check_attributes(group: h5g.GroupID, path: Path, prefix: str) -> None:
    allowed = schema.attributes(root=not prefix)
    for number in range(h5a.get_num_attrs(group)):
        held = h5a.open(group, index=number)
        name = held.name.decode("utf-8", "replace")
        if name not in allowed:
            raise FormatError(f"{path}: {prefix}@{name[:80]} is an attribute that tfq does not know")
        size = held.get_storage_size()
        if held.dtype.hasobject and held.shape is not None and size <= schema.LONGEST_ATTRIBUTE:
            texts = np.zeros(held.shape, held.dtype)  # what is stored of a text of any length is where it lies
            held.read(texts)
            size = max([size, *(len(text) for text in texts.ravel() if isinstance(text, str | bytes))])
        if size > schema.LONGEST_ATTRIBUTE:
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
