"""From what a user names to what is worked on: names from arguments, pipes and lists, and the `.h5` file of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tfq import remote
from tfq.cli.options import Inputs
from tfq.errors import InputError, UsageError
from tfq.remote import Remote, Where

NONE_NAMED = "no file is named: the list is empty; name videos or .h5 files, or pass their names on standard input"

Place = Callable[[str], Where]


@dataclass(frozen=True)
class Item:
    """One file to work on: its name as the user wrote it, the video if it is one, the `.h5` file, what is printed."""

    name: str
    source: Where | None
    file: Where
    out: Where


def names(inputs: Inputs) -> tuple[Iterable[str], bool]:
    """The names that were given, and whether they still arrive on standard input while work runs.

    Raises:
        UsageError: no name is given and none can come.
    """
    given = list(inputs.files or ())
    if inputs.files_from is not None:
        return [*_spread(given, inputs.null), *_listed(inputs.files_from, inputs.null)], False
    if given and given != ["-"]:
        return list(_spread(given, inputs.null)), False
    if sys.stdin is None or sys.stdin.closed or (sys.stdin.isatty() and not given):
        raise UsageError("no file is named, and nothing is piped in")
    return _read(sys.stdin.buffer, inputs.null), True


def share(given: Iterable[str], shard: str | None) -> Iterable[str]:
    """The names that fall to one machine of several: of `I/N`, every N-th from the I-th on.

    Raises:
        UsageError: that is not what `shard` says.
    """
    if shard is None:
        return given
    first, _, count = shard.partition("/")
    if not (first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        raise UsageError(f"--shard {shard}: write I/N, as in 1/8 to 8/8")
    return islice(given, int(first) - 1, None, int(count))


def longest_first(work: Iterable[Item]) -> list[Item]:
    """Large videos before small ones, so that no long one is begun when all others are done."""
    return sorted(work, key=lambda item: -_size(item.source or item.file))


def _size(path: Where) -> int:
    if isinstance(path, Remote):
        return 0  # a question to a store for each of many names would take longer than it saves
    try:
        return path.stat().st_size
    except OSError:
        return 0  # told when its turn comes


def all_names(inputs: Inputs) -> list[str]:
    """The names that were given, when all of them are known.

    Raises:
        UsageError: there are none.
    """
    given = list(names(inputs)[0])
    if not given:
        raise UsageError(NONE_NAMED)
    return given


def _spread(given: Iterable[str], null: bool) -> Iterator[str]:
    for name in given:
        if name == "-":
            yield from _read(sys.stdin.buffer, null)
        else:
            yield name


def _listed(path: Path, null: bool) -> list[str]:
    if str(path) == "-":
        return list(_read(sys.stdin.buffer, null))
    try:
        with path.open("rb") as stream:
            return list(_read(stream, null))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def _read(stream: BinaryIO, null: bool) -> Iterator[str]:
    """Names as they arrive, so that commands in a pipe work at the same time."""
    rest = b""
    # read1 hands over what is there; read would wait for a full block or the end of the pipe.
    while block := stream.read1(65536):  # type: ignore[attr-defined]
        if b"\0" in block and not null:
            raise UsageError("the names that are read end with NUL; pass --null")
        *whole, rest = (rest + block).split(b"\0" if null else b"\n")
        yield from (os.fsdecode(name) for name in whole if name)
    if rest:
        yield os.fsdecode(rest)


def is_store(path: Where) -> bool:
    """Whether a name means a file of tfq rather than a video."""
    return path.suffix.lower() == ".h5"


def beside(name: str) -> Where:
    """The `.h5` file that belongs to a video and lies beside it."""
    return remote.place(name).with_suffix(".h5")


def place(output: Path | None, out_dir: Where | None, suffix: str = ".h5") -> Place | None:
    """Where the user wants the file made of a video; None: no wish.

    Raises:
        UsageError: both were asked for, or the folder cannot be made or reached.
    """
    if output is not None and out_dir is not None:
        raise UsageError("--output and --out-dir exclude each other")
    if output is not None:
        return lambda _: output
    if out_dir is None:
        return None
    if isinstance(out_dir, Path):
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out-dir {out_dir}: {error.strerror}") from error
    else:
        remote.check(out_dir)
    return lambda name: out_dir / f"{Path(name).stem}{suffix}"


def folder(out_dir: str | None, *, local: bool = False) -> Where | None:
    """What `--out-dir` says.

    Raises:
        UsageError: it names an object store, and `local` does not allow for one.
    """
    if out_dir is None:
        return None
    named = remote.place(out_dir)
    if local and isinstance(named, Remote):
        raise UsageError(f"--out-dir {out_dir}: object stores take .h5 files; name a folder")
    return named


def plan(given: Iterable[str], where: Place, product: Place | None = None, again: bool = False) -> Iterator[Item]:
    """The work for each name; a name that comes twice is worked on once.

    Args:
        given: names of videos and `.h5` files.
        where: the `.h5` file of a video.
        product: what is made of a name, where it is not the `.h5` file itself.
        again: a name that comes twice is worked on twice, and none is remembered.

    Raises:
        UsageError: two names would write the same file.
    """
    taken: dict[Where, str] = {}
    stores: set[str] = set()
    for name in given:
        path = remote.place(name)
        if not path.name:
            raise UsageError(f"{name!r} cannot name a file")
        if isinstance(path, Remote) and (kind := name.partition("://")[0]) not in stores:
            stores.add(kind)
            remote.check(path)
        file = path if is_store(path) else where(name)
        item = Item(name, None if is_store(path) else path, file, file if product is None else product(name))
        if again:
            yield item
            continue
        written = {item.file.absolute(), item.out.absolute()}
        before = next((taken[one] for one in written if one in taken), None)
        if before is None:
            taken.update(dict.fromkeys(written, name))
            yield item
        elif remote.place(before).absolute() != path.absolute():
            raise UsageError(f"{before} and {name} would both write {item.out}")
