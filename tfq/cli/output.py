"""Standard output carries data only; everything else that tfq says goes through here to standard error and the log."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import stat
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from tfq.errors import CLOSED_PIPE, INTERRUPTED, InputError, TfqError, UsageError
from tfq.report.words import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

log = logging.getLogger("tfq")

_REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
NOTE = 25  # above what `-v` adds, under what `-q` leaves
_LEVELS = {-1: logging.ERROR, 0: NOTE, 1: logging.INFO}


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the moment: a progress bar replaces it while it is on the screen."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(logging.Formatter("tfq: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


@contextlib.contextmanager
def configured(quiet: bool, verbose: int, log_file: Path | None) -> Iterator[None]:
    """Listen to tfq's own messages for as long as a command runs."""
    handlers: list[logging.Handler] = [_StandardError()]
    handlers[0].setLevel(_LEVELS.get(-1 if quiet else verbose, logging.DEBUG))
    if log_file is not None:
        handlers.append(_file_handler(log_file))
    before = log.level, log.propagate
    log.setLevel(logging.DEBUG)
    log.propagate = False
    for handler in handlers:
        log.addHandler(handler)
    try:
        yield
    finally:
        log.level, log.propagate = before
        for handler in handlers:
            log.removeHandler(handler)
            handler.close()


def _file_handler(path: Path) -> logging.Handler:
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"--log-file {path}: {error.strerror}") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    return handler


def data(text: str, end: str = "\n") -> None:
    """Write to standard output at once, bytes of file names exactly as the system gave them."""
    sys.stdout.flush()
    sys.stdout.buffer.write(os.fsencode(text) + end.encode())
    sys.stdout.buffer.flush()


def document(text: str) -> None:
    """Write what `--format` asked for, always valid UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """Say something on standard error that is not an error; `-q` keeps it away."""
    log.log(NOTE, "%s", text)


def on_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at a stream."""
    return stream is not None and not stream.closed and stream.isatty()


def sentence(error: BaseException, *names: str) -> str:
    """What went wrong as `NAME: what` on one line, with the name said once."""
    text = str(error) or type(error).__name__
    return printable(text if any(text.startswith(f"{name}: ") for name in names) else f"{names[0]}: {text}")


def defect(error: BaseException) -> str:
    """Log the traceback of an unexpected error and say where it is, in one sentence."""
    trace = "".join(traceback.format_exception(error))
    where = _log_trace(trace)
    log.info("%s", trace.rstrip())
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"a defect of tfq ({what}); please report it with {where}"


def refusal(error: BaseException) -> str | None:
    """What the system refused, in a sentence; None where an error is a defect of tfq."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}the system refuses to read or write ({os.strerror(error.errno)})"
    return None


def _log_trace(trace: str) -> str:
    from platformdirs import user_log_path

    try:
        path = user_log_path("tfq", appauthor=False) / "tfq.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as lines:
            lines.write(f"{sys.argv!r}\n{trace}\n")
    except (OSError, RuntimeError):  # the latter where there is no home
        sys.stderr.write(trace)
        return "the lines above"
    return str(path)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever ends a command early into the exit status of the contract."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except KeyboardInterrupt:
        sys.stderr.write("tfq: interrupted\n")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _let_go_of_stdout()
        raise typer.Exit(CLOSED_PIPE) from None
    except TfqError as error:
        what = defect(error) if error.exit_status == TfqError.exit_status else str(error)
        sys.stderr.write(f"tfq: {what}\n")
        raise typer.Exit(error.exit_status) from None
    except Exception as error:
        refused = refusal(error)
        if refused is not None and isinstance(error, OSError):
            _let_go_of_stdout()  # which may be what has no room
        sys.stderr.write(f"tfq: {refused or defect(error)}\n")
        raise typer.Exit(TfqError.exit_status if refused is None else InputError.exit_status) from None


def _let_go_of_stdout() -> None:
    """Point the closed pipe elsewhere: Python's last flush would fail on it and change the exit status."""
    with contextlib.suppress(OSError, io.UnsupportedOperation, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Screen:
    """A progress bar on standard error, where a person looks at it; nothing anywhere else."""

    def __init__(self, wanted: bool, total: int | None) -> None:
        """`total` is the number of files; None where names still arrive."""
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._finished = 0
        if wanted and on_terminal(sys.stderr) and not _into_a_pipe():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Screen:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, text: str, share: float = 0.0) -> None:
        """What is being done now, and the share of this file that is done already."""
        if self._bar is not None and self._task is not None:
            from rich.markup import escape

            self._bar.update(self._task, description=escape(printable(text)), completed=self._finished + share)

    def finished(self) -> None:
        """One more file is done."""
        self._finished += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._finished)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar away while data is written, which may go to the same terminal."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


def _into_a_pipe() -> bool:
    """Whether the paths go to another command, whose bar would be drawn over this one."""
    with contextlib.suppress(OSError, io.UnsupportedOperation, ValueError):
        return stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    return False


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    return Progress(
        SpinnerColumn(),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        speed_estimate_period=24 * 3600,  # a stage of a long clip takes minutes
    )
