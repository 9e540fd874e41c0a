"""Files that take their name only when they are whole, and folders that go away; what killed processes left goes too.

Whatever is not finished is held by a lock, which ends with its process: what nobody holds was left behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfq import signals
from tfq.errors import InputError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}  # what file systems answer that know none
_HELD = ".held"  # the file in a folder of ours that its process holds


@contextlib.contextmanager
def written(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A file beside `path`, with its ending, to write to: it becomes `path` when the block ends well.

    Args:
        path: the file to make or to replace.
        durable: flush to disk before it takes the name, so that a crash of the machine leaves the old one or the new one.

    Raises:
        InputError: the system refuses to write, in the block too.
    """
    with _told(path), contextlib.ExitStack() as stack:
        clear(path)
        with signals.held():
            sibling, descriptor = _hold(lambda: path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}"))
            stack.callback(os.close, descriptor)
            stack.callback(sibling.unlink, missing_ok=True)
        yield sibling
        if durable:
            _sync(sibling)
        sibling.replace(path)
        if durable:
            _sync(path.parent)


def lock(path: Path, timeout_s: float = -1) -> BaseFileLock:
    """Take the lock that a file stands for, and hold it until `unlock`.

    Where locks do not work, as on some network file systems, a marker beside it tells who holds it; that of a process
    which has ended on this machine counts for nothing.

    Raises:
        filelock.Timeout: another process holds it; a `timeout_s` below zero waits for ever.
        OSError: the system refuses to write.
    """
    import filelock

    native = filelock.FileLock(path, timeout_s, thread_local=False, fallback_to_soft=False)
    try:
        native.acquire()
        return native
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    path.unlink(missing_ok=True)
    marker = filelock.SoftFileLock(path.with_name(f"{path.name}.held"), timeout_s, thread_local=False)
    marker.acquire()
    return marker


def unlock(held: BaseFileLock) -> None:
    """Let go, and leave nothing behind."""
    from filelock import SoftFileLock

    if not isinstance(held, SoftFileLock):
        with contextlib.suppress(OSError):
            # Unlinked while held: a waiter sees that its inode has no name any more and starts over.
            Path(held.lock_file).unlink()
    held.release()


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder that goes away at the end of the block."""
    for left in Path(tempfile.gettempdir()).glob(f"tfq-*/{_HELD}"):
        with contextlib.suppress(OSError):
            if left.parent.lstat().st_uid == os.getuid() and _is_left(left):
                shutil.rmtree(left.parent, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        with _told(Path(tempfile.gettempdir())), signals.held():
            mark, descriptor = _hold(lambda: Path(tempfile.mkdtemp(prefix="tfq-")) / _HELD)
            stack.callback(os.close, descriptor)
            stack.callback(shutil.rmtree, mark.parent, ignore_errors=True)
        yield mark.parent


def clear(path: Path, *, alone: bool = False) -> None:
    """Remove what killed processes left of `path`; `alone`: no other process can be writing it."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.tmp{glob.escape(path.suffix)}"):
        with contextlib.suppress(OSError):
            if alone or _is_left(left):
                left.unlink()


def _hold(name: Callable[[], Path]) -> tuple[Path, int]:
    """A new file and its open descriptor, locked where locks work; the kernel lets go however this process ends."""
    while True:
        path = name()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)  # another process took it for a left one in the moment before it was locked


def _is_left(path: Path) -> bool:
    """Whether nobody holds a file.

    Raises:
        OSError: somebody does, or locks do not work here.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    return True


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({os.strerror(error.errno) if error.errno else error})") from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
