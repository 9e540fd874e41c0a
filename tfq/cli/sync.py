"""`tfq sync`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tfq.cli import run
from tfq.cli.options import Loop, takes
from tfq.config import Settings, SyncConfig

DEFAULT = SyncConfig()


@takes(Loop)
def sync(
    loop: Loop,
    *,
    reach: Annotated[
        int, typer.Option(min=1, max=50, metavar="FRAMES", help="Try offsets up to this many frames either way.")
    ] = DEFAULT.reach,
    window: Annotated[
        int, typer.Option(min=1, max=250, metavar="FRAMES", help="Frames that one point of the curve is pooled from.")
    ] = DEFAULT.window,
    min_windows: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="With fewer frames of speech and face, say that the clip is too short."),
    ] = DEFAULT.min_windows,
    network: Annotated[
        str, typer.Option(metavar="FILE", help="A sync network of your own, as `tfq train --network sync` writes it.")
    ] = DEFAULT.network,
    speech: Annotated[
        str,
        typer.Option(
            metavar="ENCODER",
            help="What the network hears through: whisper, hubert, chinese-hubert, or HuBERT's folder.",
        ),
    ] = DEFAULT.speech,
    compat: Annotated[
        Literal["", "syncnet"],
        typer.Option(metavar="NAME", help="Measure with the original network and formulas: syncnet."),
    ] = "",
) -> int:
    """Measure by how much sound and lips are apart, over the clip and along it.

    Runs the stages before it where they have not run. The offset is positive where the sound is early; one frame is
    40 ms:

        tfq sync clip.mp4
        tfq sync --window 50 --reach 25 *.h5
        tfq sync --network mine-sync.safetensors --speech hubert clip.mp4
    """
    config = SyncConfig(
        reach=reach, window=window, min_windows=min_windows, network=network, speech=speech, compat=compat
    )
    return run.each_file(loop, "sync", Settings(sync=config))
