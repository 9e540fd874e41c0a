"""Files in object stores, named by URL: what the file loop asks of a path, through fsspec. The only door to it.

An upload to an object store shows under its name when it is whole, and not a moment earlier; elsewhere the file is
written beside its name and renamed.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from tfq.errors import InputError, UsageError

URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.ASCII)
LOCAL = ("file", "local")
WHOLE_AT_ONCE = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "hf", "oss", "r2", "memory")


@dataclass(frozen=True)
class Remote:
    """A file or folder of an object store."""

    url: str

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> Remote:
        return Remote(f"{self.url.rstrip('/')}/{name}")

    def absolute(self) -> Remote:
        return self

    def with_suffix(self, suffix: str) -> Remote:
        return Remote(f"{self.url.rpartition('/')[0]}/{Path(self.name).with_suffix(suffix)}")

    def facts(self) -> tuple[int, float]:
        """Size in bytes and time of the last change, in seconds; 0.0 where the store does not tell.

        Raises:
            InputError: there is no such file.
        """
        system, path = self._place
        try:
            size = int(system.info(path)["size"])
        except FileNotFoundError as error:
            raise InputError(f"{self.url}: no such file") from error
        except (OSError, KeyError, TypeError) as error:
            raise InputError(f"{self.url}: cannot be asked for ({_short(error)})") from error
        try:
            return size, system.modified(path).timestamp()
        except (NotImplementedError, AttributeError, OSError):
            return size, 0.0

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            InputError: nobody answers.
        """
        system, path = self._place
        try:
            return bool(system.exists(path))
        except OSError as error:
            raise InputError(f"{self.url}: cannot be asked for ({_short(error)})") from error

    def fetch(self, to: Path) -> None:
        """Copy it here.

        Raises:
            InputError: it is not there, or cannot be read.
        """
        system, path = self._place
        try:
            system.get_file(path, str(to))
        except FileNotFoundError as error:
            raise InputError(f"{self.url}: no such file") from error
        except OSError as error:
            raise InputError(f"{self.url}: cannot be fetched ({_short(error)})") from error

    def publish(self, made: Path) -> None:
        """Put a finished file there, in one step.

        Raises:
            InputError: the store refuses.
        """
        system, path = self._place
        at_once = self.url.partition("://")[0] in WHOLE_AT_ONCE
        folder, _, name = path.rpartition("/")
        first = path if at_once else f"{folder}/.{name}.{secrets.token_hex(4)}.tmp"
        try:
            if not at_once and folder:
                system.makedirs(folder, exist_ok=True)
            system.put_file(str(made), first)
            if first != path:
                system.mv(first, path)
        except OSError as error:
            raise InputError(f"{self.url}: cannot be written ({_short(error)})") from error

    @cached_property
    def _place(self) -> tuple[Any, str]:
        """The file system and the path in it.

        Raises:
            UsageError: the package for this kind of store is not here.
        """
        import fsspec

        kind = self.url.partition("://")[0]
        try:
            system, path = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise UsageError(f"{self.url}: {kind}:// needs a package that is not here ({_short(error)})") from error
        except ValueError as error:
            raise UsageError(f"{self.url}: no such kind of store ({_short(error)})") from error
        return system, str(path)

    def __getstate__(self) -> dict[str, str]:
        return {"url": self.url}  # a connection stays in its process


Where: TypeAlias = Path | Remote


def place(name: str) -> Where:
    """A local path, or a file of an object store where the name is a URL."""
    kind, _, rest = name.partition("://")
    if not URL.match(name):
        return Path(name)
    return Path(rest) if kind in LOCAL else Remote(name)


def check(where: Where) -> None:
    """Raise now what reading or writing would raise for want of a package.

    Raises:
        UsageError: as it says.
    """
    if isinstance(where, Remote):
        _ = where._place


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
