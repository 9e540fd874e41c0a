"""Lines that people are told to type, run by a shell in a folder that holds what they name."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import av
import h5py

from tfq.config import DIMENSIONS

DEMO = Path(str(files("tfq") / "demo" / "demo.mp4"))
LENGTH_S = 2
NAMES = "abcdefgh"
ROAD = ("extract", "detect", "align", "audio", "sync", "features", "score")
# Options of tfq, by their variables: a short training of a small network.
CHEAP = {"TFQ_TRAIN_EPOCHS": "1", "TFQ_TRAIN_WIDTH": "16", "TFQ_TRAIN_LAYERS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Typist:
    """Types lines into a shell.

    `furnished` holds a scored clip under the names that lines use; `environment` has tfq in its path.
    """

    furnished: Path
    environment: Mapping[str, str]

    def folder(self, place: Path) -> Path:
        """A folder with what lines name; the large files in it are shared, as tfq changes none in its place."""
        return Path(shutil.copytree(self.furnished, place, copy_function=_share))

    def failures(self, lines: Iterable[str], folder: Path, allowed: Mapping[str, int] | None = None) -> list[str]:
        """What went wrong; `allowed` gives the status other than 0 that lines holding a text may end with."""
        wrong = []
        for line in lines:
            ran = self.run(line, folder)
            good = {0, *(status for text, status in (allowed or {}).items() if text in line)}
            if ran.returncode not in good:
                wrong.append(f"{line}\n  status {ran.returncode}: {ran.stderr.strip()[-600:]}")
        return wrong

    def run(self, line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], cwd=folder, env={**self.environment, **CHEAP}, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
        )  # fmt: skip


def furnish(folder: Path, environment: Mapping[str, str], length_s: float = LENGTH_S) -> Typist:
    """Score the first seconds of the demo clip by all seven commands, and lay out what lines name."""
    typist = Typist(folder, environment)
    cut(DEMO, folder / "clip.mp4", length_s)
    walked = typist.run("tfq extract clip.mp4 | " + " | ".join(f"tfq {name}" for name in ROAD[1:]), folder)
    assert walked.returncode == 0, walked.stderr
    watcher = Path(environment["PATH"].split(os.pathsep)[0]) / "inotifywait"
    watcher.write_text("#!/bin/sh\necho in/clip.mp4\n")  # not on every machine; one clip arrives
    watcher.chmod(0o755)
    for name in ("clips/a", "clips/b", "videos/a", "in/clip", "noisy"):
        (folder / name).parent.mkdir(exist_ok=True)
        _share(folder / "clip.mp4", folder / f"{name}.mp4")
        _share(folder / "clip.h5", folder / f"{name}.h5")
    (folder / "work").mkdir()
    for number, name in enumerate(NAMES):
        _another(folder / "clip.h5", folder / "work" / f"{name}.h5", number)
    (folder / "list.txt").write_text("clips/a.mp4\nclips/b.mp4\n")
    rows = [f"{rater},{name}.mp4,{dimension},{2 + (ord(name[0]) + len(rater)) % 3}"
            for rater in ("ann", "bo", "chris") for name in NAMES for dimension in DIMENSIONS]  # fmt: skip
    (folder / "ratings.csv").write_text("\n".join(["rater,file,dimension,score", *rows]) + "\n")
    with wave.open(str(folder / "other.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(os.urandom(2 * 16_000 * LENGTH_S))
    made = typist.failures(
        [
            "tfq score --format jsonl clips/*.mp4 | tee old.jsonl new.jsonl > scores.jsonl",
            "tfq index --ratings ratings.csv -o data.jsonl work/*.h5",
            "tfq train data.jsonl -o mine.safetensors",
        ],
        folder,
    )
    assert not made, made
    return typist


def cut(clip: Path, to: Path, length_s: float = LENGTH_S) -> None:
    """The first seconds of a clip, its packets as they are."""
    with av.open(str(clip)) as source, av.open(str(to), "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.pts * packet.time_base < length_s:
                packet.stream = streams[packet.stream]
                target.mux(packet)


def _another(file: Path, to: Path, number: int) -> None:
    """A file that says that it was made of another clip, the first one that it is of the same."""
    shutil.copy(file, to)
    if number:
        with h5py.File(to, "r+") as inside:
            inside.attrs["source_name"] = f"{to.stem}.mp4"
            inside.attrs["source_sha256"] = f"{number:064x}"


def _share(path: str | Path, to: str | Path) -> str | Path:
    return os.link(path, to) or to if Path(path).suffix in {".h5", ".mp4"} else shutil.copy(path, to)
