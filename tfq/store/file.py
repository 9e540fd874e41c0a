"""Open a `.h5` file, read a group, replace a group whole. The only door to h5py.

A file on disk is never changed in place: a stage writes its group into a sibling, the other groups are copied over as
raw chunks, and the sibling takes the file's name in one step. A kill at any moment leaves the last complete file.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import time
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock
import h5py
import numpy as np
from numpy.typing import NDArray

from tfq import disk, signals
from tfq.errors import FormatError, InputError, InUseError, TfqError
from tfq.store import schema
from tfq.store.opening import DAMAGE, open_checked, open_foreign, open_own, plain
from tfq.store.provenance import Stamp
from tfq.store.sink import Sink

Array = NDArray[Any]

ASK_AGAIN_AFTER_S = 0.05  # whether another process has let go of a file
PICTURES = ("align/crops", "align/large_crops", "align/mouths")  # packing them takes as long as finding the face


class GroupWriter:
    """Writes one group into the sibling file; rows may come in pieces, so memory does not grow with the clip."""

    def __init__(self, group: h5py.Group, sink: Sink, *, kept: bool = True) -> None:
        self._group, self._sink, self._kept = group, sink, kept
        self.status = "ok"
        self.info: dict[str, Any] = {}

    def put(self, name: str, values: Array) -> None:
        """Store a whole dataset. `name` is relative to the group, as in `landmarks` or `lips/values`."""
        with signals.held():
            self._create(name, np.asarray(values))

    def append(self, name: str, rows: Array) -> None:
        """Store the next rows of a dataset along its first dimension."""
        rows = np.asarray(rows)
        with signals.held():
            if name not in self._group:
                self._create(name, rows)
                return
            dataset = self._group[name]
            end = len(dataset)
            dataset.resize(end + len(rows), axis=0)
            dataset[end:] = rows
            self._sink.check()

    def describe(self, name: str, info: Mapping[str, Any], status: str = "ok") -> None:
        """Attach scalars to a group inside this one, as features do."""
        with signals.held():
            group = self._group.require_group(name)
            _attach(group, {"info": to_json(info), "status": status})

    def _create(self, name: str, values: Array) -> None:
        path = f"{self._group.name.strip('/')}/{name}"
        row = schema.find(path)
        if row is None or values.ndim != len(row.dims):
            raise TfqError(f"{path} with {values.ndim} dimensions is not in the schema")
        if any(isinstance(dim, int) and dim != size for dim, size in zip(row.dims, values.shape, strict=True)):
            raise TfqError(f"{path}: shape {values.shape} does not fit {row.dims}")
        values = values.astype(np.dtype("f2") if values.dtype == np.float16 else np.dtype(row.dtype), copy=False)
        # The source is compressed video: a filter would cost time and save nothing.
        bare = row.path == "extract/source" or (row.path in PICTURES and not self._kept)
        packed = {} if bare else {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        shape = values.shape
        rows_a_chunk = max(1, min(max(shape[0], 1), 2**18 // max(1, values[:1].nbytes)))
        chunks = (rows_a_chunk, *(max(1, size) for size in shape[1:]))
        # With its checksums HDF5 tells a flipped bit, here in the numbers and through `libver` in what describes them.
        self._group.create_dataset(
            name, data=values, maxshape=(None, *shape[1:]), chunks=chunks, fletcher32=True, **packed
        )
        self._sink.check()


class TfqFile:
    """One `.h5` file, held by this process while it is open.

    Use as a context manager. Reading methods raise FormatError where the content is not what the schema says.
    """

    def __init__(
        self, path: Path, *, wait: bool = False, durable: bool = True, read_only: bool = False, looked: bool = False
    ) -> None:
        """Take the file, which need not exist yet.

        Args:
            path: the `.h5` file.
            wait: wait for another process that holds it, rather than raising InUseError.
            durable: flush to disk before a new version takes the name, and pack pictures; off for files that nobody keeps.
            read_only: take no lock and refuse to replace; the version found at opening is read throughout.
            looked: the file may kill this process: it is a child made for that, or has looked at the file before.
        """
        self.path = path
        self._durable = durable
        self._read_only = read_only
        self._lock: filelock.BaseFileLock | None = None
        self._file: h5py.File | None = None
        self._sink: Sink
        try:
            if not read_only:
                while not self._take():
                    if not wait:
                        raise InUseError(f"{path}: another process is working on it; try again later, or pass --wait")
                    time.sleep(ASK_AGAIN_AFTER_S)
                disk.clear(path, alone=True)
            if path.exists():
                self._file = open_checked(path) if looked else open_foreign(path)
            elif read_only:
                raise InputError(f"{path}: no such file")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # where an interrupt came between making it and entering it

    def close(self) -> None:
        """Let go of it; nothing happens the second time."""
        with signals.held():
            if self._file is not None:
                self._file.close()
                self._file = None
            if self._lock is not None:
                disk.unlock(self._lock)
                self._lock = None

    def _take(self) -> bool:
        """Take the lock, unless another process has it."""
        try:
            with signals.held():
                self._lock = disk.lock(self.path.with_name(f".{self.path.name}.lock"), 0)
        except filelock.Timeout:
            return False
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot write in this folder ({error.strerror}); name another with --out-dir"
            ) from error
        return True

    @property
    def attrs(self) -> dict[str, Any]:
        """The file's own attributes."""
        return {} if self._file is None else {name: plain(value) for name, value in self._file.attrs.items()}

    def has(self, path: str) -> bool:
        """Whether a group or dataset is there."""
        return self._find(path) is not None

    def names(self, path: str = "/") -> tuple[str, ...]:
        """Names inside a group, in the order of the schema for the root and by name below it."""
        if not self.has(path):
            return ()
        found = set(self._group(path))
        order = schema.groups() if path == "/" else sorted(found)
        return tuple(name for name in order if name in found)

    def stamp(self, group: str) -> Stamp | None:
        """What made a group; None where the group is not there."""
        if not self.has(group):
            return None
        try:
            return Stamp.from_json(str(_attached(self._group(group)).get("stamp", "")))
        except DAMAGE as error:
            raise FormatError(f"{self.path}: the stamp of {group} is damaged; run that stage again") from error

    def status(self, group: str) -> str:
        """`ok`, or the short name of the reason why a group holds nothing to judge."""
        return str(plain(self._group(group).attrs.get("status", "ok")))

    def info(self, group: str) -> dict[str, Any]:
        """The scalars of a group."""
        try:
            return dict(json.loads(_attached(self._group(group)).get("info", "{}")))
        except (*DAMAGE, TypeError) as error:
            raise FormatError(f"{self.path}: the attributes of {group} are damaged") from error

    def array(self, path: str) -> Array:
        """A whole dataset."""
        return self.rows(path)

    def rows(self, path: str, start: int = 0, stop: int | None = None) -> Array:
        """Some rows of a dataset, read from disk without the others."""
        dataset = self._find(path)
        if not isinstance(dataset, h5py.Dataset):
            raise FormatError(f"{self.path}: holds no {path}; run `tfq {path.split('/', 1)[0]}` on it")
        try:
            return np.asarray(dataset[start:stop])
        except DAMAGE as error:
            raise FormatError(f"{self.path}: {path} is damaged") from error

    def shape(self, path: str) -> tuple[int, ...]:
        """Shape of a dataset, without reading it."""
        dataset = self._find(path)
        if not isinstance(dataset, h5py.Dataset):
            raise FormatError(f"{self.path}: holds no {path}; run `tfq {path.split('/', 1)[0]}` on it")
        return tuple(dataset.shape)

    @contextlib.contextmanager
    def replacing(self, group: str, stamp: Stamp, root: Mapping[str, str | int] | None = None) -> Iterator[GroupWriter]:
        """Write a group; when the block ends well the file holds it, and not a moment earlier.

        Args:
            group: the top-level group, replaced whole.
            stamp: what makes it.
            root: attributes of the file to set with it, as `extract` does.
        """
        if self._read_only:
            raise TfqError(f"{self.path} was opened for reading")
        with self._anew() as new:
            with signals.held():
                writer = GroupWriter(new.create_group(group), self._sink, kept=self._durable)
            yield writer
            with signals.held():
                _attach(new[group], {"stamp": stamp.to_json(), "status": writer.status, "info": to_json(writer.info)})
                self._copy_rest(new, group, root or {})

    def strip(self, datasets: Collection[str]) -> None:
        """Write the file anew without some datasets; groups, stamps and all else stay as they are."""
        if self._read_only or self._file is None:
            raise TfqError(f"{self.path} was opened for reading")
        with self._anew() as new, signals.held():
            _copy(self._file, new, datasets)

    def _copy_rest(self, new: h5py.File, group: str, root: Mapping[str, str | int]) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        new.attrs["created"] = now
        if self._file is not None:
            for name in self._file:
                if name != group:
                    self._file.copy(name, new)
            for name, value in self._file.attrs.items():
                new.attrs[name] = value
        new.attrs.update({**root, "format": schema.FORMAT, "format_version": schema.FORMAT_VERSION})
        new.attrs["generated_by"] = f"tfq {version('tfq')}"

    @contextlib.contextmanager
    def _anew(self) -> Iterator[h5py.File]:
        """The next version of the file, which is this one when the block ends well."""
        with (
            disk.written(self.path, durable=self._durable) as sibling,
            Sink(sibling) as self._sink,
            _made(self._sink) as new,
        ):
            yield new
        if self._file is not None:
            self._file.close()
        self._file = open_own(self.path)

    def _find(self, path: str) -> h5py.Group | h5py.Dataset | None:
        try:
            return None if self._file is None else self._file.get(path)
        except DAMAGE as error:
            raise FormatError(f"{self.path}: {path} is damaged") from error

    def _group(self, path: str) -> h5py.Group:
        found = self._find(path)
        if not isinstance(found, h5py.Group):
            raise FormatError(f"{self.path}: holds no {path}; run `tfq {path.split('/', 1)[0]}` on it")
        return found


