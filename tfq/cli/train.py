"""`tfq train`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from tfq.cli import output
from tfq.cli.options import Messages, of_kinds, takes
from tfq.cli.work import limit_threads
from tfq.config import SyncTrainConfig, TrainConfig

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
    rank_weight: Annotated[float, typer.Option(min=0, help="Share of the ranking loss.")] = DEFAULT.rank_weight,
    contrast_weight: Annotated[
        float, typer.Option(min=0, help="Share of the contrastive loss.")
    ] = DEFAULT.contrast_weight,
    time_weight: Annotated[float, typer.Option(min=0, help="Share of the loss on moments.")] = DEFAULT.time_weight,
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
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another start.")] = DEFAULT.seed,
) -> None:
    """Train the network that scores, calibrate it, and measure it on speakers it has not seen.

    Writes the checkpoint with its figures inside and a log (.csv) beside it; prints the checkpoint's path:

        tfq train data.jsonl -o mine.safetensors
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
    from tfq.stages.train import train as stage

    config = TrainConfig(
        fusion=fusion,
        pooling=pooling,
        views=views,
        width=width,
        layers=layers,
        heads=heads,
        dropout=dropout,
        epochs=epochs,
        batch=batch,
        accumulate=accumulate,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        rank_weight=rank_weight,
        contrast_weight=contrast_weight,
        time_weight=time_weight,
        precision=precision,
        patience=patience,
        average=average,
        seed=seed,
    )
    stage(index, out, config, name, output.note)
    output.data(str(out))
