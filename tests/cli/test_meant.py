"""What is nearly right is asked back, and Tab offers what there is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfq.cli.app import app
from tfq.config import DIMENSIONS
from tfq.features import MEASUREMENTS


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="tfq")


@pytest.mark.parametrize(
    ("args", "status", "hint"),
    [
        (["scor"], 2, "Did you mean 'score'?"),
        (["score", "--fail-undr", "x"], 2, "--fail-under"),
        (["score", "--fail-under", "lip_sinc=3", "x"], 2, "did you mean lip_sync?"),
        (["score", "--format", "jsno", "x"], 2, "did you mean json?"),
        (["features", "--only", "lps", "x"], 2, "did you mean lips?"),
        (["features", "--skip", "lips,dnsmso", "x"], 2, "did you mean dnsmos?"),
        (["models", "fetch", "scrdf"], 2, "did you mean scrfd?"),
        (["config", "scroe"], 2, "did you mean score?"),
        (["degrade", "--kind", "mouth_pach", "x"], 2, "did you mean mouth_patch?"),
        (["index", "-o", "i.jsonl", "--layout", "emotiontlk", "."], 2, "did you mean emotiontalk?"),
        (["-v", "score", "x"], 2, "tfq score --verbose"),
    ],
)
def test_a_near_miss_is_asked_back(args, status, hint):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (status, "")
    assert hint in result.stderr
    assert "Value error" not in result.stderr


def test_a_file_that_is_not_there_is_looked_for_beside(tmp_path):
    (tmp_path / "interview.mp4").touch()
    result = run("score", tmp_path / "intervew.mp4")
    assert result.exit_code == 3
    assert "no such file; did you mean interview.mp4?" in result.stderr
    assert "did you mean" not in run("score", tmp_path / "xyz.webm").stderr


def completed(line: str, folder) -> list[str]:
    """What Tab offers at the end of a line in bash."""
    environment = {
        **os.environ,
        "_TFQ_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
    }
    code = "from tfq.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True, check=False
    ).stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tfq sco", ["score"]),
        ("tfq score --fail-under ", [f"{name}=" for name in DIMENSIONS]),
        ("tfq score --fail-under lip_sync=3,o", ["lip_sync=3,overall="]),
        ("tfq score --format jso", ["json", "jsonl"]),
        ("tfq features --only ", list(MEASUREMENTS)),
        ("tfq features --skip lips,li", ["lips,liveliness"]),
        ("tfq features --skip mel,dns", ["mel,dnsmos"]),
        ("tfq models fetch scr", ["scrfd"]),
        ("tfq score c", ["clip.h5", "clip.mp4"]),
        ("tfq score --checkpoint m", ["mine.safetensors"]),
        ("tfq score --baseline o", ["old.jsonl"]),
    ],
)
def test_tab_offers_names_of_what_there_is(line, offered, tmp_path):
    for name in ("clip.mp4", "clip.h5", "clip.txt", "mine.safetensors", "more.txt", "old.jsonl", "old.csv"):
        (tmp_path / name).touch()
    assert completed(line, tmp_path) == offered


def test_the_version_tells_a_bug_report_what_it_needs():
    assert run("--version").stdout.count("\n") == 1
    for args in (["--version", "--verbose"], ["-v", "--version"]):
        result = run(*args)
        assert (result.exit_code, result.stderr) == (0, "")
        told = dict(line.split(":", 1) for line in result.stdout.splitlines()[1:])
        assert {"python", "system", "packages", "models in", "missing", "tfq-embedded"} <= set(told)
        assert "numpy " in told["packages"]
        assert "MISSING" not in told["packages"]
