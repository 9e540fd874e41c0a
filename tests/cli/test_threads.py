"""Each process keeps to its share of the cores, in libraries that only the environment reaches too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("threads_seen.py")


@pytest.mark.parametrize("jobs", [1, 2])
def test_algebra_has_one_thread_and_pictures_their_share(environment, video, tmp_path, jobs):
    clips = [video(f"{name}.mp4") for name in "abcd"]
    # Commands that other tests ran in this process have set these for it.
    inherited = {name: value for name, value in os.environ.items() if "_THREADS" not in name}
    environment = {**inherited, **{name: environment[name] for name in ("XDG_STATE_HOME", "PYTHONUTF8")}}
    command = [sys.executable, PROGRAM, "extract", "--jobs", str(jobs), "--threads", "2", *clips]
    subprocess.run(command, env=environment, check=True, timeout=300)
    seen = [json.loads(clip.with_suffix(".h5").read_text()) for clip in clips]
    assert all(one["algebra"] and set(one["algebra"]) == {1} for one in seen)
    assert {one["pictures"] for one in seen} == {min(2 // jobs, os.cpu_count())}
    assert len({one["pid"] for one in seen}) <= jobs
