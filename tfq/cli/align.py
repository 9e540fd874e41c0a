"""`tfq align`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import AlignConfig, Settings

DEFAULT = AlignConfig()


@takes(Loop)
def align(
    loop: Loop,
    *,
    size: Annotated[int, typer.Option(min=32, max=1024, help="Side of the face crops, in pixels.")] = DEFAULT.size,
    large_size: Annotated[
        int, typer.Option(min=0, max=1024, help="Side of larger crops to keep as well; 0: none.")
    ] = DEFAULT.large_size,
    margin: Annotated[
        float, typer.Option(min=0, max=2, help="Space around eyes, nose and mouth, as a fraction of the side.")
    ] = DEFAULT.margin,
    reach: Annotated[
        float, typer.Option(min=0, max=3, help="Room around the face box in which landmarks are sought, in box sides.")
    ] = DEFAULT.reach,
) -> int:
    """Find 478 landmarks and 52 blendshapes, and lay every face on one template.

    Runs the stages before it where they have not run. Crops and the transforms that made them are stored:

        tfq detect *.h5 | tfq align | tfq features
        tfq align --large-size 256 clip.mp4
    """
    config = AlignConfig(size=size, large_size=large_size, margin=margin, reach=reach)
    return run.each_file(loop, "align", Settings(align=config))
