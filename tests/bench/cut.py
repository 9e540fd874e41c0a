"""The first seconds of clips, without encoding anything again: short copies for sets that many degradations are made of.

python -m tests.bench.cut --seconds 4 --out work/short recordings/*.mp4
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av


def cut(clip: Path, out: Path, seconds: float) -> None:
    """Copy the packets of the first picture and sound stream that are decoded before `seconds`."""
    with av.open(str(clip)) as source, av.open(str(out), "w") as target:
        streams = [*source.streams.video[:1], *source.streams.audio[:1]]
        copies = {stream.index: target.add_stream_from_template(stream) for stream in streams}
        for packet in source.demux(streams):
            if packet.dts is None or packet.dts * packet.time_base >= seconds:
                continue
            packet.stream = copies[packet.stream.index]
            target.mux(packet)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for clip in given.clips:
        cut(clip, given.out / clip.name, given.seconds)


if __name__ == "__main__":
    main()
