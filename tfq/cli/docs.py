"""Writes `man/` and `completions/` from the commands themselves: `python -m tfq.cli.docs [FOLDER]`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from tfq import errors
from tfq.cli import overview, roff
from tfq.cli.app import app
from tfq.cli.help import rows
from tfq.store import schema

SHELLS = {"bash": "tfq.bash", "zsh": "_tfq", "fish": "tfq.fish"}

DIMS = """T grid frames, R face tracks, K landmarks, B blendshapes, S and L crop sides, N sound samples, P pieces of
speech or of the clip, O offsets, D and C columns, G feature groups, M judged dimensions, Z bytes. Equal letters mean equal
lengths within one group, and T within the whole file."""


def pages() -> dict[str, str]:
    """Every man page by its file name."""
    root: Any = get_command(app)
    made = {f"{name}.1": _page(name, command, ctx) for name, command, ctx in _commands(root, "tfq", None)}
    return {**made, "tfq-format.5": _format_page(), "tfq.7": overview.page(root)}


def completions() -> dict[str, str]:
    """Typer's completion scripts by their file names."""
    scripts = {}
    for shell, file in SHELLS.items():
        ran = CliRunner().invoke(app, env={"_TFQ_COMPLETE": f"source_{shell}"}, prog_name="tfq")
        scripts[file] = ran.stdout.strip() + "\n"
    return scripts


def write(folder: Path) -> None:
    """Write all of it, and remove pages of commands that are gone."""
    for name, content in (("man", pages()), ("completions", completions())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / name).iterdir():
            if path.name not in content:
                path.unlink()
        for file, text in content.items():
            (folder / name / file).write_text(text, encoding="utf-8")


def _commands(command: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every command with the name of its page, groups before their members."""
    ctx = command.context_class(command, info_name=name.rpartition("-")[2], parent=parent, **command.context_settings)
    yield name, command, ctx
    if isinstance(command, TyperGroup):
        for member in command.list_commands(ctx):
            yield from _commands(command.get_command(ctx, member), f"{name}-{member}", ctx)


def _page(name: str, command: Any, ctx: Any) -> str:
    help_text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    summary, *blocks = help_text.split("\n\n")
    first = re.sub(r"\s+", " ", summary).rstrip(".")
    lines = [roff.title(name, 1), ".SH NAME", f"{roff.escaped(name)} \\- {roff.escaped(first)}", ".SH SYNOPSIS"]
    lines += [f".B {roff.escaped(ctx.command_path)}", roff.escaped(" ".join(command.collect_usage_pieces(ctx)))]
    lines += [".SH DESCRIPTION", *roff.paragraphs(blocks or [summary])]
    for title, kind in (("ARGUMENTS", "argument"), ("OPTIONS", "option")):
        if found := rows(command, ctx, kind):
            lines += [f".SH {title}", *roff.terms(found)]
    if isinstance(command, TyperGroup):
        members = [(f"{name}-{m}(1)", c.get_short_help_str(200)) for m, c in command.commands.items()]
        lines += [".SH COMMANDS", *roff.terms(members)]
    lines += _overview() if ctx.parent is None else [".SH EXIT STATUS", "As told in", ".BR tfq (1)."]
    return "\n".join([*lines, *_see_also(name, ctx)]) + "\n"


def _overview() -> list[str]:
    """What only tfq(1) tells: statuses, environment, files."""
    statuses = [("0", "Done, and every gate passed.")]
    classes: list[type[errors.TfqError]] = [errors.TfqError, *errors.TfqError.__subclasses__()]
    statuses += [(str(c.exit_status), _first(c.__doc__)) for c in sorted(classes, key=lambda c: c.exit_status)]
    statuses += [(str(errors.INTERRUPTED), "Interrupted."), (str(errors.CLOSED_PIPE), "The reader closed the pipe.")]
    environment = [
        ("TFQ_MODELS", "A folder in which weights are looked for first, as with `--models`."),
        ("TFQ_CONFIG", "The file that options are read from, as with `--config`."),
        ("TFQ_COMMAND_OPTION", "Any option of a command, as in TFQ_SCORE_MAX_DROP; `tfq config` shows what is set."),
        ("NO_COLOR", "Where it is set, tables carry no colours."),
        ("TFQ_LANG", "en or zh: the language of help, tables, reasons and pages, as with `--lang`."),
        (
            "LC_ALL, LC_MESSAGES, LANG",
            "The same where TFQ_LANG is not set: Chinese for any Chinese locale, else English.",
        ),
        ("GITHUB_STEP_SUMMARY", "The file to which tfq\\-score(1) appends its results as Markdown."),
    ]
    files = [
        ("tfq.toml", "Options by command, in the current folder or above it up to the root of its repository."),
        ("pyproject.toml", "The same under [tool.tfq], where there is no tfq.toml."),
    ]
    return [
        ".SH EXIT STATUS",
        "One file gives its own status. Of several, all share one or the status is 5.",
        *roff.terms(statuses),
        ".SH ENVIRONMENT",
        *roff.terms(environment),
        ".SH FILES",
        *roff.terms(files),
        ".SH STANDARD STREAMS",
        "Standard output carries the path of each finished file, or what \\-\\-format asked for, and nothing else.",
        "Everything else goes to standard error.",
    ]


def _see_also(name: str, ctx: Any) -> list[str]:
    up = [] if ctx.parent is None else [name.rpartition("-")[0]]
    return [".SH SEE ALSO", *(f".BR {roff.escaped(page)} (1)," for page in up), ".BR tfq\\-format (5),", ".BR tfq (7)"]


def _format_page() -> str:
    lines = [
        roff.title("tfq-format", 5),
        ".SH NAME",
        "tfq\\-format \\- the HDF5 file that tfq keeps of each video",
        ".SH DESCRIPTION",
        f"Format version {schema.FORMAT_VERSION}. Every stage owns one group of its own name and replaces it whole.",
        "Each time series has its first dimension on a grid of 25 frames a second; NaN: there is nothing.",
        "Links out of the file, pickles and foreign types are refused, and so are files of a newer version.",
        ".PP",
        roff.escaped(f"Dimensions: {' '.join(DIMS.split())}"),
        ".SH ATTRIBUTES",
        *roff.terms([(f"{row.path} ({row.kind})", row.about) for row in schema.ATTRIBUTES]),
    ]
    for group in schema.groups():
        lines += [f".SH {roff.escaped(group.upper())}", f"Written by tfq\\-{roff.escaped(group)}(1)."]
        found = [row for row in schema.DATASETS if row.group == group]
        lines += roff.terms(
            [(f"{row.path} [{', '.join(map(str, row.dims))}] {row.dtype} {row.unit}", row.about) for row in found]
        )
    return "\n".join([*lines, ".SH SEE ALSO", ".BR tfq (1),", ".BR tfq\\-show (1)"]) + "\n"


def _first(docstring: str | None) -> str:
    """The first sentence of a docstring, up to its first colon."""
    return re.split(r"(?<=\.)\s|:", inspect.cleandoc(docstring or ""))[0].rstrip(".") + "."


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
