"""One frozen dataclass per stage: every default a user can turn, stated once.

The command line takes its defaults from here, and a stage's stamp records the values it ran with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DIMENSIONS = ("lip_sync", "expression", "audio_quality", "consistency", "visual_quality", "overall")
NOTICED_EARLY_MS, NOTICED_LATE_MS = 45.0, 125.0  # of sound: ITU-R BT.1359
UNSURE = 0.15  # confidence of an offset under which the mouth goes with the voice at none: the least distance lies anywhere then


@dataclass(frozen=True)
class DecodingLimits:
    """What a video may ask for. No stage's result depends on it, so no stamp holds it."""

    pixels: int = 2**26  # of a picture: 8192 x 8192
    streams: int = 64
    memory_mb: int = 8192  # of the process that decodes
    silence_s: int = 60  # time that one packet may take


@dataclass(frozen=True)
class ExtractConfig:
    """`source`: `embed` keeps the source's bytes inside the file, `link` its path and hash."""

    source: str = "embed"
    black_level: float = 8.0  # mean luma of 255 under which a picture is black, if it is flat too
    max_duration_s: float = 7200.0


@dataclass(frozen=True)
class DetectConfig:
    """`size` is the detector's input side in pixels; `small_size` is tried where `size` finds nothing."""

    detector: str = "scrfd"
    size: int = 320
    small_size: int = 640
    every: int = 5
    threshold: float = 0.5
    overlap: float = 0.3  # least IoU that joins a box to a track
    max_gap: int = 25  # frames a track may miss before it ends
    cut: float = 0.35  # change of the colour histogram, 0-1, that counts as a scene cut
    track: int | None = None  # judge this track, rather than the one the rule chooses


@dataclass(frozen=True)
class AlignConfig:
    """`size` is the side of the crops kept always, `large_size` of those kept on request (0: none)."""

    size: int = 96
    large_size: int = 0
    margin: float = 0.1  # space around the five points, as a fraction of the side
    reach: float = 1.0  # room around the face box for the landmarker, in box sides on each side


@dataclass(frozen=True)
class AudioConfig:
    """`mode` is WebRTC's aggressiveness, 0-3; gaps and pieces shorter than the two limits are smoothed away."""

    mode: int = 2
    min_gap_s: float = 0.2
    min_speech_s: float = 0.12
    peak_dbfs: float = -1.0


@dataclass(frozen=True)
class SpeakConfig:
    """`weights` of the generator; the mouth comes `offset_s` late; `perturb` is the share of its sound put elsewhere."""

    weights: Path | None = None
    offset_s: float = 0.0
    perturb: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class SyncConfig:
    """Offsets from -`reach` to +`reach` frames are tried; curves pool `window` frames.

    `network` is a path, or empty for the one that comes with tfq; `speech` names what it hears through. `compat` is
    empty, or `syncnet` for the original network and formulas.
    """

    reach: int = 15
    window: int = 25
    min_windows: int = 10
    network: str = ""
    speech: str = "whisper"
    compat: str = ""


