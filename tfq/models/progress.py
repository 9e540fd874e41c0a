"""What a person at a terminal sees of a fetch; nothing is shown anywhere else."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import TaskID

log = logging.getLogger("tfq")

_NOTE = 25  # shown by default and gone with `-q`, as the command line's own notes


def note(text: str) -> None:
    """Say that something is fetched: it can take minutes, and it happens once."""
    log.log(_NOTE, "%s", text)


def wanted() -> bool:
    """Whether to draw: on a terminal, unless `-q` was given or a bar of the command line is on the screen already."""
    from rich.file_proxy import FileProxy

    quiet = any(handler.level >= logging.ERROR for handler in log.handlers)
    # While rich draws it puts a proxy in place of standard error, and a second bar would overwrite the first.
    return not quiet and not isinstance(sys.stderr, FileProxy) and sys.stderr.isatty()


def spinner(text: str) -> AbstractContextManager[object]:
    """For a wait of unknown length."""
    from rich.console import Console

    return Console(stderr=True, quiet=not wanted()).status(text)


class Bar:
    """A progress bar over bytes, in the shape that pooch expects of one."""

    def __init__(self, name: str, size: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self.total = self._size = self._left = size
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=not wanted())
        self._task: TaskID = self._progress.add_task(name, total=size)

    def update(self, count: int) -> None:
        """`count` more bytes have come.

        Raises:
            ValueError: more than the file has: whoever sends on without an end must not fill the disk.
        """
        self._left -= count
        if self._left < 0:
            raise ValueError(count)
        self._progress.advance(self._task, count)

    def reset(self) -> None:
        """Pooch winds the bar back and fills it once more at the end."""
        self._left = self._size
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Pooch closes what it did not open; leaving the context does it."""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
