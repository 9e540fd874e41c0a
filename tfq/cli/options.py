"""Options that several commands share, each declared once, and the decorator that hands them to a command.

A command takes one of the frozen records below as its first parameter and its own options after it; `takes` spreads the
record's fields over the command's signature, where Typer finds them.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from tfq.cli import output
from tfq.config import DecodingLimits
from tfq.errors import UsageError

DECODING = DecodingLimits()

VIDEO_KINDS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".gif")


def of_kinds(*kinds: str) -> Callable[[str], Iterator[str]]:
    """Tab completion of files by their ending.

    Gives nothing where a folder could be meant or a name needs quoting: the shell then completes files by itself, which
    it does better.
    """

    def complete(incomplete: str) -> Iterator[str]:
        start = incomplete.rpartition("/")[2]
        prefix = incomplete.removesuffix(start)
        try:
            found = [path for path in Path(prefix or ".").iterdir() if path.name.startswith(start)]
        except OSError:
            return
        shown = [path for path in found if start or not path.name.startswith(".")]
        if any(path.is_dir() or not re.fullmatch(r"[\w.,+@-]+", path.name) for path in shown):
            return
        yield from sorted(prefix + path.name for path in shown if path.name.lower().endswith(kinds))

    return complete


def of_names(known: Iterable[str], incomplete: str, end: str = "") -> Iterator[str]:
    """Tab completion of names between commas, each followed by `end`; those given already are not offered again."""
    before, comma, start = incomplete.rpartition(",")
    given = {one.partition("=")[0] for one in before.split(",")}
    for name in known:
        if name.startswith(start) and name not in given:
            yield f"{before}{comma}{name}{end}"


@dataclass(frozen=True)
class Messages:
    """What goes to standard error."""

    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes, only errors.")] = False
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, show_default=False, metavar="", help="Tell each step; twice: everything."
        ),
    ] = 0
    log_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write everything that was told to FILE as well.")
    ] = None


@dataclass(frozen=True)
class Machine:
    """Where weights come from and how many threads run."""

    models: Annotated[
        Path | None,
        typer.Option("--models", metavar="DIR", envvar="TFQ_MODELS", help="Look for weights in DIR first."),
    ] = None
    offline: Annotated[bool, typer.Option("--offline", help="Never fetch weights from the network.")] = False
    threads: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", show_default="all processors", help="Threads for all jobs together."),
    ] = None


@dataclass(frozen=True)
class Inputs:
    """Which files to work on."""

    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            autocompletion=of_kinds(".h5", *VIDEO_KINDS),
            help="Videos or .h5 files; - or a pipe: names from standard input, one a line.",
        ),
    ] = None
    files_from: Annotated[Path | None, typer.Option(metavar="LIST", help="Read the names from LIST, one a line.")] = (
        None
    )
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Names that are read end with NUL, as from `find -print0`.")
    ] = False


@dataclass(frozen=True)
class Limits:
    """What a video may ask for before it is refused."""

    max_pixels: Annotated[
        int, typer.Option(min=1, metavar="N", help="Refuse videos whose pictures have more pixels.")
    ] = DECODING.pixels
    max_streams: Annotated[int, typer.Option(min=1, metavar="N", help="Refuse videos with more streams.")] = (
        DECODING.streams
    )
    max_memory: Annotated[
        int, typer.Option(min=512, metavar="MB", help="Refuse videos that need more memory to decode.")
    ] = DECODING.memory_mb
    decode_timeout: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="Refuse videos of which one packet takes longer to decode.")
    ] = DECODING.silence_s


@dataclass(frozen=True)
class Loop(Messages, Limits, Machine, Inputs):
    """All that a command working on one file after another takes."""

    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Name of the .h5 file made of one video.")
    ] = None
    out_dir: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL",
            help="Put the .h5 files made of videos there, not beside the videos; s3://, gs://, hf:// and others work.",
        ),
    ] = None
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Files worked on at once.")] = 1
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", show_default="all", help="Work on every N-th name from the I-th on: 1/8 to 8/8."),
    ] = None
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray", metavar="auto|HOST:PORT", show_default="this machine", help="Spread the files over a Ray cluster."
        ),
    ] = None
    ray_cpus: Annotated[
        int, typer.Option("--ray-cpus", min=1, metavar="N", help="Processors, and threads, of each worker of Ray.")
    ] = 1
    ray_gpus: Annotated[
        float,
        typer.Option(
            "--ray-gpus", min=0, metavar="SHARE", help="Share of a GPU for each worker of Ray that runs networks."
        ),
    ] = 0.0
    ray_retries: Annotated[
        int,
        typer.Option("--ray-retries", min=0, metavar="N", help="How often a file is tried again that lost its worker."),
    ] = 3
    follow: Annotated[
        bool, typer.Option("--follow", help="Names keep arriving: one that comes again is worked on again.")
    ] = False
    force: Annotated[bool, typer.Option("--force", "-f", help="Run this stage again even where it is up to date.")] = (
        False
    )
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a file that another process holds.")] = False
    print0: Annotated[
        bool, typer.Option("--print0", help="End each printed path with NUL, for `--null` and `xargs -0`.")
    ] = False


Shared = TypeVar("Shared", bound=Messages)


def named(given: list[str] | None) -> tuple[str, ...]:
    """The names of an option that may be given again, and holds several between commas."""
    return tuple(name.strip() for several in given or () for name in several.split(",") if name.strip())


def takes(record: type[Shared]) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Give a command the options of a record, which it receives filled as its first parameter.

    The command returns its exit status, None standing for 0. A UsageError is shown as Typer shows its own.
    """

    def decorate(command: Callable[..., int | None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(ctx: typer.Context, **given: Any) -> None:
            shared = record(**{field.name: given.pop(field.name) for field in fields(record)})
            with output.configured(shared.quiet, shared.verbose, shared.log_file):
                try:
                    status = command(shared, **given)
                except UsageError as error:
                    ctx.fail(str(error))
            raise typer.Exit(status or 0)

        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        run.__signature__ = inspect.Signature([context, *_merged(command, record)])  # type: ignore[attr-defined]
        return run

    return decorate


def _merged(command: Callable[..., Any], record: type[Messages]) -> list[inspect.Parameter]:
    """Parameters as help shows them: the files, the command's own options, the shared ones."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    hints = get_type_hints(record, include_extras=True)
    shared = [_parameter(field.name, hints[field.name], field.default) for field in fields(record)]
    files = [parameter for parameter in shared if parameter.name == "files"]
    rest = [parameter for parameter in shared if parameter.name != "files"]
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    return [*files, *named, *rest]


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=empty if default is MISSING else default
    )


def help_of(command: Callable[..., Any]) -> str:
    """A command's docstring, with every indented block marked so that help keeps its lines as they are."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(f"\b\n{block}" if block.startswith("    ") else block for block in paragraphs)