def to_json(info: Mapping[str, Any]) -> str:
    """Scalars as JSON that any reader takes: NaN becomes null, numpy numbers become plain ones."""
    return json.dumps(plain(info), ensure_ascii=False, sort_keys=True, allow_nan=False)


def _attach(group: h5py.Group, texts: Mapping[str, str]) -> None:
    """Give a group its attributes and their seal: HDF5 keeps texts without a checksum."""
    group.attrs.update({**texts, "seal": _seal(texts)})


def _attached(group: h5py.Group) -> Mapping[str, Any]:
    """The attributes of a group.

    Raises:
        ValueError: they are not those that were written.
    """
    texts = dict(group.attrs)
    if "seal" in texts and texts["seal"] != _seal(texts):
        raise ValueError(group.name)
    return texts


def _seal(texts: Mapping[str, Any]) -> str:
    parts = (texts[name] for name in ("stamp", "status", "info") if name in texts)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"\0" + (part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")))
    return digest.hexdigest()


@contextlib.contextmanager
def _made(sink: Sink) -> Iterator[h5py.File]:
    """A new HDF5 file in a sink."""
    with contextlib.ExitStack() as stack:
        with signals.held():
            new = h5py.File(sink, "w", libver=("v108", "v110"))
            stack.callback(_closed, new)
        yield new


def _closed(file: h5py.File) -> None:
    with signals.held():
        file.close()


def _copy(source: h5py.Group, target: h5py.Group, without: Collection[str]) -> None:
    """Groups, attributes and raw chunks, but for some datasets."""
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy(item, target.create_group(name), without)
        elif item.name.lstrip("/") not in without:
            source.copy(item, target, name)
