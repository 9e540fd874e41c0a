"""The video that a file was made of: its own bytes inside, or the linked file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from tfq.errors import InputError
from tfq.media.facts import Source, sha256
from tfq.store import TfqFile

if TYPE_CHECKING:
    from typing_extensions import Buffer

INSIDE = "extract/source"
BLOCK = 2**20  # bytes read from the file at a time


class _Embedded(io.RawIOBase):
    """The bytes inside an open file, read where they are wanted, so that memory does not grow with the video."""

    def __init__(self, file: TfqFile) -> None:
        self._file = file
        self._size = file.shape(INSIDE)[0]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        content = self._file.rows(INSIDE, self._at, min(self._size, self._at + len(view))).tobytes()
        view[: len(content)] = content
        self._at += len(content)
        return len(content)


def open_source(file: TfqFile) -> Source:
    """The source, ready for the functions of `tfq.media`.

    Raises:
        InputError: the linked file has moved or changed, or the pictures were stripped.
    """
    if file.has(INSIDE):
        return io.BufferedReader(_Embedded(file), BLOCK)
    linked = str(file.attrs.get("source_path", ""))
    if not linked:
        raise InputError(f"{file.path}: its source was taken out; run `tfq extract` on the video again")
    path = Path(linked) if Path(linked).is_absolute() else file.path.parent / linked
    if not path.is_file():
        raise InputError(f"{file.path}: the linked source {linked} is not there; run `tfq extract` on the video again")
    if sha256(path) != file.attrs.get("source_sha256"):
        raise InputError(f"{file.path}: the linked source {linked} has changed; run `tfq extract` on it again")
    return path
