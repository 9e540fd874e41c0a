"""Detection on the way of the timeline stores what detection of its own stores, and mostly without decoding again."""

from fractions import Fraction

import numpy as np
import pytest

from tests.make import clip, damaged, number
from tfq.config import Settings
from tfq.faces.detect import Detections
from tfq.models.runtime import Models
from tfq.stages import detect, pipeline
from tfq.store import TfqFile


@pytest.fixture
def looked(monkeypatch) -> dict[str, int]:
    """A detector that finds a face whose place tells which picture it is; how often it and the decoder were asked."""
    counts = {"detector": 0, "decoder": 0}
    decode = detect.frames

    def find(picture):
        counts["detector"] += 1
        x = float(number(picture))
        return Detections(
            np.array([[x, 10, x + 40, 60]], np.float32), np.full((1, 5, 2), x, np.float32), np.ones(1, np.float32)
        )

    def frames(*given, **options):
        counts["decoder"] += 1
        return decode(*given, **options)

    monkeypatch.setattr(detect, "_scrfd", lambda config, models: find)
    monkeypatch.setattr(detect, "frames", frames)
    return counts


def stored(path, source, steps) -> dict[str, np.ndarray]:
    models = Models(threads=1, offline=True)
    with TfqFile(path, durable=False) as file:
        for step in steps:
            pipeline.walk(file, step, Settings(), models, source=source)
        return {name: file.array(f"detect/{name}") for name in ("boxes", "points", "score", "valid")} | {
            "cuts": np.array(file.info("detect")["cuts"])
        }


@pytest.mark.parametrize("fps", [25, 30, Fraction(30000, 1001), 50, 12, Fraction(2997, 200)])
def test_steady_clips_are_decoded_once(tmp_path, looked, fps):
    source = clip(tmp_path / "a.mp4", duration_s=3, fps=fps, black=range(4, 9))
    apart = stored(tmp_path / "apart.h5", source, ("extract", "detect"))
    assert looked["decoder"] == 1
    asked = looked["detector"]
    once = stored(tmp_path / "once.h5", source, ("detect",))
    assert looked == {"detector": 2 * asked, "decoder": 1}
    for name, values in apart.items():
        np.testing.assert_array_equal(values, once[name], err_msg=name)


@pytest.mark.parametrize("kind", ["damaged", "gaps"])
def test_odd_clips_end_the_same(tmp_path, looked, kind):
    source = clip(tmp_path / "a.mp4", duration_s=3)
    if kind == "damaged":
        source = damaged(source, range(20, 30))
    else:
        rng = np.random.default_rng(1)
        times = np.cumsum(rng.choice([0.02, 0.04, 0.13], 60))
        source = clip(tmp_path / "gaps.mp4", times=times.tolist())
    apart = stored(tmp_path / "apart.h5", source, ("extract", "detect"))
    once = stored(tmp_path / "once.h5", source, ("detect",))
    for name, values in apart.items():
        np.testing.assert_array_equal(values, once[name], err_msg=name)
