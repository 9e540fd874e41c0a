"""What tfq costs beside the tools whose work it takes over, on the same clips in one run.

    python -m tests.bench.peers clip.mp4 ...

The SyncNet pipeline (Chung and Zisserman 2016) decodes the clip, looks for faces with S3FD (Zhang et al. 2017) in every
frame at a quarter of the size, and runs its network over a window of five 224 px crops and 0.2 s of sound at every frame.
Here its networks have random weights, on which time does not depend, and are timed on some frames and windows. Making its
files between the steps, tracking and cropping are left out, which is in its favour. `speechmos` is timed as a process a
file where it is installed, as people run it.

Processor seconds (user and system, all threads) of one clip after the libraries are loaded; of `speechmos`, of the process.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from tests.bench.pipeline import walk
from tfq.media import guarded
from tfq.media.frames import frames
from tfq.models.runtime import Models
from tfq.nets.syncnet import SyncNet
from tfq.store import TfqFile
from tfq.sync.syncnet import WINDOW

SCALE = 0.25  # of the picture that the pipeline's face detector sees
BATCH = 20  # windows, as in the authors' code
TIMED_FRAMES = 12
SPEECHMOS = """
import sys
import librosa
from speechmos import dnsmos
sound, rate = librosa.load(sys.argv[1], sr=16000)
dnsmos.run(sound, sr=rate)
"""


class S3FD(nn.Module):
    """VGG-16, four more convolutions, and a score and a box at six scales: the face detector of the pipeline."""

    def __init__(self) -> None:
        super().__init__()
        stages = [(3, 64, 2), (64, 128, 2), (128, 256, 3), (256, 512, 3), (512, 512, 3)]
        self.stages = nn.ModuleList(nn.Sequential(*_stage(*stage)) for stage in stages)
        self.wide = nn.Sequential(nn.Conv2d(512, 1024, 3, padding=3), nn.ReLU(), nn.Conv2d(1024, 1024, 1), nn.ReLU())
        self.further = nn.ModuleList(_further(*sizes) for sizes in ((1024, 256, 512), (512, 128, 256)))
        widths = (256, 512, 512, 1024, 512, 256)
        self.scores = nn.ModuleList(
            nn.Conv2d(width, 4 if i == 0 else 2, 3, padding=1) for i, width in enumerate(widths)
        )
        self.boxes = nn.ModuleList(nn.Conv2d(width, 4, 3, padding=1) for width in widths)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """`[B, 3, H, W]` to scores and boxes of six maps."""
        maps: list[Tensor] = []
        for i, stage in enumerate(self.stages):
            pictures = stage(pictures)
            if i >= 2:  # what the two first stages see is too small for faces
                maps.append(nn.functional.normalize(pictures, dim=1))
            pictures = nn.functional.max_pool2d(pictures, 2)
        maps.append(self.wide(pictures))
        for more in self.further:
            maps.append(more(maps[-1]))
        return [head(seen) for seen, *heads in zip(maps, self.scores, self.boxes, strict=True) for head in heads]


def _stage(before: int, after: int, count: int) -> list[nn.Module]:
    widths = [before, *[after] * count]
    pairs = pairwise(widths)
    return [layer for one, other in pairs for layer in (nn.Conv2d(one, other, 3, padding=1), nn.ReLU())]


def _further(before: int, between: int, after: int) -> nn.Module:
    narrow, wide = nn.Conv2d(before, between, 1), nn.Conv2d(between, after, 3, stride=2, padding=1)
    return nn.Sequential(narrow, nn.ReLU(), wide, nn.ReLU())


@dataclass
class Clip:
    """Seconds of processor time by what was done, and the clip's length."""

    name: str
    length_s: float
    tfq_s: float
    parts: dict[str, float] = field(default_factory=dict)
    speechmos_s: float | None = None


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(path: Path, models: Models, detector: S3FD, network: SyncNet) -> Clip:
    """tfq from the video to the scores, then the pipeline's work on the same pictures."""
    with tempfile.TemporaryDirectory() as folder:
        decoding = _of_children()
        costs = walk(path, Path(folder) / "clip.h5", models)
        guarded.end_idle()  # what its decoding process took is known when it has ended
        decoding = _of_children() - decoding
        with TfqFile(Path(folder) / "clip.h5", read_only=True) as file:
            shown, length_s = file.array("extract/picture"), file.info("extract")["duration_s"]
            sound = file.array("extract/audio")
        pictures: list[np.ndarray] = []
        decode = spent(lambda: pictures.extend(_kept(path, shown)))
        clip = Clip(path.name, length_s, sum(cost.cpu_s for cost in costs.values()) + decoding)
        windows = len(shown) - WINDOW + 1
        clip.parts["decode"] = decode
        clip.parts["S3FD"] = spent(lambda: [detector(picture) for picture in map(_shrunk, pictures)]) * (
            len(shown) / len(pictures)
        )
        faces, cepstra = torch.rand(BATCH, 3, WINDOW, 224, 224), torch.rand(BATCH, 1, 13, 20)
        batch = spent(lambda: (network.picture(faces), network.sound(cepstra)))
        clip.parts["SyncNet"] = batch * windows / BATCH
        if importlib.util.find_spec("speechmos"):
            clip.speechmos_s = _speechmos(sound, Path(folder) / "sound.wav")
    return clip


def _kept(path: Path, shown: np.ndarray) -> list[np.ndarray]:
    """Decode everything; keep pictures from all over the clip."""
    wanted = set(np.linspace(0, len(shown) - 1, TIMED_FRAMES).astype(int).tolist())
    return [picture for index, picture in frames(path, shown, threads=1) if index in wanted]


def _shrunk(picture: np.ndarray) -> Tensor:
    small = cv2.resize(picture, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float()


def _speechmos(sound: np.ndarray, path: Path) -> float:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    before = _of_children()
    subprocess.run([sys.executable, "-c", SPEECHMOS, str(path)], check=True, capture_output=True)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(clips: list[Clip]) -> None:
    """A line a clip, then the ratio of the sums."""
    print(f"{'clip':28}{'s':>6}{'tfq':>8}{'decode':>8}{'S3FD':>8}{'SyncNet':>9}{'ratio':>7}{'speechmos':>11}")
    for clip in clips:
        parts = clip.parts
        told = "absent" if clip.speechmos_s is None else f"{clip.speechmos_s:.2f}"
        print(
            f"{clip.name[:27]:28}{clip.length_s:6.1f}{clip.tfq_s:8.2f}{parts['decode']:8.2f}{parts['S3FD']:8.2f}"
            f"{parts['SyncNet']:9.2f}{sum(parts.values()) / clip.tfq_s:7.1f}{told:>11}"
        )
    theirs, ours = sum(sum(clip.parts.values()) for clip in clips), sum(clip.tfq_s for clip in clips)
    print(f"SyncNet pipeline / tfq score: {theirs / ours:.1f} times the processor time")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    models, detector, network = Models(threads=1), S3FD().eval(), SyncNet().eval()
    with tempfile.TemporaryDirectory() as folder:  # the first clip loads libraries and weights
        walk(given.clips[0], Path(folder) / "first.h5", models)
    show([measure(path, models, detector, network) for path in given.clips])


if __name__ == "__main__":
    main()
