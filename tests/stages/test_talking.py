"""Two faces and one voice: the one that says what is heard is judged."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from tfq.config import Settings
from tfq.media import writer
from tfq.media.frames import frames, timeline
from tfq.media.samples import samples
from tfq.models.runtime import Models
from tfq.stages.pipeline import walk
from tfq.store import TfqFile

CLIP = Path(str(files("tfq") / "demo" / "demo.mp4"))


@pytest.mark.weights
@pytest.mark.parametrize("talks", [0, 1])
def test_the_face_that_says_what_is_heard_is_judged(talks: int, tmp_path: Path) -> None:
    grid = timeline(CLIP)
    forward = [picture[::2, ::2] for _, picture in frames(CLIP, grid.picture)]
    backward = forward[::-1]  # its mouth moves as much and as often
    sides = (forward, backward) if talks == 0 else (backward, forward)
    sound, _ = samples(CLIP, len(grid), grid.start_s)
    clip = tmp_path / "two.mp4"
    writer.write(clip, (np.hstack(pair) for pair in zip(*sides, strict=True)), sound)
    with TfqFile(tmp_path / "two.h5") as file:
        walk(file, "detect", Settings(), Models(threads=1), source=clip)
        boxes, info = file.array("detect/boxes"), file.info("detect")
    assert len(boxes) == 2
    middle = np.nanmean(boxes[info["judged_track"]][:, [0, 2]])
    assert int(middle > forward[0].shape[1]) == talks
    assert info["rule"]["voice"][info["judged_track"]] > 2 * min(info["rule"]["voice"])
