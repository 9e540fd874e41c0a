"""`tfq features`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import FeaturesConfig, Settings
from tfq.errors import UsageError

DEFAULT = FeaturesConfig()


@takes(Loop)
def features(
    loop: Loop,
    *,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME,...", show_default="all", help="Compute these groups alone.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="NAME,...", show_default="none", help="Leave these groups out.")
    ] = None,
    dnsmos_hop: Annotated[
        int,
        typer.Option(min=1, max=9, metavar="SECONDS", help="From one window of DNSMOS to the next; 1: its authors'."),
    ] = DEFAULT.dnsmos_hop_s,
) -> int:
    """Compute the measurements that scores are made from, one named group each.

    Runs the stages before it where they have not run. `tfq show` lists the groups a file holds:

        find . -name '*.mp4' -print0 | xargs -0 -n 8 -P 2 tfq features
        tfq features --files-from list.txt --jobs 2
    """
    if only and skip:
        raise UsageError("--only and --skip exclude each other")
    config = FeaturesConfig(only=_names(only), skip=_names(skip), dnsmos_hop_s=dnsmos_hop)
    return run.each_file(loop, "features", Settings(features=config))


def _names(given: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for several in given or () for name in several.split(",") if name.strip())
