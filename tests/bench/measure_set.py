"""Features of a degraded set: those of the stream that a copy leaves alone are taken over from its original.

    python -m tests.bench.measure_set --originals work/real work/set/*.h5

A copy whose sound is degraded has the very picture packets of its source, and the other way round, so half of its features are
known. What comes out is what `tfq features` would have measured, at less than half of its cost.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tfq.config import Settings
from tfq.errors import TfqError
from tfq.features import chosen
from tfq.models.runtime import Models
from tfq.stages import features as stage
from tfq.stages import pipeline
from tfq.store import TfqFile

READS_BOTH = ("picture",)  # of the face, but it looks at the pauses of the voice


def measure(path: Path, originals: dict[str, Path], models: Models) -> None:
    """Bring one file up to its features."""
    sidecar = path.with_suffix(".json")
    degraded = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    original = originals.get(degraded.get("source_sha256", ""))
    with TfqFile(path, durable=False) as file:
        pipeline.walk(file, "sync", Settings(), models)
        if original is None:
            pipeline.walk(file, "features", Settings(), models)
            return
        stamp = pipeline._stamp(file, "features", Settings().features, models, None)
        if file.stamp("features") == stamp and {row.name for row in _rows()} <= set(file.names("features")):
            return
        with TfqFile(original, read_only=True) as source:
            _take_over(file, source, stamp, {"sound": ("face",), "picture": ("sound",)}[degraded["stream"]], models)


def _take_over(file: TfqFile, source: TfqFile, stamp, needs: tuple[str, ...], models: Models) -> None:
    same = source.shape("extract/time_s") == file.shape("extract/time_s")
    taken = {row.name for row in _rows() if same and row.needs == needs and row.name not in READS_BOTH}
    rows = tuple(row for row in _rows() if row.name not in taken)
    made_from = stage._made_from(stamp)
    clip = stage._read(file, Settings().features, rows, models)
    measured = [(row, row(clip)) for row in rows]
    with file.replacing("features", stamp) as group:
        for row, feature in measured:
            stage._write(group, row, feature, made_from)
        for name in sorted(taken):
            for part in ("values", "clip", "valid"):
                group.put(f"{name}/{part}", source.array(f"features/{name}/{part}"))
            info = {**source.info(f"features/{name}"), "made_from": made_from}
            group.describe(name, info, source.status(f"features/{name}"))
        group.info = {"groups": sorted(row.name for row in _rows())}


def _rows():
    return chosen(Settings().features.only, Settings().features.skip)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--originals", type=Path, required=True, help="folder of the originals' measured .h5 files")
    parser.add_argument("--shard", default="0/1", help="I/N: every N-th file, from the I-th")
    given = parser.parse_args()
    number, shards = (int(part) for part in given.shard.split("/"))
    originals = {}
    for path in sorted(given.originals.glob("*.h5")):
        with TfqFile(path, read_only=True) as file:
            if file.has("features"):
                originals[str(file.attrs["source_sha256"])] = path
    models = Models(threads=1)
    for path in sorted(given.files)[number::shards]:
        try:
            measure(path, originals, models)
        except TfqError as error:
            print(f"{path.name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
