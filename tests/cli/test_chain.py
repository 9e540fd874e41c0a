"""Real stages in a real shell; those that need no weights."""

import json
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest


@pytest.fixture
def clip(tmp_path):
    """One second of a growing bar and a 440 Hz tone."""
    path = tmp_path / "one second.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=16_000, layout="mono")
        for i in range(25):
            image = np.zeros((64, 64, 3), np.uint8)
            image[:, : 2 * i + 8] = 200
            container.mux(picture.encode(av.VideoFrame.from_ndarray(image)))
        tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)[None] / 2
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
        container.mux(sound.encode(frame))
        for stream in (picture, sound):
            container.mux(stream.encode())
    return path


def test_stages_chain_and_a_second_run_changes_nothing(clip):
    line = f"tfq() {{ '{sys.executable}' -m tfq \"$@\"; }}; set -o pipefail; "
    line += "tfq extract 'one second.mp4' | tfq audio | tfq show --format json"
    runs = []
    for _ in range(2):
        ran = subprocess.run(["bash", "-c", line], cwd=clip.parent, capture_output=True, text=True, check=False)
        assert (ran.returncode in (0, 4), ran.stderr.count("Traceback")) == (True, 0)
        runs.append((ran.stdout, clip.with_suffix(".h5").stat().st_mtime_ns))
    shown = json.loads(runs[0][0])
    assert list(shown["groups"]) == ["extract", "audio"]
    assert shown["groups"]["extract"]["info"]["duration_s"] == pytest.approx(1, abs=0.1)
    assert runs[0] == runs[1]
