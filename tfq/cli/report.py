"""`tfq report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfq.cli import inputs, run
from tfq.cli.inputs import Item
from tfq.cli.options import Loop, takes
from tfq.config import Settings

if TYPE_CHECKING:
    from tfq.store import TfqFile


@takes(Loop)
def report(
    loop: Loop,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the .h5 file made of a video, beside it.")] = False,
) -> int:
    """Write a page (HTML, one file, no network) that shows the scores of a clip and where it is weak.

    Scores the clip first where `tfq score` has not. The page lies beside the clip, or where -o or --out-dir puts it;
    its path is printed:

        tfq report clip.mp4
        tfq report -o page.html clip.h5
        tfq report --out-dir pages clips/*.h5
    """
    page = inputs.place(loop.output, loop.out_dir, ".html") or (lambda name: Path(name).with_suffix(".html"))
    return run.each_file(loop, "score", Settings(), keep=keep, product=page, after=write_page, recorded=True)


def write_page(file: TfqFile, item: Item) -> None:
    """Write the page of a scored file."""
    from tfq.stages.report import report as stage

    stage(file, item.out, item.name)
