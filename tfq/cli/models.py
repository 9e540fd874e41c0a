"""`tfq models`: the weights that tfq fetches."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tfq.cli import output
from tfq.cli.help import Command, Group
from tfq.cli.options import Messages, help_of, takes
from tfq.errors import WeightsError


@dataclass(frozen=True)
class Held(Messages):
    """Where weights may lie already."""

    models: Annotated[
        Path | None,
        typer.Option("--models", metavar="DIR", envvar="TFQ_MODELS", help="Look for weights in DIR first."),
    ] = None


def _complete(incomplete: str) -> list[str]:
    from tfq.models.registry import WEIGHTS

    return [name for name in WEIGHTS if name.startswith(incomplete)]


Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", show_default=False, autocompletion=_complete, help="Models.")
]


@takes(Held)
def show(
    held: Held,
    licences: Annotated[bool, typer.Option("--licences", help="Show licences and where each file comes from.")] = False,
) -> None:
    r"""List the models: which are on this machine, how large they are, whose terms they carry.

    A table on a terminal, tab-separated values with a header line elsewhere:

        tfq models list
        tfq models list | awk -F'\t' '$2 == "missing"'
    """
    from tfq.models.listing import licence_rows, state_rows

    _table(licence_rows() if licences else state_rows(held.models))


@takes(Held)
def fetch(
    held: Held,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Fetch every model that can be fetched.")] = False,
) -> int:
    """Fetch models into the cache, so that tfq can work without a network; print their files.

    Without names: those that `tfq score` needs. A wrong file in the cache is replaced.

        tfq models fetch
        tfq models fetch whisper-base syncnet
    """
    from tfq.models.registry import WEIGHTS, weight
    from tfq.models.weights import fetch as fetching

    default = [name for name, row in WEIGHTS.items() if every or row.default]
    failed = 0
    for name in [weight(name).name for name in names or default]:
        try:
            for path in fetching([name], held.models):
                output.data(str(path))
        except WeightsError as error:
            failed = error.exit_status
            output.log.error("%s", error)
    return failed


@takes(Held)
def verify(held: Held, names: Names = None) -> int:
    """Read model files and compare their SHA-256 with the expected one; status 6 if one is wrong or missing.

    Without names: every model on this machine, where missing ones do not count.

        tfq models verify
        tfq models verify scrfd face_landmarker
    """
    from tfq.models.registry import WEIGHTS
    from tfq.models.weights import State
    from tfq.models.weights import verify as state_of

    states = {name: state_of(name, held.models) for name in names or WEIGHTS}
    for name, state in states.items():
        if names or state is not State.MISSING:
            output.data(f"{name}\t{state}")
    bad = {State.WRONG, State.MISSING} if names else {State.WRONG}
    return WeightsError.exit_status if bad & set(states.values()) else 0


@takes(Held)
def where(held: Held, names: Names = None) -> int:
    """Print where model files lie; status 6 if one is missing.

    Without names: the folder of the cache.

        tfq models where
        tfq models where scrfd
    """
    from tfq.models import weights

    if not names:
        output.data(str(weights.cache()))
        return 0
    found = {name: weights.where(name, held.models) for name in names}
    for name, path in found.items():
        if path is None:
            output.log.error("%s: not on this machine; run `tfq models fetch %s`", name, name)
        else:
            output.data(str(path))
    return WeightsError.exit_status if None in found.values() else 0


app = typer.Typer(
    cls=Group, no_args_is_help=True, rich_markup_mode=None, help="List, fetch and check the weights that tfq uses."
)
for _name, _command in {"list": show, "fetch": fetch, "verify": verify, "where": where}.items():
    app.command(_name, cls=Command, help=help_of(_command))(_command)


def _table(rows: list[tuple[str, ...]]) -> None:
    """A first row of titles and the rows under it."""
    if not output.on_terminal(sys.stdout):
        output.document("".join("\t".join(row) + "\n" for row in rows))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], box=SIMPLE_HEAD)
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)
