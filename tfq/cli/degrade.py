"""`tfq degrade`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tfq.cli import inputs, output, run
from tfq.cli.options import VIDEO_KINDS, Inputs, Machine, Messages, of_kinds, takes
from tfq.cli.work import models_of
from tfq.errors import TfqError, UsageError


@dataclass(frozen=True)
class Degraded(Messages, Machine, Inputs):
    """What `degrade` takes."""


def _kinds(incomplete: str) -> list[tuple[str, str]]:
    from tfq.artefacts import KINDS

    return [(kind.name, kind.about) for kind in KINDS.values() if kind.name.startswith(incomplete)]


@takes(Degraded)
def degrade(
    degraded: Degraded,
    *,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", autocompletion=_kinds, show_default=False, help="What is done to it; see --list."),
    ] = None,
    severity: Annotated[int, typer.Option(min=1, max=5, help="How badly; 5 is the worst.")] = 3,
    start: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", show_default="the start", help="Leave what is before alone."),
    ] = None,
    end: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", show_default="the end", help="Leave what is after alone.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another noise.")] = 0,
    sound: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", autocompletion=of_kinds(*VIDEO_KINDS, ".wav"), help="Other speech, for kinds that need it."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The clip to write, of one video.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put the clips into DIR, not beside the videos.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the kinds, tab-separated, and stop.")] = False,
) -> int:
    """Make a copy of a clip that is worse in a known way.

    For training, for testing a score, and for hearing and seeing what a score means. What was done is written beside it
    as JSON. Prints the path of each copy:

        tfq degrade --kind sound_late --severity 4 clip.mp4
        tfq degrade --kind frozen_mouth --start 2 --end 3 -o frozen.mp4 clip.mp4
    """
    if listed:
        return _list()
    from tfq.artefacts import KINDS
    from tfq.stages.degrade import degrade as stage
    from tfq.types import Span

    if kind is None or kind not in KINDS:
        raise UsageError(f"--kind {kind or 'is missing'}: `tfq degrade --list` shows what there is")
    end_of_name = f".{kind}-{severity}.mp4"
    where = inputs.place(out, out_dir, end_of_name) or (lambda name: Path(name).with_suffix(end_of_name))
    work = list(inputs.plan(inputs.all_names(degraded), where))
    if out is not None and len(work) > 1:
        raise UsageError("--output names one clip; use --out-dir for several")
    span = None if start is None and end is None else Span(start or 0.0, float("inf") if end is None else end)
    models = models_of(degraded.models, degraded.offline, degraded.threads)
    statuses = []
    for item in work:
        try:
            stage(Path(item.name), item.file, kind, severity, span, seed, sound=sound, models=models)
        except TfqError as error:
            output.log.error("%s", output.sentence(error, item.name))
            statuses.append(error.exit_status)
            continue
        statuses.append(0)
        output.data(str(item.file))
    return run.status_of(statuses)


def _list() -> int:
    from tfq.artefacts import KINDS

    output.data("kind\tstream\tdimension\tabout")
    for kind in KINDS.values():
        output.data(f"{kind.name}\t{kind.stream}\t{kind.dimension}\t{kind.about}")
    return 0
