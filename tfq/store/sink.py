"""The file that HDF5 writes to: one whose disk is never full as far as HDF5 can see.

HDF5 does not take a write that fails: it tries again when the file is closed, and once more when the process ends, where it
crashes. Here the first failure is remembered, what comes after it is dropped, and the caller is told when HDF5 has let go.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self


class Sink:
    """A new file, with what h5py asks of a file object."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; whatever HDF5 made of a failed write, the failure is what is raised."""
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error
        if self._error is not None and (kind is None or issubclass(kind, Exception)):
            raise self._error from None

    def check(self) -> None:
        """Raise OSError if a write has failed."""
        if self._error is not None:
            raise self._error

    def write(self, data: memoryview) -> int:
        """All of it, or nothing any more once the system has refused."""
        left = memoryview(data)
        while left and self._error is None:
            try:
                left = left[self._file.write(left) :]
            except OSError as error:
                self._error = error
        if left:
            self._file.seek(len(left), 1)
        return len(data)

    def readinto(self, buffer: memoryview) -> int:
        """What was written; zeros where a write was dropped."""
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view) or 0
        if self._error is not None:
            view[count:] = bytes(len(view) - count)
            return len(view)
        return count

    def read(self, size: int = -1) -> bytes:
        """As `readinto`; h5py knows a file object by it."""
        return self._file.read(size) or b""

    def truncate(self, size: int) -> int:
        """Set the length."""
        if self._error is None:
            try:
                return self._file.truncate(size)
            except OSError as error:
                self._error = error
        return size

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def flush(self) -> None:
        """Nothing is held back."""
