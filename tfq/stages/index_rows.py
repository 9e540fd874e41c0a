"""What an index knows of one `.h5` file: facts that cost a read, and whether it can serve."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tfq.config import IndexConfig
from tfq.errors import FormatError, TfqError
from tfq.fusion.rows import Statistics
from tfq.stages import inputs
from tfq.store import TfqFile, guard

Row = dict[str, Any]
Facts = dict[str, Any]
Reader = Callable[[Sequence[Path]], Iterator[tuple[Facts, bytes]]]  # as `read`, here or on other machines

FACTS = (
    "sha256", "source", "duration_s", "frames", "status", "coverage", "tracks", "people", "speech_ratio", "sync",
    "features", "values_sha256", "bytes", "modified_ns", "error",
)  # fmt: skip
_AT_ONCE = 2000  # files between two looks at how far it is


def known(path: Path, facts: Mapping[str, Any]) -> bool:
    """Whether a file is still the one that facts were read from, by its size and time of change."""
    try:
        now = path.stat()
    except OSError:
        return False
    return (facts.get("bytes"), facts.get("modified_ns")) == (now.st_size, now.st_mtime_ns) and "error" not in facts


def read(paths: Sequence[Path], jobs: int = 1) -> Iterator[tuple[Facts, bytes]]:
    """Facts of each file in order, and its statistics as `Statistics.read` takes them; read in children."""
    for answer in guard.each(_read, paths, jobs):
        yield ({"error": str(answer)}, b"") if isinstance(answer, FormatError) else answer


def gather(
    paths: Sequence[Path], spill: BinaryIO, reader: Reader, tell: Callable[[str], None]
) -> Iterator[tuple[Facts, int]]:
    """Facts of each file in order, and where in `spill` its statistics begin."""
    for place, (facts, statistics) in enumerate(reader(paths), 1):
        start = spill.tell()
        spill.write(statistics)
        yield facts, start
        if place % _AT_ONCE == 0:
            tell(f"{place} of {len(paths)} files read")


def total(spill: BinaryIO, starts: Sequence[int], begin: Statistics) -> Statistics:
    """Statistics of the files that begin at `starts`, merged in that order into `begin`."""
    for start in starts:
        spill.seek(start)
        begin.merge(Statistics.read(spill))
    return begin


def content(file: inputs.Readable) -> str:
    """SHA-256 of all numbers a network may be fed from this file."""
    digest = hashlib.sha256()
    for path in sorted(_datasets(file)):
        values = file.array(path)
        digest.update(f"{path} {values.dtype.str} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def facts_of(file: TfqFile) -> Facts:
    """What `features`, and all before it, say of a clip.

    Raises:
        FormatError: the features are not there yet.
    """
    if not file.has("features"):
        raise FormatError(f"{file.path}: has no features yet; run `tfq features` on it")
    boxes = file.array("detect/boxes")
    attrs, detect = file.attrs, file.info("detect")
    sync = file.info("sync") if file.has("sync") else {}
    return {
        "sha256": attrs["source_sha256"],
        "source": attrs["source_name"],
        "duration_s": file.info("extract")["duration_s"],
        "frames": file.shape("extract/time_s")[0],
        "status": {group: file.status(group) for group in ("detect", "align", "audio", "sync") if file.has(group)},
        "coverage": file.info("align").get("coverage", 0.0),
        "tracks": detect.get("tracks", 0),
        "people": int(np.sum(np.isfinite(boxes[..., 0]).mean(1) >= 0.5)) if boxes.size else 0,
        "speech_ratio": file.info("audio").get("speech_ratio", 0.0),
        "sync": {name: sync.get(name) for name in ("offset_ms", "confidence")},
    }


def reason(row: Row, config: IndexConfig) -> str | None:
    """Why a clip cannot serve; None where it can.

    Sound that was taken away or moved on purpose is what a degraded copy is for, and what people have rated is what they
    have seen: neither is left out for its sync.
    """
    status, made = row["status"], "degraded" in row
    confidence = row["sync"]["confidence"]
    judged = made or row.get("labels") or row.get("kind") == "generated" or confidence is None
    found = {
        "no_face": status["detect"] != "ok" or status["align"] != "ok",
        "low_coverage": (row["coverage"] or 0.0) < config.min_coverage,
        "several_people": row["people"] > config.max_people,
        "too_short": row["duration_s"] < config.min_duration_s,
        str(status["audio"]): status["audio"] != "ok" and not made,
        "no_sync": not judged and confidence < config.min_confidence,
    }
    return next((name for name, true in found.items() if true), None)


class _Once:
    """A file whose arrays are read from disk once."""

    def __init__(self, file: TfqFile) -> None:
        self.has, self.names = file.has, file.names
        self.array = functools.cache(file.array)


def _read(path: Path) -> tuple[Facts, bytes]:
    """Runs in a child: facts, and statistics as bytes, which the parent need not look into."""
    facts: Facts = {}
    statistics = Statistics()
    try:
        now = path.stat()
        with TfqFile(path, read_only=True, looked=True) as file:
            facts.update(facts_of(file))
            once = _Once(file)
            rows = inputs.read(once)
            facts["features"] = {name: list(values.shape) for name, values in rows.items()}
            facts["values_sha256"] = content(once)
            statistics.add(rows)
    except FileNotFoundError:
        return {"error": f"{path}: no such file"}, b""
    except TfqError as error:
        return {"error": str(error)}, b""
    facts |= {"bytes": now.st_size, "modified_ns": now.st_mtime_ns}
    return facts, statistics.to_bytes()


def _datasets(file: inputs.Readable) -> Iterator[str]:
    for name in file.names("features"):
        yield from (f"features/{name}/{part}" for part in file.names(f"features/{name}"))
    yield from (f"sync/{name}" for name in file.names("sync") if name in ("distance", "offsets", "valid"))
