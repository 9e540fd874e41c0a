"""`tfq features`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import typer

from tfq.cli import output, run
from tfq.cli.options import Loop, named, of_names, takes
from tfq.config import FeaturesConfig, OpenFaceConfig, Settings
from tfq.errors import UsageError, meant

DEFAULT = FeaturesConfig()


def _names(incomplete: str) -> Iterator[str]:
    """Tab completion of names between commas."""
    from tfq.features import MEASUREMENTS

    return of_names(MEASUREMENTS, incomplete)


@takes(Loop)
def features(
    loop: Loop,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", show_default="all", autocompletion=_names, help="Compute these groups alone."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", show_default="none", autocompletion=_names, help="Leave these groups out."),
    ] = None,
    dnsmos_hop: Annotated[
        int,
        typer.Option(min=1, max=9, metavar="SECONDS", help="From one window of DNSMOS to the next; 1: its authors'."),
    ] = DEFAULT.dnsmos_hop_s,
    precision: Annotated[
        Literal["fp32", "bf16", "int8"],
        typer.Option(help="Of deep networks. What it costs in likeness to fp32 is noted in each group."),
    ] = "fp32",
    calibrate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE.h5,...",
            show_default="the demo clip",
            help="Calibrate int8 on the crops and the sound of these aligned files.",
        ),
    ] = None,
    openface: Annotated[
        str,
        typer.Option(
            metavar="FILE.csv",
            show_default="OpenFace's own program where it is on the path",
            help="Take action units from what OpenFace wrote: a table, a folder of them by clip, or none.",
        ),
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the groups and their columns; work on no file.")] = False,
) -> int:
    """Compute the measurements that scores are made from, one named group each.

    Runs the stages before it where they have not run. `tfq show` lists the groups a file holds:

        find . -name '*.mp4' -print0 | xargs -0 -n 8 -P 2 tfq features
        tfq features --files-from list.txt --jobs 2
        tfq features --files-from list.txt --ray auto --out-dir s3://bucket/features
        tfq features --list --only lips,dnsmos
        tfq features --only whisper,efficientnet_face --precision int8 clip.h5
    """
    if only and skip:
        raise UsageError("--only and --skip exclude each other")
    _check([*named(only), *named(skip)])
    config = FeaturesConfig(
        only=named(only),
        skip=named(skip),
        precision=precision,
        calibrate=named(calibrate),
        dnsmos_hop_s=dnsmos_hop,
    )
    if listed:
        output.document(_listing(config))
        return 0
    return run.each_file(loop, "features", Settings(features=config, openface=OpenFaceConfig(openface)))


def _check(names: Sequence[str]) -> None:
    """Say at once, and not of each file, that a name is wrong."""
    if not names:
        return
    from tfq.features import MEASUREMENTS

    for name in names:
        if name not in MEASUREMENTS:
            known = f"there are {', '.join(MEASUREMENTS)}"
            raise UsageError(f"no feature is called {name}; {known}{meant(name, MEASUREMENTS)}")


def _listing(config: FeaturesConfig) -> str:
    """Groups with what each reads and costs, then a line a column: name, unit, usual range, better end, meaning."""
    from tfq.features import MEASUREMENTS, chosen

    lines = []
    named_or_not = (group for group in MEASUREMENTS.values() if group.asked_for and not config.only)
    for group in (*chosen(config.only, config.skip), *named_or_not):
        weights = f"; weights: {', '.join(group.weights)}" if group.weights else ""
        if group.encoder:
            numbers = f"{len(group.columns)} numbers each frame; only where --only names it"
            lines.append(f"{group.name}  {group.about}  [{group.method}; cost {group.cost}; {numbers}{weights}]")
            continue
        weights += "; only where --only names it" if group.optional else ""
        read = f"from {' and '.join(group.needs) or 'the file'}"
        lines.append(f"{group.name}  {group.about}  [{read}; {group.method}; cost {group.cost}{weights}]")
        for title, columns in (("each frame", group.columns), ("whole clip", group.clip_columns)):
            for column in columns:
                usual = f"{column.low:g} to {column.high:g} {column.unit}".rstrip()
                better = "" if column.better == "none" else f"{column.better} is better; "
                lines.append(f"  {column.name:<28}{title}  {usual:<28} {better}{column.about}")
    return "\n".join(lines) + "\n"
