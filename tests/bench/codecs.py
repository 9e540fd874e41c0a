"""How far a second encoding moves each score: what a viewer cannot see or hear should move none.

    python -m tests.bench.codecs clip.mp4 [more.mp4 ...] > codecs.md      # without a clip: the one that comes with tfq

Prints, for each encoder and dimension, the mean change and the largest one to either side, in points of MOS, and for the
encodings that nobody can tell from the original (H.264 and H.265 at CRF 18, AAC at 256 and Opus at 128 kbit/s) whether all stay
within 0.15. The status is 1 where one does not. Where the sound alone is encoded, the faces are taken over.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np

from tests.bench.degraded_set import measure
from tfq.config import DIMENSIONS, Settings
from tfq.models.runtime import Models
from tfq.stages.pipeline import walk
from tfq.store import TfqFile

LIMIT = 0.15


@dataclass(frozen=True)
class Encoding:
    """A second encoding of one stream; the other is copied bit for bit. `lossless`: to the eye or the ear."""

    name: str
    kind: str
    codec: str
    crf: int = 0
    kilobits: int = 0
    lossless: bool = False


ENCODINGS = (
    *(Encoding(f"H.264 CRF {crf}", "video", "libx264", crf, lossless=crf == 18) for crf in (18, 23, 28, 32, 35)),
    *(Encoding(f"H.265 CRF {crf}", "video", "libx265", crf, lossless=crf == 18) for crf in (18, 28, 35)),
    *(Encoding(f"AAC {rate}k", "audio", "aac", kilobits=rate, lossless=rate == 256) for rate in (256, 128, 96, 64, 48)),
    *(Encoding(f"Opus {rate}k", "audio", "libopus", kilobits=rate, lossless=rate == 128) for rate in (128, 64, 32, 24)),
)


def encode(source: Path, target: Path, encoding: Encoding) -> None:
    """Write the copy; pictures keep their time stamps."""
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        streams: dict[Any, Any] = {}
        for stream in (*given.streams.video[:1], *given.streams.audio[:1]):
            streams[stream] = _stream(out, stream, encoding) if stream.type == encoding.kind else None
            if streams[stream] is None:
                streams[stream] = out.add_stream_from_template(stream)
        resampler = None
        for packet in given.demux(list(streams)):
            made = streams[packet.stream]
            if packet.stream.type != encoding.kind:
                if packet.dts is not None:
                    packet.stream = made
                    out.mux(packet)
                continue
            for frame in packet.decode():
                if encoding.kind == "audio":
                    resampler = resampler or av.AudioResampler(made.format, made.layout, made.rate, made.frame_size)
                    for piece in resampler.resample(frame):
                        out.mux(made.encode(piece))
                else:
                    out.mux(made.encode(frame.reformat(format="yuv420p")))
        for stream, made in streams.items():
            if stream.type == encoding.kind:
                for piece in resampler.resample(None) if resampler else ():
                    out.mux(made.encode(piece))
                out.mux(made.encode(None))


def _stream(out: Any, stream: Any, encoding: Encoding) -> Any:
    if encoding.kind == "audio":
        made = out.add_stream(encoding.codec, rate=48_000, layout=stream.layout.name)
        made.bit_rate = 1000 * encoding.kilobits
        made.codec_context.open(strict=False)
        return made
    quiet = {"x265-params": "log-level=error"} if encoding.codec == "libx265" else {}
    made = out.add_stream(encoding.codec, rate=stream.average_rate, options={"crf": str(encoding.crf), **quiet})
    made.width, made.height, made.pix_fmt = stream.width, stream.height, "yuv420p"
    made.codec_context.time_base = stream.time_base if stream.time_base else Fraction(1, 90_000)
    return made


def scores(file: Path, clip: Path, models: Models) -> dict[str, float]:
    """Score by dimension; NaN where it was not judged."""
    with TfqFile(file, durable=False) as opened:
        walk(opened, "score", Settings(), models, source=clip)
        return dict(zip(DIMENSIONS, opened.array("score/scores")[:, 0].astype(float), strict=True))


def changes(clip: Path, folder: Path, models: Models) -> Iterator[tuple[Encoding, dict[str, float]]]:
    """By how much each encoding moves each dimension of one clip."""
    original = folder / "original.h5"
    before = scores(original, clip, models)
    for number, encoding in enumerate(ENCODINGS):
        copy = folder / f"{number}.mp4"
        encode(clip, copy, encoding)
        if encoding.kind == "audio":
            measure(copy, original, "sound", models)
        after = scores(copy.with_suffix(".h5"), copy, models)
        yield encoding, {name: after[name] - before[name] for name in DIMENSIONS}
        copy.unlink()
        copy.with_suffix(".h5").unlink()
    original.unlink()


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.codecs", description=__doc__.partition("\n")[0])
    parser.add_argument("clips", nargs="*", type=Path)
    clips = parser.parse_args().clips or [Path(str(files("tfq") / "demo" / "demo.mp4"))]
    models = Models(threads=1)
    found: dict[Encoding, list[list[float]]] = {encoding: [] for encoding in ENCODINGS}
    with TemporaryDirectory(prefix="tfq-") as folder:
        for clip in clips:
            for encoding, moved in changes(clip, Path(folder), models):
                found[encoding].append([moved[name] for name in DIMENSIONS])
                print(clip.name, encoding.name, *(f"{value:+.2f}" for value in moved.values()), file=sys.stderr)
    print("| encoding |", " | ".join(DIMENSIONS), "|")
    print("|---|" + "---|" * len(DIMENSIONS))
    beyond = 0
    for encoding, rows in found.items():
        moved = np.array(rows)
        cells = [f"{np.nanmean(column):+.2f}, {column[np.nanargmax(np.abs(column))]:+.2f}" for column in moved.T]
        if encoding.lossless:
            beyond += int(np.sum(np.abs(moved) > LIMIT))
        print(f"| {encoding.name} |", " | ".join(cells), "|")
    judged = sum(np.size(rows) for encoding, rows in found.items() if encoding.lossless)
    used = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"\nWhat cannot be told from the original: {beyond} of {judged} scores moved by more than {LIMIT}.")
    print(f"{len(clips)} clips, {used:.0f} processor seconds.")
    return int(beyond > 0)


if __name__ == "__main__":
    raise SystemExit(main())
