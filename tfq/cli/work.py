"""What happens to one file, in this process or in a worker."""

from __future__ import annotations

import contextlib
import datetime
import functools
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfq import disk
from tfq.cli import output
from tfq.cli.inputs import Item, beside
from tfq.config import DecodingLimits, Settings
from tfq.errors import IndeterminateError, InputError, TfqError, UsageError, meant
from tfq.remote import Remote, Where
from tfq.report.words import printable

if TYPE_CHECKING:
    from tfq.models.runtime import Models
    from tfq.store import TfqFile

Progress = Callable[[str], None]

MOST_NAMES = 2000  # of a folder that are compared with a name that is not there


@dataclass(frozen=True)
class Task:
    """What to do with every file; the same for all, and small enough to send to a worker.

    `after` is given the file once it is up to date, and what it returns comes back in `Done.result`. Where `keep` is
    False, what is made of a video is thrown away. `recorded`: the target keeps the parameters it was last run with,
    save for these. `indeterminate` is the status of a file in which there is nothing to judge. `gpu`: networks run on
    the GPU that this process was given.
    """

    target: str
    settings: Settings
    force: bool = False
    wait: bool = False
    keep: bool = True
    recorded: Mapping[str, Any] | None = None
    indeterminate: int = IndeterminateError.exit_status
    models: Path | None = None
    offline: bool = False
    threads: int = 1
    gpu: bool = False
    after: Callable[[TfqFile, Item], Any] | None = None
    limits: DecodingLimits = field(default_factory=DecodingLimits)


@dataclass(frozen=True)
class Done:
    """How it went: the status the file would give alone, and a sentence where something is to be told.

    `finished`: the file holds the stage that was asked for, even if there was nothing to judge in it.
    """

    item: Item
    status: int = 0
    message: str = ""
    result: Any = None
    finished: bool = False


def do(item: Item, task: Task, progress: Progress = lambda _: None) -> Done:
    """Work on one file; whatever goes wrong is told in the answer, save for Ctrl-C."""
    try:
        return _do(item, task, progress)
    except TfqError as error:
        message = output.sentence(error, item.name, str(item.file))
        if error.exit_status == TfqError.exit_status:
            message = _told(item, output.defect(error))
        return Done(item, error.exit_status, message)
    except Exception as error:
        if (refused := output.refusal(error)) is not None:
            return Done(item, InputError.exit_status, _told(item, refused))
        return Done(item, TfqError.exit_status, _told(item, output.defect(error)))


def _told(item: Item, what: str) -> str:
    return f"{printable(item.name)}: {what}"


def _do(item: Item, task: Task, progress: Progress) -> Done:
    from tfq.media import guarded

    named = item.source or item.file
    if isinstance(named, Path):
        _must_be_file(named, item.name)
    guarded.limit(task.limits)
    if item.source is not None and not any(_is_made(place) for place in (item.file, beside(item.name))):
        guarded.ready()
    from tfq.report.words import reason
    from tfq.stages import notes, pipeline
    from tfq.store import TfqFile

    with (
        _workplace(item, task) as (path, source),
        TfqFile(path, wait=task.wait, durable=task.keep or item.source is None) as file,
    ):
        models = models_of(task.models, task.offline, task.threads, task.gpu)
        ran: list[str] = []

        def begun(stage: str) -> None:
            ran.append(stage)
            progress(stage)

        pipeline.walk(
            file,
            task.target,
            task.settings,
            models,
            source=source,
            force=task.force,
            recorded=task.recorded,
            progress=begun,
        )
        told = notes.of(file, ran)
        status = file.status(task.target)
        result = None if task.after is None else task.after(file, item)
    if status == "ok":
        return Done(item, message=told and _told(item, told), result=result, finished=True)
    return Done(item, task.indeterminate, _told(item, reason(status)), result, finished=True)


