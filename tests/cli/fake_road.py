"""A road that takes no time: every stage obeys the words that a pretended video holds.

Run as a program, this file is tfq on that road, in its workers too; the fixtures load it to walk it in this process.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np

from tfq.cli.app import main
from tfq.errors import InputError, WeightsError
from tfq.stages import pipeline
from tfq.store import Stamp


def walk(file, target, settings, models, *, source=None, force=False, recorded=None, progress=lambda _: None):
    """`bad`, `weights`, `defect` and `die` end it; `slow` takes a while; `no_face` leaves nothing to judge."""
    words = source.read_text(errors="replace").split() if source else file.info("extract")["words"]
    progress(target)
    if "slow" in words:
        (source or Path(file.path)).with_suffix(".started").touch()
        time.sleep(20)
    if "bad" in words:
        raise InputError(f"{source}: not a video")
    if "weights" in words:
        raise WeightsError("scrfd.onnx: not found")
    if "defect" in words:
        raise KeyError("landmarks")
    if "die" in words:
        os.kill(os.getpid(), signal.SIGKILL)
    stamp = Stamp("extract", 1, {"force": force})
    with file.replacing("extract", stamp, {"source_sha256": pipeline.sha256(source)} if source else {}) as group:
        group.put("valid", np.ones(3, dtype=bool))
        runs = file.info("extract")["runs"] if file.has("extract") else 0
        told = {"process": os.getpid(), "models": id(models)}
        group.info = {"words": words, "target": target, "runs": runs + 1, **told}
    rows = {"score": ("scores", np.ones((6, 3)))}.get(target, ("valid", np.ones(3, dtype=bool)))
    if target != "extract":
        with file.replacing(target, Stamp(target, 1)) as group:
            group.put(*rows)
            group.status = "no_face" if "no_face" in words else "ok"


pipeline.walk = walk

if __name__ == "__main__":
    main()
