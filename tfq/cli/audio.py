"""`tfq audio`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import AudioConfig, Settings

DEFAULT = AudioConfig()


@takes(Loop)
def audio(
    loop: Loop,
    *,
    mode: Annotated[
        int, typer.Option(min=0, max=3, help="How strictly sound is taken for speech; 3 is the strictest.")
    ] = DEFAULT.mode,
    min_gap: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Shorter pauses do not divide speech.")
    ] = DEFAULT.min_gap_s,
    min_speech: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Shorter pieces are not taken for speech.")
    ] = DEFAULT.min_speech_s,
    peak_dbfs: Annotated[
        float, typer.Option(max=0, metavar="DBFS", help="Level of the loudest sample after normalisation.")
    ] = DEFAULT.peak_dbfs,
) -> int:
    """Find where there is speech, and how loud the sound is.

    Runs `tfq extract` first where it has not run. Loudness is that of EBU R 128, before normalisation:

        tfq audio clip.mp4
        tfq audio --mode 3 noisy.h5
    """
    config = AudioConfig(mode=mode, min_gap_s=min_gap, min_speech_s=min_speech, peak_dbfs=peak_dbfs)
    return run.each_file(loop, "audio", Settings(audio=config))