def _is_made(place: Where) -> bool:
    return isinstance(place, Path) and place.suffix == ".h5" and place.exists()


def _near(path: Path) -> str:
    """A name in the same folder that may have been meant."""
    try:
        names = [one.name for one in itertools.islice(path.parent.iterdir(), MOST_NAMES)]
    except OSError:
        return ""
    return meant(path.name, sorted(names))


def _must_be_file(path: Path, name: str) -> None:
    if path.is_dir():
        raise InputError(f"{name}: a folder; name the files in it")
    if not path.exists():
        raise InputError(f"{name}: no such file{_near(path)}")
    if not path.is_file():  # reading a pipe or a device might never end
        raise InputError(f"{name}: a pipe or a device, not a file")


@contextlib.contextmanager
def _workplace(item: Item, task: Task) -> Iterator[tuple[Path, Path | None]]:
    """The `.h5` file to work in, in its own place or in a folder that goes away again, and the video if it is needed."""
    kept = task.keep or item.source is None
    if kept and isinstance(item.file, Path) and not isinstance(item.source, Remote):
        yield item.file, item.source
        return
    with disk.folder() as folder:
        path = item.file if kept and isinstance(item.file, Path) else folder / f"{_stem(item)}.h5"
        if isinstance(item.file, Remote) and kept and (item.source is None or item.file.exists()):
            item.file.fetch(path)
        source = item.source
        if isinstance(source, Remote):
            if task.settings.extract.source == "link" and task.target == "extract":
                raise UsageError(f"{item.name}: a video in an object store cannot be linked")
            source = None if path.exists() and _is_of(path, source) else _fetched(source, folder)
        elif not kept and _matches(beside(item.name), source):
            shutil.copyfile(str(beside(item.name)), path)
        before = _version(path)
        with _called({str(source): item.name, str(path): str(item.file)}):
            yield path, source
        if kept and isinstance(item.file, Remote) and _version(path) != before:
            item.file.publish(path)


@contextlib.contextmanager
def _called(names: Mapping[str, str]) -> Iterator[None]:
    """Messages call files what the user called them."""
    try:
        yield
    except TfqError as error:
        text = str(error)
        for here, name in names.items():
            text = text.replace(here, name)
        raise type(error)(text) from error


def _stem(item: Item) -> str:
    return (item.file if item.source is None else item.source).stem


def _fetched(video: Remote, folder: Path) -> Path:
    video.fetch(folder / video.name)
    return folder / video.name


def _version(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file is replaced."""
    with contextlib.suppress(FileNotFoundError):
        now = path.stat()
        return now.st_ino, now.st_mtime_ns
    return None


def _is_of(made: Path, video: Remote) -> bool:
    """Whether a `.h5` file holds a video of this size that has not changed since: it need not be fetched again."""
    from tfq.store import TfqFile

    size, changed = video.facts()
    with TfqFile(made, read_only=True) as file:
        same = file.attrs.get("source_size") == size and file.has("extract/source")
        return same and 0 < changed < _created(str(file.attrs["created"]))


def _created(said: str) -> float:
    return datetime.datetime.fromisoformat(said).timestamp()


def _matches(made: Where, source: Path | None) -> bool:
    """Whether a `.h5` file was made of exactly this video."""
    from tfq.media.facts import sha256
    from tfq.store import TfqFile

    if source is None or not isinstance(made, Path) or not made.is_file():
        return False
    try:
        with TfqFile(made, read_only=True) as file:
            return file.attrs.get("source_sha256") == sha256(source)
    except TfqError:
        return False


@functools.cache
def models_of(folder: Path | None, offline: bool, threads: int | None, gpu: bool = False) -> Models:
    """The networks of this process, loaded once for all its files."""
    from tfq.models.runtime import Models

    return Models(folder, threads=threads, offline=offline, gpu=gpu)


def limit_threads(count: int) -> None:
    """Hold back the libraries that ask the environment when they are first imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, str(count))
