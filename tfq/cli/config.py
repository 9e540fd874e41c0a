"""`tfq config`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tfq.cli import output
from tfq.cli.settings import options_of
from tfq.errors import UsageError, meant

FROM = {"ENVIRONMENT": "environment", "DEFAULT_MAP": "file", "DEFAULT": "default"}


def config(
    ctx: typer.Context,
    *,
    command: Annotated[
        str | None, typer.Argument(metavar="COMMAND", show_default=False, help="Only what is set for COMMAND.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show defaults as well.")] = False,
) -> None:
    """Show which options are set for every command, and by what.

    A flag goes before the environment, that before a file, that before defaults. The file is tfq.toml, or [tool.tfq] of
    pyproject.toml, in this folder or above it up to the root of its repository; --config and TFQ_CONFIG name another.
    The variable of `tfq score --max-drop` is TFQ_SCORE_MAX_DROP. What is printed is TOML again:

        tfq config
        tfq config --all score
        TFQ_SCORE_MAX_DROP=0.3 tfq config score
    """
    root = ctx.parent
    if root is None:
        raise UsageError("tfq config shows what is set for the commands of tfq")
    members = {name: member for name, member in root.command.commands.items() if name != "config"}  # type: ignore[attr-defined]
    if command is not None and command not in members:
        raise UsageError(f"there is no command {command}; there are {', '.join(members)}{meant(command, members)}")
    lines = [f"# {root.meta['tfq.file'] or 'no file'}; flag > environment > file > default"]
    for name, member in members.items():
        if command in (None, name):
            lines += _tables(name, member, root, everything)
    output.document("\n".join(lines) + "\n")


def _tables(name: str, command: Any, parent: Any, everything: bool, prefix: str = "") -> Iterator[str]:
    ctx = command.make_context(name, [], parent=parent, resilient_parsing=True)
    rows = [row for key, option in options_of(command).items() if (row := _row(key, option, ctx, everything))]
    if rows:
        yield from ("", f"[{prefix}{name}]", *rows)
    if isinstance(command, TyperGroup):
        for member, inner in command.commands.items():
            yield from _tables(member, inner, ctx, everything, f"{prefix}{name}.")


def _row(key: str, option: Any, ctx: Any, everything: bool) -> str:
    value, source = ctx.params.get(option.name), FROM[ctx.get_parameter_source(option.name).name]
    if source == "default" and not everything:
        return ""
    if value is None or value == []:
        return f"# {key} is not set"
    if source == "environment":
        source = option.envvar
    text = json.dumps(value if isinstance(value, bool | int | float | list) else str(value), ensure_ascii=False)
    return f"{key} = {text}  # {source}"