@dataclass(frozen=True)
class FeaturesConfig:
    """`only` and `skip` name feature groups; none named: all.

    `precision` (fp32, bf16, int8) is that of deep networks; `calibrate` names aligned files for int8, none: the demo clip.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    precision: str = "fp32"
    calibrate: tuple[str, ...] = ()
    dnsmos_hop_s: int = 3  # its windows are 9 s long and cost 0.2 s each; the authors' own hop is 1


@dataclass(frozen=True)
class OpenFaceConfig:
    """`table` is what OpenFace wrote of the clip, a folder of such tables by clip, `none`, or empty: run it if it is there."""

    table: str = ""


@dataclass(frozen=True)
class ScoreConfig:
    """`checkpoint` is a path, or empty for the one that comes with tfq; `explain` tells which features moved a score."""

    checkpoint: str = ""
    explain: bool = False
    weak_below: float = 2.5  # a frame under this score belongs to a weak segment
    min_weak_s: float = 0.4


@dataclass(frozen=True)
class IndexConfig:
    """How many parts of a hundred go to validation and to test, by whole groups and speakers, and what is left out.

    `max_people` counts faces that are there in half of the frames. `min_confidence` is the sync confidence under which
    sound and picture of a recording do not belong together: of 241 clean recordings one lies there.
    """

    validation: int = 15
    test: int = 20
    seed: int = 0
    min_coverage: float = 0.8
    min_duration_s: float = 1.0
    max_people: int = 1
    min_confidence: float = 0.1


LOSSES: Mapping[str, float] = {
    "regression": 1.0,
    "ranking": 1.0,  # pairs of one source whose labels differ
    "order": 1.0,  # pairs of clips of which only the order is known
    "listwise": 0.0,  # all versions of one source at once
    "specificity": 0.0,  # what an artefact does not touch stays as in the original
    "time": 0.5,  # regression of each moment
    "spans": 0.0,  # each moment good or bad
    "contrast": 0.1,  # sound and picture of one moment against others
    "teacher": 0.0,  # DNSMOS foretold from the rest of the sound
}


@dataclass(frozen=True)
class TrainConfig:
    """The multi-task network and how it is trained.

    `tasks` are the dimensions to judge; `modalities` the streams (picture, sound, cross) or features to judge by, none
    named: all; `loss` weighs the objectives; `average` is the decay of the moving average of the weights;
    `workers` are processes that read clips ahead (0: all clips lie in memory), `shifted` the share of the clips whose
    sound is moved on the fly.
    """

    tasks: tuple[str, ...] = DIMENSIONS
    modalities: tuple[str, ...] = ()

    fusion: str = "audio_query"  # audio_query, video_query, both, concat
    pooling: str = "attention"  # mean, attention
    views: str = "own"  # own: what one stream alone can show is judged by that stream; all: everything by everything
    positions: str = "sinusoidal"  # sinusoidal, rotary, learned
    summary: str = "ranks"  # of the clip: moments, or ranks of these and of both ends among the clips of training
    overall: str = (
        "composed"  # composed: of the other dimensions, and moved by a head of its own; free: by a head alone
    )
    additive: bool = True  # an additive model of the clip's ranks, learned from pairs, has a share in its scores
    spread: bool = False
    width: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.2
    epochs: int = 14
    batch: int = 16
    accumulate: int = 1
    learning_rate: float = 1.5e-4
    weight_decay: float = 0.02
    loss: Mapping[str, float] = field(default_factory=lambda: dict(LOSSES))
    balance: str = "fixed"  # fixed, uncertainty, gradnorm
    precision: str = "no"  # no, bf16, fp16
    patience: int = 5
    average: float = 0.995
    seed: int = 0
    workers: int = 0
    shifted: float = 0.0


@dataclass(frozen=True)
class SyncTrainConfig:
    """The sync network and how it is trained.

    Recordings are often out of sync themselves: two small networks, each trained for `scout_steps` on one half of the
    speakers, first find the offset of every clip of the other half. `crop` is the side of the mouth that the network
    sees (0: none, only its shape), `copies` the disturbed copies of each sound, `layers` those of `speech`, the
    speech encoder, whose rows it hears.
    """

    scout_steps: int = 350
    steps: int = 2000
    batch: int = 20
    frames: int = 36
    rate: float = 2e-3
    crop: int = 48
    parts: int = 192
    width: int = 192
    blocks: int = 3
    dropout: float = 0.2
    copies: int = 2
    speech: str = "whisper"
    layers: tuple[int, ...] = (2, 3)
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """What one walk along the road runs with."""

    extract: ExtractConfig = field(default_factory=ExtractConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    align: AlignConfig = field(default_factory=AlignConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    sync: SyncConfig = field(default_factory=SyncConfig)
    features: FeaturesConfig = field(default_factory=FeaturesConfig)
    openface: OpenFaceConfig = field(default_factory=OpenFaceConfig)
    score: ScoreConfig = field(default_factory=ScoreConfig)
