"""`tfq`: the commands in the order of the road, then those that help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.main import get_command

from tfq.cli import interrupt, options, output, settings
from tfq.cli.align import align
from tfq.cli.audio import audio
from tfq.cli.config import config
from tfq.cli.degrade import degrade
from tfq.cli.detect import detect
from tfq.cli.extract import extract
from tfq.cli.features import features
from tfq.cli.help import ARGUMENTS, Command, Group, summary
from tfq.cli.index import index
from tfq.cli.models import app as models
from tfq.cli.report import report
from tfq.cli.score import score
from tfq.cli.show import show
from tfq.cli.sync import sync
from tfq.cli.train import train
from tfq.errors import UsageError

COMMANDS: tuple[Callable[..., None], ...] = (
    extract,
    detect,
    align,
    audio,
    sync,
    features,
    index,
    train,
    score,
    report,
    show,
    degrade,
    config,
)


class Commands(Group):
    """The group of all commands, whose every way out is a status of the contract."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with output.guarded():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with output.guarded():
            return super().invoke(ctx)


app = typer.Typer(
    name="tfq",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        from tfq.cli import version

        verbose = {"-v", "--verbose"} & set(ctx.meta[ARGUMENTS])
        output.data(version.long(settings.find(Path.cwd())) if verbose else version.short())
        raise typer.Exit


def tfq(
    ctx: typer.Context,
    *,
    configuration: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            envvar="TFQ_CONFIG",
            show_default="tfq.toml or pyproject.toml here or above",
            help="Read options from FILE; /dev/null: from none.",
        ),
    ] = None,
    _lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option("--lang", show_default="TFQ_LANG, or the locale", help="Language of help, tables and pages."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --version: show all that a bug report needs.")
    ] = False,
) -> None:
    """Judge talking-face videos the way a viewer would, one dimension at a time, and say where and why they are weak.

    Every command reads and writes one .h5 file a video, and runs the stages before it where they have not run:

        tfq score --demo
        tfq score clip.mp4
        tfq extract clip.mp4 | tfq detect | tfq align | tfq audio | tfq sync | tfq features | tfq score
    """
    if verbose:
        raise UsageError("--verbose goes after the command, as in `tfq score --verbose CLIP`, or with --version")
    path = settings.find(Path.cwd()) if configuration is None else configuration
    ctx.meta["tfq.file"] = path
    if path is not None:
        ctx.default_map = settings.read(path, ctx.command, ctx)


app.callback(help=options.help_of(tfq))(tfq)
for command in COMMANDS:
    about = options.help_of(command)
    app.command(command.__name__, cls=Command, help=about, short_help=summary(about))(command)
app.add_typer(models, name="models")


def main() -> None:
    """The entry point of the package."""
    interrupt.insist()
    get_command(app)(prog_name="tfq")
