"""Scores of a clip do not depend on the run, the number of threads, or what was judged before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lines import DEMO, cut
from tfq.config import DIMENSIONS, Settings
from tfq.models.runtime import Models
from tfq.stages import score
from tfq.stages.pipeline import walk
from tfq.store import TfqFile

SAME = 1e-6  # points of MOS, on one machine; another machine's tolerance stands in tests/golden/scores.json


def judged(clip: Path, models: Models) -> tuple[dict[str, Any], np.ndarray]:
    with TfqFile(clip.with_suffix(".h5"), durable=False) as file:
        walk(file, "score", Settings(), models, source=clip)
        made = score.result(file, clip.name), file.array("score/over_time")
    clip.with_suffix(".h5").unlink()
    return made


@pytest.mark.weights
def test_every_run_gives_the_same_scores(tmp_path: Path) -> None:
    clip, other = tmp_path / "clip.mp4", tmp_path / "other.mp4"
    cut(DEMO, clip)
    cut(DEMO, other, length_s=0.8)
    one = Models(threads=1)
    known, over_time = judged(clip, one)
    assert all(known["scores"][name] for name in DIMENSIONS)
    again = judged(clip, one)  # in a process that has judged before
    judged(other, one)
    after = judged(clip, one)
    threads = judged(clip, Models(threads=2))
    for result, moments in (again, after, threads):
        for name in DIMENSIONS:
            assert result["scores"][name] == pytest.approx(known["scores"][name], abs=SAME)
        assert np.abs(moments - over_time).max() <= SAME
        assert result["sync"] == pytest.approx(known["sync"], abs=1e-4)
        assert result["weak_segments"] == known["weak_segments"]
