"""The clip that comes with tfq through everything, as a newcomer runs it and as a pipeline does."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tfq.config import DIMENSIONS

CLIP = Path(str(files("tfq") / "demo" / "demo.mp4"))
TFQ = f"'{sys.executable}' -m tfq"
# Runs tfq, then writes into a file which of the libraries that take seconds to import it has imported, and whether
# anything has asked for the network.
WATCHED = """
import atexit, sys
SLOW = {"torch", "transformers", "accelerate", "librosa"}
asked = []
sys.addaudithook(lambda event, _: event in ("socket.connect", "socket.getaddrinfo") and asked.append(event))
atexit.register(lambda: open("slow", "w").write(" ".join([*(SLOW & sys.modules.keys()), *asked])))
from tfq.cli.app import main
main()
"""


def shell(line: str, folder: Path) -> str:
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.weights
def test_the_demo_is_judged_alike_by_one_command_and_by_seven(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -c {shlex.quote(WATCHED)} score --demo --format json"
    at_once = json.loads(shell(command, tmp_path))
    assert (tmp_path / "slow").read_text() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["slow"]
    assert at_once["status"] == "ok"
    assert all(1 <= at_once["scores"][name]["mos"] <= 5 for name in DIMENSIONS)
    assert abs(at_once["sync"]["offset_ms"]) < 40
    assert at_once["sync"]["probability"] > 0.9
    assert at_once["scores"]["lip_sync"]["mos"] > 4

    shutil.copy(CLIP, tmp_path / "a clip.mp4")
    stages = " | ".join(f"{TFQ} {name}" for name in ("detect", "align", "audio", "sync", "features"))
    piped = json.loads(shell(f"{TFQ} extract 'a clip.mp4' | {stages} | {TFQ} score --format json", tmp_path))
    assert piped["file"] == "a clip.h5"
    for name in DIMENSIONS:
        assert piped["scores"][name] == pytest.approx(at_once["scores"][name], abs=1e-6)
    assert piped["weak_segments"] == at_once["weak_segments"]
