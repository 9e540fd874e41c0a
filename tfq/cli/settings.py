"""Options that a file sets: `tfq.toml`, or `[tool.tfq]` of `pyproject.toml`.

The nearest file counts, from the current folder up to the root of its repository, and no further: a stranger's file in
`/tmp` sets nothing. Keys are the long names of options, in a table for each command; those outside any table are for
every command that has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from tfq.errors import UsageError, meant

NAMES = ("tfq.toml", "pyproject.toml")


def find(start: Path) -> Path | None:
    """The file that counts in a folder, or None."""
    root = next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)
    folders = [folder for folder in (start, *start.parents) if folder.is_relative_to(root)]
    paths = (folder / name for folder in folders for name in NAMES)
    return next((path for path in paths if path.is_file() and (path.name == NAMES[0] or _mentions_tfq(path))), None)


def read(path: Path, root: Any, ctx: Any) -> dict[str, Any]:
    """What a file sets, as the nested defaults that a command line takes.

    Args:
        path: the file.
        root: the group of all commands.
        ctx: its context.

    Raises:
        UsageError: the file is no TOML, or a name or a value in it means nothing.
    """
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    if path.name == "pyproject.toml":
        content = content.get("tool", {}).get("tfq", {})
    return _defaults(content, {}, root, ctx, f"{path}: ")


def options_of(command: Any) -> dict[str, Any]:
    """A command's options by their long names without dashes."""
    return {
        option.removeprefix("--"): parameter
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.callback is None
        for option in parameter.opts
        if option.startswith("--")
    }


def name_variables(command: Any, command_path: str) -> None:
    """Give every option that has no environment variable the one of its name: `tfq score --max-drop`, TFQ_SCORE_MAX_DROP."""
    for key, option in options_of(command).items():
        if option.envvar is None:
            option.envvar = f"{command_path} {key}".upper().replace(" ", "_").replace("-", "_")
            option.show_envvar = False  # told once for all, not on each line of help


def _defaults(table: Any, common: Mapping[str, Any], command: Any, ctx: Any, where: str) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}is no table")
    known, members = options_of(command), getattr(command, "commands", {})
    own = {key.replace("_", "-"): value for key, value in table.items() if key not in members}
    everywhere = {**common, **own} if isinstance(command, TyperGroup) else common
    offered = {*known, *members, *(option for member in members.values() for option in _all_options(member))}
    for key in own:
        if key not in offered:
            hint = meant(key, sorted(offered)) or "; `tfq config --all` lists what there is"
            raise UsageError(f"{where}there is no {key}{hint}")
    given = {key: value for key, value in {**common, **own}.items() if key in known}
    found = {known[key].name: _value(known[key], value, ctx, f"{where}{key}: ") for key, value in given.items()}
    for name, member in members.items():
        inside = f"{where}[{name}] "
        found[name] = _defaults(table.get(name, {}), everywhere, member, ctx, inside)
    return found


def _all_options(command: Any) -> Iterator[str]:
    yield from options_of(command)
    for member in getattr(command, "commands", {}).values():
        yield from _all_options(member)


def _value(parameter: Any, value: Any, ctx: Any, where: str) -> Any:
    """A value as the command line takes it; a table `{lip_sync = 3.5}` stands for `lip_sync=3.5`."""
    if parameter.multiple:
        if isinstance(value, Mapping):
            value = [f"{key}={one}" for key, one in value.items()]
        value = [str(one) for one in value] if isinstance(value, list) else [value]
    elif isinstance(value, Mapping | list):
        raise UsageError(f"{where}takes one value")
    try:
        parameter.process_value(ctx, value)
    except typer.BadParameter as error:
        raise UsageError(f"{where}{error.message}") from error
    return value


def _mentions_tfq(path: Path) -> bool:
    try:
        return b"[tool.tfq" in path.read_bytes()
    except OSError:
        return False
