"""`tfq index`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tfq.cli import inputs, output
from tfq.cli.options import Inputs, Messages, of_kinds, takes
from tfq.config import IndexConfig
from tfq.errors import UsageError

DEFAULT = IndexConfig()


@dataclass(frozen=True)
class Indexed(Messages, Inputs):
    """What `index` takes."""


@takes(Indexed)
def index(
    indexed: Indexed,
    *,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The index to write.")],
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="Ratings: a column `file`, and any of the dimensions, speaker, group, kind, method, language.",
        ),
    ] = None,
    validation: Annotated[
        int, typer.Option(min=1, max=98, metavar="PERCENT", help="Part of the speakers kept for validation.")
    ] = DEFAULT.validation,
    test: Annotated[
        int, typer.Option(min=1, max=98, metavar="PERCENT", help="Part of the speakers kept for the final test.")
    ] = DEFAULT.test,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another split.")] = DEFAULT.seed,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out clips with a face in less of their frames.")
    ] = DEFAULT.min_coverage,
    min_duration: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Leave out shorter clips.")
    ] = DEFAULT.min_duration_s,
) -> None:
    """Gather many .h5 files and their ratings into one data set, split by speaker.

    The files must have been through `tfq features`. Prints the path of the index, JSON lines:

        tfq index --table ratings.csv -o data.jsonl clips/*.h5
        find . -name '*.h5' -print0 | tfq index -0 -o data.jsonl
    """
    from tfq.stages.index import index as stage

    if validation + test >= 100:
        raise UsageError("--validation and --test leave nothing to train on")
    paths = [Path(name) for name in inputs.all_names(indexed)]
    header = stage(paths, out, IndexConfig(validation, test, seed, min_coverage, min_duration), table)
    output.note(
        f"{header['files']} files: {_counts(header['split'])}; left out: {_counts(header['dropped']) or 'none'}"
    )
    output.data(str(out))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
