"""The figures a user feels, each of a process of its own: start, one clip, the next clip, help, memory of long clips.

    python -m tests.bench.bars clip.mp4                # 10 s of 720p say most
    python -m tests.bench.bars --minutes 1 10 -- clip.mp4   # memory of the clip played over and over, too

Wall seconds mean something on a quiet machine alone; processor seconds (with the child that decodes) always do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av

from tests.bench.processes import peak_of


def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory in MB of a `tfq` of its own."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "tfq", *arguments]
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with peak_of(process.pid) as peak:
        _, said = process.communicate()
    wall, after = time.perf_counter() - start, os.times()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent, peak.mb


def looped(clip: Path, seconds: float, target: Path) -> None:
    """The clip's own packets over and over, so that nothing is encoded again."""
    with av.open(str(target), "w") as out:
        streams: dict[int, av.stream.Stream] = {}
        shift_s = 0.0
        while shift_s < seconds:
            with av.open(str(clip)) as source:
                chosen = [*source.streams.video[:1], *source.streams.audio[:1]]
                for stream in chosen:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                for packet in source.demux(chosen):
                    if packet.dts is None or packet.pts is None:
                        continue
                    moved = round(shift_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
                shift_s += float(source.duration or 0) / av.time_base + 0.1


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, nargs="*", default=[])
    parser.add_argument("--threads", default="2")
    given = parser.parse_args()
    threads = ("--threads", given.threads)
    print(f"{'':34}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}")

    def tell(what: str, figures: tuple[float, float, float]) -> None:
        print(f"{what:34}{figures[0]:8.2f}{figures[1]:8.2f}{figures[2]:9.0f}", flush=True)

    run("--help")  # brings the libraries into the disk cache
    tell("tfq --help", run("--help"))
    complete = {"_TFQ_COMPLETE": "complete_bash", "COMP_WORDS": "tfq sc", "COMP_CWORD": "1"}
    tell("completion of a command", run(environment=complete))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = folder / "copy.mp4"
        copy.write_bytes(given.clip.read_bytes())
        cold = run("score", *threads, str(given.clip))
        tell("score, cold", cold)
        two = run("score", *threads, str(given.clip), str(copy))
        tell("score, the next clip", (two[0] - cold[0], two[1] - cold[1], two[2]))
        run("features", *threads, "--out-dir", name, str(given.clip))
        tell("score, from .h5 with features", run("score", *threads, str(folder / f"{given.clip.stem}.h5")))
        for minutes in given.minutes:
            looped(given.clip, 60 * minutes, folder / "long.mp4")
            tell(f"score, cold, {minutes:g} min", run("score", *threads, str(folder / "long.mp4")))


if __name__ == "__main__":
    main()
