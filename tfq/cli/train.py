"""`tfq train`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from tfq.cli import output
from tfq.cli.options import Messages, named, of_kinds, takes
from tfq.cli.work import limit_threads
from tfq.config import DIMENSIONS, LOSSES, SyncTrainConfig, TrainConfig
from tfq.errors import UsageError

DEFAULT, SYNC = TrainConfig(), SyncTrainConfig()
HUBERT_LAYERS = (6, 9)  # those that HuBERT and its larger sibling were taught with (Hsu et al. 2021)


@dataclass(frozen=True)
class Trained(Messages):
    """What `train` takes."""

    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", show_default="all processors", help="Threads to train with.")
    ] = None


@takes(Trained)
def train(
    trained: Trained,
    *,
    index: Annotated[
        Path,
        typer.Argument(metavar="INDEX", autocompletion=of_kinds(".jsonl"), help="The data set that `tfq index` wrote."),
    ],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The checkpoint to write (.safetensors).")
    ],
    network: Annotated[
        Literal["score", "sync"], typer.Option(help="Which to train; sync takes its own defaults, --speech and --seed.")
    ] = "score",
    name: Annotated[str, typer.Option(show_default="that of the file", help="The model's name in results.")] = "",
    fusion: Annotated[
        Literal["audio_query", "video_query", "both", "concat"],
        typer.Option(help="Which side asks the other in the decoder."),
    ] = "audio_query",
    pooling: Annotated[Literal["attention", "mean"], typer.Option(help="How moments become one score.")] = "attention",
    views: Annotated[
        Literal["own", "all"],
        typer.Option(help="own: expression and visual quality see the picture alone, audio quality the sound alone."),
    ] = "own",
    positions: Annotated[
        Literal["sinusoidal", "rotary", "learned"], typer.Option(help="How the decoder knows where in the clip it is.")
    ] = "sinusoidal",
    summary: Annotated[
        Literal["ranks", "moments"],
        typer.Option(help="The clip as a whole: ranks of its statistics, or mean and spread."),
    ] = "ranks",
    overall: Annotated[
        Literal["composed", "free"], typer.Option(help="Overall is made of the other dimensions and moved, or is free.")
    ] = "composed",
    additive: Annotated[
        bool,
        typer.Option(
            "--additive/--no-additive",
            help="Let an additive model of the clip's ranks, learned from pairs, have a share.",
        ),
    ] = DEFAULT.additive,
    spread: Annotated[
        bool, typer.Option("--spread", help="Learn how far off each score may be; intervals follow it.")
    ] = DEFAULT.spread,
    tasks: Annotated[
        list[str] | None, typer.Option(metavar="DIMENSION,...", show_default="all", help="Judge these alone.")
    ] = None,
    modalities: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            show_default="all",
            help="Judge by these alone: picture, sound, cross (what compares the two), or features by name.",
        ),
    ] = None,
    width: Annotated[int, typer.Option(min=16, help="Width of the decoder.")] = DEFAULT.width,
    layers: Annotated[int, typer.Option(min=1, help="Layers of the decoder.")] = DEFAULT.layers,
    heads: Annotated[int, typer.Option(min=1, help="Attention heads of each layer.")] = DEFAULT.heads,
    dropout: Annotated[
        float, typer.Option(min=0, max=0.9, help="Part of the units left out in training.")
    ] = DEFAULT.dropout,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the data at most.")] = DEFAULT.epochs,
    patience: Annotated[
        int, typer.Option(min=1, metavar="EPOCHS", help="Stop when nothing improves for so long.")
    ] = DEFAULT.patience,
    batch: Annotated[int, typer.Option(min=1, help="Clips a step.")] = DEFAULT.batch,
    accumulate: Annotated[
        int, typer.Option(min=1, metavar="STEPS", help="Steps whose gradients are added up.")
    ] = DEFAULT.accumulate,
    learning_rate: Annotated[float, typer.Option(min=0, help="Highest step size of AdamW.")] = DEFAULT.learning_rate,
    weight_decay: Annotated[float, typer.Option(min=0, help="Weight decay of AdamW.")] = DEFAULT.weight_decay,
    loss: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=WEIGHT",
            show_default=" ".join(f"{name}={weight:g}" for name, weight in LOSSES.items()),
            help="Weigh one objective; may be given again.",
        ),
    ] = None,
    balance: Annotated[
        Literal["fixed", "uncertainty", "gradnorm"], typer.Option(help="How much each dimension counts.")
    ] = "fixed",
    average: Annotated[
        float, typer.Option(min=0, max=0.9999, help="Decay of the moving average of the weights; 0: the last ones.")
    ] = DEFAULT.average,
    precision: Annotated[Literal["no", "bf16", "fp16"], typer.Option(help="Mixed precision.")] = "no",
    speech: Annotated[
        str,
        typer.Option(
            metavar="ENCODER",
            help="What a sync network hears through: whisper, hubert, chinese-hubert, or HuBERT's folder.",
        ),
    ] = SYNC.speech,
    workers: Annotated[
        int, typer.Option(min=0, metavar="N", help="Processes that read clips ahead; 0: hold all of them in memory.")
    ] = DEFAULT.workers,
    shifted: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="Clips whose sound is moved on the fly.")
    ] = DEFAULT.shifted,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another start.")] = DEFAULT.seed,
    folds: Annotated[
        int | None,
        typer.Option(
            min=3,
            metavar="K",
            show_default="none",
            help="Cross-validate instead: K networks, each measured on people it has not seen; FILE is then JSON.",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew where a killed training could go on.")] = False,
) -> None:
    """Train the network that scores, calibrate it, and measure it on speakers it has not seen.

    Writes the checkpoint with its figures inside and a log (.csv) beside it; prints the checkpoint's path. After a kill
    the same command goes on where it was. Launched by torchrun, or by accelerate on GPUs, processes share the work:

        tfq train data.jsonl -o mine.safetensors
        tfq train data.jsonl -o mine.safetensors --loss listwise=0.3 --loss time=0 --modalities sound,cross
        tfq train data.jsonl -o figures.json --folds 5
        torchrun --nproc-per-node 2 -m tfq train data.jsonl -o mine.safetensors
        tfq score --checkpoint mine.safetensors clip.mp4
        tfq train --network sync data.jsonl -o mine-sync.safetensors
    """
    if trained.threads is not None:
        limit_threads(trained.threads)
    if network == "sync":
        from tfq.models.runtime import Models
        from tfq.stages.train_sync import train_sync

        train_sync(
            index,
            out,
            SyncTrainConfig(seed=seed, speech=speech, layers=SYNC.layers if speech == SYNC.speech else HUBERT_LAYERS),
            Models(threads=trained.threads),
            output.note,
        )
        output.data(str(out))
        return
    config = TrainConfig(
        tasks=_tasks(tasks),
        modalities=named(modalities),
        fusion=fusion,
        pooling=pooling,
        views=views,
        positions=positions,
        summary=summary,
        overall=overall,
        additive=additive,
        spread=spread,
        width=width,
        layers=layers,
        heads=heads,
        dropout=dropout,
        epochs=epochs,
        batch=batch,
        accumulate=accumulate,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        loss=_weights(loss),
        balance=balance,
        precision=precision,
        patience=patience,
        average=average,
        seed=seed,
        workers=workers,
        shifted=shifted,
    )
    _run(index, out, config, name, folds, fresh=fresh, quiet=trained.quiet)


def _run(
    index: Path, out: Path, config: TrainConfig, name: str, folds: int | None, *, fresh: bool, quiet: bool
) -> None:
    from tfq.stages import train as stage

    first = stage.main_process()
    tell = output.note if first else lambda _: None
    with output.Screen(first and not quiet, config.epochs * (folds or 1)) as screen:

        def step(epoch: int, batch: int, batches: int) -> None:
            screen.show(f"epoch {epoch}, batch {batch} of {batches}")
            if batch == batches:
                screen.finished()

        if folds is None:
            stage.train(index, out, config, name, tell, step, fresh=fresh)
        else:
            stage.cross_validate(index, out, config, folds, tell, step)
    if first:
        output.data(str(out))


def _tasks(given: list[str] | None) -> tuple[str, ...]:
    """Dimensions in their own order.

    Raises:
        UsageError: one is unknown.
    """
    wanted = named(given) or DIMENSIONS
    for name in wanted:
        if name not in DIMENSIONS:
            raise UsageError(f"--tasks {name}: choose from {', '.join(DIMENSIONS)}")
    return tuple(name for name in DIMENSIONS if name in wanted)


def _weights(given: list[str] | None) -> dict[str, float]:
    """The weight of each objective: those given, and the defaults of the rest.

    Raises:
        UsageError: one is unknown, or its weight is not a number from 0.
    """
    weights = dict(LOSSES)
    for entry in given or ():
        name, _, text = entry.partition("=")
        if name not in LOSSES:
            raise UsageError(f"--loss {entry}: choose from {', '.join(LOSSES)}")
        try:
            weights[name] = float(text)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] < math.inf:
            raise UsageError(f"--loss {entry}: needs a weight from 0, as in {name}=0.5")
    return weights
