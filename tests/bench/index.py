"""What an index of many files costs: synthetic `.h5` files of a second, two feature groups and the sync curves in each.

    python -m tests.bench.index [--files 5000] [--jobs 2] [--folder DIR]

Prints seconds and the highest memory of the process and of its children, for an index from nothing, for one in which
nothing has changed, and for `--check`; and what 100,000 files would take if time grows with their number.
"""

from __future__ import annotations

import argparse
import functools
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.builders import h5
from tfq.config import IndexConfig
from tfq.stages import index_rows
from tfq.stages.index import index
from tfq.stages.index_check import check

ALL = 100_000


def files(folder: Path, count: int) -> list[Path]:
    """Files that differ in their source's hash, which is what makes a clip another one."""
    first = h5(folder / "0.h5", frames=25)
    content = first.read_bytes()
    index([first], folder / "one.jsonl", IndexConfig())
    old = _sha(folder / "one.jsonl")
    paths = []
    for number in range(count):
        path = folder / f"{number // 1000}" / f"{number}.h5"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.replace(old, f"{number:064x}".encode()))
        paths.append(path)
    return paths


def timed(name: str, count: int, work: Callable[[], object]) -> None:
    begin = time.monotonic()
    work()
    took = time.monotonic() - begin
    own, theirs = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    whole = f"{took * ALL / count:8.0f} s for {ALL:,}" if count != ALL else ""
    print(
        f"{name:12}{took:8.1f} s  {1e3 * took / count:6.2f} ms a file  {own:6.0f} MB, children {theirs:4.0f} MB {whole}"
    )


def _sha(path: Path) -> bytes:
    from tfq.stages.index import load

    return str(load(path)[1][0]["sha256"]).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of an index.")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        paths, out = files(Path(folder), asked.files), Path(folder) / "index.jsonl"
        print(f"{asked.files} files of {paths[0].stat().st_size / 1024:.0f} KB, {asked.jobs} at once")
        reader = functools.partial(index_rows.read, jobs=asked.jobs)
        for name in ("from nothing", "unchanged"):
            timed(name, asked.files, lambda: index(paths, out, IndexConfig(), reader=reader))
        timed("--check", asked.files, lambda: check(out, asked.jobs))


if __name__ == "__main__":
    main()
