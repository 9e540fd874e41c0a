"""What ten thousand, a million and a hundred million clips cost, from the measured cost of each stage, and what runs out first.

    python -m tests.bench.cost clip.mp4 ...
    python -m tests.bench.cost --machines 100 --cores 64 --network 25 clip.mp4

Each clip is walked once after a first one has loaded libraries and weights; processor seconds and the bytes of its file after
every stage are added up, and the file is read as `tfq index` reads it. For each scale, the hours that each resource would be
busy for, were it alone; the longest is the bottleneck. What is not measured here is an option with its default: machines,
cores of each, the network of each and of the store in Gbit/s, and how many files a second one Ray driver hands out, which
`--measure-driver` measures on this machine (needs Ray).
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.many import spent
from tests.bench.pipeline import Cost, measured
from tfq.config import Settings
from tfq.models.runtime import Models
from tfq.stages import index_rows, pipeline
from tfq.store import TfqFile

SCALES = (10_000, 1_000_000, 100_000_000)
FILES = 2000  # that a driver is measured with


@dataclass
class Clip:
    """What one clip cost: `written` counts every version of its file, `kept` the last."""

    length_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    video: float = 0.0
    written: float = 0.0
    kept: float = 0.0
    index_s: float = 0.0
    statistics: float = 0.0


def measure(path: Path, models: Models) -> Clip:
    """Walk a clip to its features."""
    found = Clip(video=path.stat().st_size)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.h5"
        with contextlib.ExitStack() as running, TfqFile(made, durable=False) as file:
            costs: dict[str, Cost] = {}

            def begun(name: str) -> None:
                running.close()
                found.written += made.stat().st_size if costs else 0
                costs[name] = running.enter_context(measured())

            pipeline.walk(file, "features", Settings(), models, source=path, progress=begun)
            running.close()
            found.written += made.stat().st_size
            found.cpu_s = {name: cost.cpu_s + cost.child_s for name, cost in costs.items()}
            found.length_s = file.info("extract")["duration_s"]
        found.kept = made.stat().st_size
        begun = spent()
        ((_, statistics),) = list(index_rows.read([made]))
        found.index_s, found.statistics = spent() - begun, len(statistics)
    return found


def mean(clips: list[Clip]) -> Clip:
    """The average clip."""
    count = len(clips)
    stages = {name: sum(clip.cpu_s[name] for clip in clips) / count for name in clips[0].cpu_s}
    rest = {key: sum(getattr(clip, key) for clip in clips) / count for key in vars(clips[0]) if key != "cpu_s"}
    return Clip(cpu_s=stages, **rest)


def hours(clip: Clip, count: int, given: argparse.Namespace) -> dict[str, float]:
    """For how long each resource is busy, were it the only one."""
    bit = 8 / 1e9 / 3600  # hours a byte at 1 Gbit/s
    return {
        "processors": count * sum(clip.cpu_s.values()) / (given.machines * given.cores) / 3600,
        "store, folder shared": count * (clip.video + clip.written) * bit / given.store,
        "store, object store": count * (clip.video + clip.kept) * bit / given.store,
        "network of a machine": count * (clip.video + clip.kept) * bit / (given.network * given.machines),
        "one Ray driver": count / given.driver / 3600,
        "index, one machine": count * clip.index_s / given.cores / 3600,
    }


def driver() -> float:
    """Files a second that a driver hands out and hears of again, where workers do nothing."""
    import ray
    import ray.data

    ray.init("local", num_cpus=2, log_to_driver=False, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = [{"number": number, "item": b"x" * 300} for number in range(FILES)]

    class Idle:
        def __call__(self, rows: dict) -> dict:
            return rows

    begun = time.perf_counter()
    data = ray.data.from_items(rows, override_num_blocks=FILES // 8)
    seen = sum(1 for _ in data.map_batches(Idle, batch_size=None, concurrency=1).iter_rows())
    assert seen == FILES
    taken = time.perf_counter() - begun
    ray.shutdown()
    return FILES / taken


def show(clip: Clip, given: argparse.Namespace) -> None:
    """Print the stages, then each scale."""
    whole = sum(clip.cpu_s.values())
    print(f"a clip of {clip.length_s:.1f} s: {whole:.2f} processor s ({whole / clip.length_s:.2f} of its length)")
    for name, taken in clip.cpu_s.items():
        print(f"  {name:10}{taken:7.2f} s{taken / whole:6.0%}")
    print(
        f"  video {clip.video / 1e6:.2f} MB, file {clip.kept / 1e6:.2f} MB, written on the way {clip.written / 1e6:.2f} MB,"
    )
    print(
        f"  read by the index in {clip.index_s:.3f} s, {clip.statistics / 1e3:.0f} kB of statistics until they are merged"
    )
    print(
        f"{given.machines} machines of {given.cores} cores, {given.network:g} Gbit/s each, {given.store:g} Gbit/s to the store,"
    )
    print(f"a driver that hands out {given.driver:.0f} files a second")
    print(f"{'hours':22}" + "".join(f"{count:>14,}" for count in SCALES))
    busy = [hours(clip, count, given) for count in SCALES]
    for name in busy[0]:
        print(f"{name:22}" + "".join(f"{one[name]:14.2f}" for one in busy))
    print(f"{'processor hours':22}" + "".join(f"{count * whole / 3600:14,.0f}" for count in SCALES))
    print(f"{'kept, TB':22}" + "".join(f"{count * clip.kept / 1e12:14,.2f}" for count in SCALES))
    print(f"{'statistics aside, GB':22}" + "".join(f"{count * clip.statistics / 1e9:14,.1f}" for count in SCALES))
    for store in ("store, folder shared", "store, object store"):
        counted = [
            {name: taken for name, taken in one.items() if not name.startswith("store") or name == store}
            for one in busy
        ]
        first = sorted(counted[-1], key=counted[-1].__getitem__, reverse=True)
        print(f"bottleneck with {store[7:]}: {first[0]}, then {first[1]}")


def main() -> None:
    """Print the projection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--machines", type=int, default=10)
    parser.add_argument("--cores", type=int, default=32, help="of each machine")
    parser.add_argument("--network", type=float, default=10.0, help="of each machine, Gbit/s")
    parser.add_argument("--store", type=float, default=40.0, help="of the store, Gbit/s")
    parser.add_argument("--driver", type=float, default=500.0, help="files a second that a Ray driver hands out")
    parser.add_argument("--measure-driver", action="store_true")
    given = parser.parse_args()
    if given.measure_driver:
        given.driver = driver()
        print(f"one driver: {given.driver:.0f} files a second")
    if given.clips:
        models = Models(threads=1)
        measure(given.clips[0], models)
        show(mean([measure(path, models) for path in given.clips]), given)


if __name__ == "__main__":
    main()
