"""`tfq degrade`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfq.cli import inputs, output, run
from tfq.cli.options import VIDEO_KINDS, Inputs, Machine, Messages, of_kinds, takes
from tfq.cli.work import models_of
from tfq.config import SpeakConfig
from tfq.errors import TfqError, UsageError, meant

if TYPE_CHECKING:
    from tfq.models.runtime import Models


WAV2LIP = "wav2lip"
WAV2LIP_ABOUT = "A mouth by the generator of Wav2Lip, which needs --weights; says the clip's own sound or --sound."


@dataclass(frozen=True)
class Degraded(Messages, Machine, Inputs):
    """What `degrade` takes."""


def _kinds(incomplete: str) -> list[tuple[str, str]]:
    from tfq.artefacts import KINDS

    every = [*((kind.name, kind.about) for kind in KINDS.values()), (WAV2LIP, WAV2LIP_ABOUT)]
    return [(name, about) for name, about in every if name.startswith(incomplete)]


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
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", autocompletion=of_kinds(".pth"), help="Of Wav2Lip's generator, for that kind."),
    ] = None,
    mouth_late_ms: Annotated[
        float, typer.Option(metavar="MS", help="wav2lip: the mouth so much later than the sound; negative: earlier.")
    ] = 0.0,
    perturb: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="SHARE", help="wav2lip: share of the sound that the mouth gets wrong."),
    ] = 0.0,
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
        tfq degrade --kind frozen_mouth --start 1 --end 1.5 -o frozen.mp4 clip.mp4
        tfq degrade wav2lip --weights wav2lip_gan.pth --sound other.wav clip.mp4

    The kind may stand before the clips instead of behind --kind.
    """
    if listed:
        return _list()
    from tfq.artefacts import KINDS
    from tfq.types import Span

    names = list(inputs.all_names(degraded))
    if kind is None and names and (names[0] in KINDS or names[0] == WAV2LIP) and not Path(names[0]).exists():
        kind, names = names[0], names[1:]
    if kind != WAV2LIP and (kind is None or kind not in KINDS):
        hint = meant(kind or "", (*KINDS, WAV2LIP))
        raise UsageError(f"--kind {kind or 'is missing'}: `tfq degrade --list` shows what there is{hint}")
    end_of_name = f".{kind}.mp4" if kind == WAV2LIP else f".{kind}-{severity}.mp4"
    where = inputs.place(out, out_dir, end_of_name) or (lambda name: Path(name).with_suffix(end_of_name))
    work = list(inputs.plan(names, where))
    if out is not None and len(work) > 1:
        raise UsageError("--output names one clip; use --out-dir for several")
    models = models_of(degraded.models, degraded.offline, degraded.threads)
    if kind == WAV2LIP:
        if start is not None or end is not None:
            raise UsageError("wav2lip makes a mouth for the whole clip: --start and --end are for the other kinds")
        return _each(work, _speaker(SpeakConfig(weights, mouth_late_ms / 1000, perturb, seed), sound, models))
    span = None if start is None and end is None else Span(start or 0.0, float("inf") if end is None else end)
    from tfq.stages.degrade import degrade as stage

    return _each(work, lambda clip, to: stage(clip, to, kind, severity, span, seed, sound=sound, models=models))


def _speaker(config: SpeakConfig, sound: Path | None, models: Models) -> Callable[[Path, Path], object]:
    from tfq.stages.speak import speak

    return lambda clip, to: speak(clip, to, config, sound=sound, models=models)


def _each(work: list[inputs.Item], make: Callable[[Path, Path], object]) -> int:
    statuses = []
    for item in work:
        try:
            make(Path(item.name), Path(str(item.file)))
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
    output.data(f"{WAV2LIP}\tpicture\tlip_sync\t{WAV2LIP_ABOUT}")
    return 0
