"""`tfq show`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tfq.cli import inputs, output, run
from tfq.cli.options import Inputs, Messages, takes
from tfq.errors import TfqError
from tfq.report.words import printable


@dataclass(frozen=True)
class Shown(Messages, Inputs):
    """What `show` takes."""


@takes(Shown)
def show(
    shown: Shown,
    *,
    form: Annotated[
        Literal["tree", "json"], typer.Option("--format", help="How it is printed; json: one line a file.")
    ] = "tree",
    strip: Annotated[
        bool, typer.Option("--strip", help="Take all pictures out of the file, keep the numbers; prints its path.")
    ] = False,
) -> int:
    """Show what is in a .h5 file: groups, what made them, and the shape of every dataset.

    Reads only, unless --strip takes the pictures out, and needs no weights:

        tfq show clip.h5
        tfq show --strip clip.h5
        tfq show --format json clip.h5 | jq .groups.detect.info
    """
    statuses = []
    for name in inputs.all_names(shown):
        try:
            text = _stripped(Path(name)) if strip else _described(Path(name), form)
        except TfqError as error:
            output.log.error("%s", output.sentence(error, name))
            statuses.append(error.exit_status)
            continue
        statuses.append(0)
        output.document(text)
    return run.status_of(statuses)


def _stripped(path: Path) -> str:
    from tfq.stages.show import strip

    strip(path)
    return f"{path}\n"


def _described(path: Path, form: str) -> str:
    from tfq.stages.show import contents
    from tfq.store import TfqFile

    with TfqFile(path, read_only=True) as file:
        found = contents(file)
    return json.dumps(found, ensure_ascii=False) + "\n" if form == "json" else "\n".join(_tree(found)) + "\n"


def _tree(found: Mapping[str, Any]) -> Iterator[str]:
    attributes = found["attributes"]
    yield printable(found["file"])
    yield printable("  {source_name}, {generated_by}, {created}".format_map({"source_name": "", **attributes}))
    for name, group in found["groups"].items():
        stamp = group["stamp"]
        yield f"  {name}/  {group['status']}" + (
            "" if stamp is None else f"  {stamp['digest'][:12]}  version {stamp['version']}"
        )
        if stamp is not None and stamp["parameters"]:
            yield "    " + printable(" ".join(f"{key}={value}" for key, value in stamp["parameters"].items()))
        yield from _members(group, "    ")


def _members(group: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in group["info"].items():
        yield f"{indent}{name} = {_short(value)}"
    for name, dataset in group["datasets"].items():
        shape = "×".join(str(size) for size in dataset["shape"])
        unit = f" {dataset['unit']}" if dataset["unit"] else ""
        yield f"{indent}{name}  {shape} {dataset['dtype']}{unit}"
    for name, inner in group["groups"].items():
        yield f"{indent}{name}/  {inner['status']}"
        yield from _members(inner, indent + "  ")


def _short(value: Any, most: int = 100) -> str:
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= most else f"{text[: most - 1]}…"
