"""`tfq models` on a registry of one small file that no network is needed for."""

from __future__ import annotations

import hashlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tfq.cli.app import app
from tfq.models import registry
from tfq.models.registry import WEIGHTS, Weight

CONTENT = b"weights"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of one row, an empty cache, and a folder for `--models`."""
    row = Weight("toy", "a test", "toy.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "CC0", default=True)
    monkeypatch.setattr(registry, "WEIGHTS", WEIGHTS)
    for name in list(WEIGHTS):
        monkeypatch.delitem(WEIGHTS, name)
    monkeypatch.setitem(WEIGHTS, "toy", row)
    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TFQ_MODELS", raising=False)
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


def tfq(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["models", *map(str, arguments)], prog_name="tfq")


def cells(result: Result) -> dict[str, str]:
    titles, row = (line.split("\t") for line in result.stdout.splitlines())
    return dict(zip(titles, row, strict=True))


@pytest.mark.parametrize(("content", "state"), [(None, "missing"), (b"WEIGHTS", "wrong"), (CONTENT, "present")])
def test_list_tells_the_state_of_each_file(folder: Path, content: bytes | None, state: str) -> None:
    if content is not None:
        (folder / "toy.bin").write_bytes(content)
    result = tfq("list", "--models", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert cells(result) == {
        "name": "toy", "state": state, "bytes": "7", "file": "toy.bin", "licence": "CC0", "task": "a test",
    }  # fmt: skip


def test_list_tells_licences() -> None:
    titles, row, *packages = (line.split("\t") for line in tfq("list", "--licences").stdout.splitlines())
    assert dict(zip(titles, row, strict=True))["licence"] == "CC0"
    assert {line[0] for line in packages} >= {"numpy", "torch"}


def test_verify_counts_what_is_missing_only_where_it_is_named(folder: Path) -> None:
    assert (tfq("verify").exit_code, tfq("verify").stdout) == (0, "")
    named = tfq("verify", "toy")
    assert (named.exit_code, named.stdout) == (6, "toy\tmissing\n")


def test_verify_fails_on_a_wrong_file(folder: Path) -> None:
    (folder / "toy.bin").write_bytes(b"WEIGHTS")
    result = tfq("verify", "--models", folder)
    assert (result.exit_code, result.stdout, result.stderr) == (6, "toy\twrong\n", "")


def test_fetch_prints_the_file_that_is_there(folder: Path) -> None:
    (folder / "toy.bin").write_bytes(CONTENT)
    result = tfq("fetch", "--models", folder)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{folder / 'toy.bin'}\n", "")


def test_fetch_of_what_nobody_has_is_status_6() -> None:
    result = tfq("fetch")
    assert (result.exit_code, result.stdout) == (6, "")
    assert result.stderr.startswith("tfq: toy.bin (SHA-256 ")
    assert result.stderr.count("\n") == 1


def test_an_unknown_model_is_wrong_usage() -> None:
    for command in ("fetch", "verify", "where"):
        result = tfq(command, "tyo")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "tyo: no such model" in result.stderr


def test_where_prints_the_file_or_the_cache(folder: Path, tmp_path: Path) -> None:
    assert tfq("where").stdout == f"{tmp_path / 'cache' / 'weights'}\n"
    (folder / "toy.bin").write_bytes(CONTENT)
    assert tfq("where", "toy", "--models", folder).stdout == f"{folder / 'toy.bin'}\n"
    missing = tfq("where", "toy")
    assert (missing.exit_code, missing.stdout) == (6, "")
    assert "tfq models fetch toy" in missing.stderr


def test_a_terminal_gets_a_table(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "TFQ_CACHE": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-m", "tfq", "models", "list"], stdout=slave, env=environment, check=True, timeout=120
    )
    os.close(slave)
    shown = os.read(master, 65536).decode()
    assert "scrfd.onnx" in shown
    assert "\t" not in shown
