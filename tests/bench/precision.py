"""What fewer bits cost and save: deep networks in bf16 and int8 against fp32, on clips.

    python -m tests.bench.precision clip.h5 ...

The files have been through `tfq align` and are only read. int8 is calibrated on the demo clip, as `tfq features --precision int8`
does. Columns: mean and least cosine of a row of a network to its row in fp32, over all clips; processor milliseconds a frame of
25 a second on one thread, without loading. Networks whose weights cannot be had are left out.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from tfq.audio import loudness
from tfq.errors import TfqError
from tfq.features import MEASUREMENTS
from tfq.features.picture import regions_of
from tfq.models.reduced import cosines
from tfq.models.runtime import SPEECH, Models
from tfq.stages.calibration import calibration
from tfq.store import TfqFile


def given(path: Path, sound: bool, part: str) -> tuple[np.ndarray, int]:
    """What a network is given of a clip, and how many frames it has."""
    with TfqFile(path, read_only=True) as file:
        frames = file.shape("extract/time_s")[0]
        if sound:
            return loudness.normalise(file.array("extract/audio"), -1.0), frames
        crops = file.array("align/crops")
        where = regions_of(file.array("align/landmarks"), file.array("align/transform"), crops.shape[1])
        return np.ascontiguousarray(crops[(slice(None), *getattr(where, part))]), frames


def main() -> None:
    """Read the command line and print a row for each group and precision."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--only", nargs="*", default=[row.name for row in MEASUREMENTS.values() if row.encoder])
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    models = Models(options.models, threads=1, offline=True)
    print("| group | precision | mean cosine | least | ms a frame |\n|---|---|---|---|---|")
    for name in options.only:
        encoder, (_, _, part) = MEASUREMENTS[name].encoder, name.rpartition("_")
        inputs = [given(path, encoder in SPEECH, part) for path in options.files]
        try:
            exact = [models.encoder(encoder)(each) for each, _ in inputs]
        except TfqError as error:
            print(f"| {name} | {str(error).splitlines()[0]} | | | |")
            continue
        for precision in ("fp32", "bf16", "int8"):
            run = models.encoder(encoder, precision, calibration((), models) if precision == "int8" else None)
            run = getattr(run, "_fast", run)
            run(inputs[0][0][: 32_000 if encoder in SPEECH else 16])
            before = time.process_time()
            rows = [run(each) for each, _ in inputs]
            cost = 1e3 * (time.process_time() - before) / sum(frames for _, frames in inputs)
            found = np.concatenate([cosines(a, b) for a, b in zip(rows, exact, strict=True)])
            print(f"| {name} | {precision} | {found.mean():.4f} | {found.min():.4f} | {cost:.2f} |", flush=True)


if __name__ == "__main__":
    main()
