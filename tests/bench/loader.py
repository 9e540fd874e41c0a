"""Whether reading clips keeps up with training on them.

    python -m tests.bench.loader data.jsonl --workers 0 1 2

Prints, for one pass over the training part: seconds to train on clips in memory, and to train on clips that are read and
normalised meanwhile, with so many workers; the share of the pass in memory is what reading leaves of the cores. The first
pass of workers starts them, so that it is the second that counts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from tfq.config import TrainConfig
from tfq.fusion.batches import Clips, Held, batches, plan
from tfq.fusion.judge import LONGEST
from tfq.fusion.objective import compute
from tfq.nets.fusion import Fusion
from tfq.stages.clips import Stored
from tfq.stages.examples import example, scales, spec_of
from tfq.stages.index_file import load


def seconds(clips: Clips, network: Fusion, config: TrainConfig, workers: int, passes: int) -> float:
    """Wall time of the last of some passes, forwards and backwards."""
    taken = 0.0
    for number in range(passes):
        started = time.perf_counter()
        for batch in batches(clips, plan(clips, config.batch, LONGEST, np.random.default_rng(number)), workers):
            compute(network, batch, config, (), training=True).tasks.sum().backward()  # type: ignore[no-untyped-call]
            network.zero_grad()
        taken = time.perf_counter() - started
    return taken


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    header, rows = load(options.index)
    config, scale = TrainConfig(), scales(header, ())
    chosen = [row for row in rows if row["split"] == "train"][: options.clips]
    network = Fusion(spec_of(scale, config))
    stored = Stored(options.index.parent, chosen, scale, config.tasks)
    held = Held([example(options.index.parent, row, scale, config.tasks) for row in chosen])
    memory = seconds(held, network, config, 0, options.passes)
    print(f"clips\t{len(chosen)}\nfrom\tseconds a pass\tshare of the pass in memory\nmemory\t{memory:.1f}\t1.00")
    for workers in options.workers:
        taken = seconds(stored, network, config, workers, options.passes)
        print(f"files, {workers} workers\t{taken:.1f}\t{memory / taken:.2f}")


if __name__ == "__main__":
    main()
