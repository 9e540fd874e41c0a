"""`tfq extract`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import ExtractConfig, Settings

DEFAULT = ExtractConfig()


@takes(Loop)
def extract(
    loop: Loop,
    *,
    source: Annotated[
        Literal["embed", "link"], typer.Option(help="Keep the video's bytes inside the .h5 file, or its path and hash.")
    ] = "embed",
    no_source: Annotated[
        bool, typer.Option("--no-source", help="Keep no byte of the video: the same as --source link.")
    ] = False,
    black_level: Annotated[
        float, typer.Option(min=0, max=255, help="Mean luma under which a flat picture counts as black.")
    ] = DEFAULT.black_level,
    max_duration: Annotated[
        float, typer.Option("--max-duration", min=0, metavar="SECONDS", help="Refuse longer videos.")
    ] = DEFAULT.max_duration_s,
) -> int:
    """Lay picture and sound of a video on one clock: 25 frames a second, 16 kHz mono.

    Any input rate, variable rates, rotation and odd start times are taken as they are; broken and black frames are
    marked, not removed. Prints each .h5 file it finishes, so commands chain:

        tfq extract clip.mp4 | tfq detect | tfq align
        find . -name '*.mp4' -print0 | xargs -0 -n 8 -P 2 tfq extract
    """
    config = ExtractConfig(source="link" if no_source else source, black_level=black_level, max_duration_s=max_duration)
    return run.each_file(loop, "extract", Settings(extract=config))
