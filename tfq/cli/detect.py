"""`tfq detect`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import DetectConfig, Settings

DEFAULT = DetectConfig()


@takes(Loop)
def detect(
    loop: Loop,
    *,
    detector: Annotated[
        Literal["scrfd", "blazeface"],
        typer.Option(help="scrfd finds more; its weights are for research only. blazeface is Apache-licensed."),
    ] = "scrfd",
    size: Annotated[
        int, typer.Option(min=64, max=2048, help="Side of the detector's input, in pixels.")
    ] = DEFAULT.size,
    small_size: Annotated[
        int, typer.Option(min=64, max=2048, help="Side to try again with where nothing is found.")
    ] = DEFAULT.small_size,
    every: Annotated[
        int, typer.Option(min=1, max=25, help="Detect on every N-th frame and follow in between.")
    ] = DEFAULT.every,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Least score of a face.")] = DEFAULT.threshold,
    overlap: Annotated[
        float, typer.Option(min=0, max=1, help="Least overlap (IoU) that joins a box to a track.")
    ] = DEFAULT.overlap,
    max_gap: Annotated[
        int, typer.Option(min=0, metavar="FRAMES", help="Frames that a track may miss before it ends.")
    ] = DEFAULT.max_gap,
    cut: Annotated[
        float, typer.Option(min=0, max=1, help="Change of the colour histogram that counts as a scene cut.")
    ] = DEFAULT.cut,
    track: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="NUMBER", show_default="the one who speaks", help="Judge this track of `tfq show`."
        ),
    ] = None,
) -> int:
    """Find faces, follow them, and choose the one who speaks.

    Runs `tfq extract` first where it has not run. Several people may be in the picture; a scene cut ends every track:

        tfq detect *.mp4
        tfq detect --track 0 clip.h5
        tfq detect --detector blazeface clip.mp4
    """
    config = DetectConfig(
        detector=detector,
        size=size,
        small_size=small_size,
        every=every,
        threshold=threshold,
        overlap=overlap,
        max_gap=max_gap,
        cut=cut,
        track=track,
    )
    return run.each_file(loop, "detect", Settings(detect=config))
