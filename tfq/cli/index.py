"""`tfq index`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfq.cli import inputs, output
from tfq.cli.options import Inputs, Messages, of_kinds, takes
from tfq.config import IndexConfig
from tfq.errors import InputError, UsageError
from tfq.report.words import printable

if TYPE_CHECKING:
    from tfq.stages.index_rows import Reader

log = logging.getLogger("tfq")

DEFAULT = IndexConfig()
SHOWN = 20  # sentences about a damaged index; the rest is counted


@dataclass(frozen=True)
class Indexed(Messages, Inputs):
    """What `index` takes."""


@takes(Indexed)
def index(
    indexed: Indexed,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The index to write: .jsonl, .csv or .parquet."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="Labels: a column `file`, and any of the dimensions, speaker, group, kind, method, language.",
        ),
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="Ratings, a row each: rater, file, dimension, score; of marks start_s, end_s, frame, box, text.",
        ),
    ] = None,
    order: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            autocompletion=of_kinds(".csv"),
            help="Clips known to be better or worse than others: group, file, and numbers in any of the dimensions.",
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|TOML",
            autocompletion=of_kinds(".toml"),
            help="The named folder is a published set: emotiontalk, thqa-ntire, or as a TOML file says.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Validate the named index, its files and their values; write nothing.")
    ] = False,
    validation: Annotated[
        int, typer.Option(min=1, max=98, metavar="PERCENT", help="Part of the clips kept for validation.")
    ] = DEFAULT.validation,
    test: Annotated[
        int, typer.Option(min=1, max=98, metavar="PERCENT", help="Part of the clips kept for the final test.")
    ] = DEFAULT.test,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another split.")] = DEFAULT.seed,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out clips with a face in less of their frames.")
    ] = DEFAULT.min_coverage,
    min_duration: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Leave out shorter clips.")
    ] = DEFAULT.min_duration_s,
    max_people: Annotated[
        int, typer.Option(min=1, help="Leave out clips with more faces in half of their frames.")
    ] = DEFAULT.max_people,
    min_confidence: Annotated[
        float, typer.Option(min=0, help="Leave out unlabelled recordings with less sync confidence.")
    ] = DEFAULT.min_confidence,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Files read at once.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray", metavar="auto|HOST:PORT", show_default="this machine", help="Read the files on a Ray cluster."
        ),
    ] = None,
) -> int:
    """Gather many .h5 files and their ratings into one data set, split by speaker.

    The files must have been through `tfq features`. Files that have not changed since an index of this name was written
    are not read again, and stay in their part. Prints the path of the index:

        tfq index --ratings ratings.csv -o data.jsonl clips/*.h5
        find . -name '*.h5' -print0 | tfq index -0 -o data.parquet
        tfq index --layout thqa-ntire -o thqa.jsonl THQA-NTIRE/
        tfq index --check data.jsonl
    """
    if check:
        return _check(indexed, jobs)
    if out is None:
        raise UsageError("name the index to write with -o")
    if validation + test >= 100:
        raise UsageError("--validation and --test leave nothing to train on")
    from tfq.stages.index import Said
    from tfq.stages.index import index as stage

    paths = [Path(name) for name in inputs.all_names(indexed)]
    described = None
    if layout is not None:
        from tfq.stages.layouts import read

        folder, *more = paths
        described = read(layout, folder)
        paths = more or described.files()
    config = IndexConfig(validation, test, seed, min_coverage, min_duration, max_people, min_confidence)
    header = stage(
        paths, out, config, said=Said(described, table, ratings, order), reader=_reader(jobs, ray), tell=output.note
    )
    output.note(
        f"{header['files']} files: {_counts(header['split'])}; left out: {_counts(header['dropped']) or 'none'}; "
        f"labels: {_counts(header['labels']) or 'none'}"
    )
    output.data(str(out))
    return 0


def _reader(jobs: int, ray: str | None) -> Reader:
    if ray is None:
        from tfq.stages import index_rows

        return functools.partial(index_rows.read, jobs=jobs)
    from tfq.cli import cluster

    return functools.partial(cluster.read_rows, address=ray)


def _check(indexed: Indexed, jobs: int) -> int:
    from tfq.stages.index_check import check

    status = 0
    for name in inputs.all_names(indexed):
        found = check(Path(name), jobs)
        for sentence in found[:SHOWN]:
            log.error("%s", printable(sentence))
        if found:
            more = f", {len(found) - SHOWN} more not shown" if len(found) > SHOWN else ""
            log.error("%s", printable(f"{name}: damaged{more}"))
            status = InputError.exit_status
        else:
            output.data(name)
    return status


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
