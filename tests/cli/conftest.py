from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from tfq.cli.app import app
from tfq.stages import pipeline

FAKE = Path(__file__).with_name("fake_road.py")

Tfq = Callable[..., Result]
Shell = Callable[..., subprocess.CompletedProcess[bytes]]


def _leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, TyperGroup):
        return [path]
    return [leaf for name, member in command.commands.items() for leaf in _leaves(member, (*path, name))]


COMMANDS = _leaves(get_command(app))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "command_path" in metafunc.fixturenames:
        metafunc.parametrize("command_path", COMMANDS, ids=" ".join)


@pytest.fixture
def commands() -> list[tuple[str, ...]]:
    """Words of every command, as in `("models", "list")`."""
    return COMMANDS


@pytest.fixture
def fake_road(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("fake_road", FAKE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(pipeline, "walk", pipeline.walk)
    spec.loader.exec_module(module)


@pytest.fixture
def tfq(fake_road: None) -> Tfq:
    """Run tfq in this process, on the fake road."""
    return lambda *args, **extra: CliRunner().invoke(app, [str(arg) for arg in args], prog_name="tfq", **extra)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where a process of its own keeps its log in the test's folder."""
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONUTF8": "1"}


@pytest.fixture
def fake(environment: dict[str, str], tmp_path: Path) -> list[str]:
    """The command that starts tfq on the fake road; `tfq` does in the shell."""
    folder = tmp_path.with_name(f"{tmp_path.name}-bin")
    folder.mkdir()
    program = folder / "tfq"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{FAKE}' \"$@\"\n")
    program.chmod(0o755)
    environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
    return [sys.executable, str(FAKE)]


@pytest.fixture
def shell(fake: list[str], environment: dict[str, str], tmp_path: Path) -> Shell:
    """Run a command line of bash in the test's folder."""

    def run(line: str, **extra: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False, **extra
        )

    return run


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Make a pretended video whose words tell the fake road what to do."""

    def make(name: str, words: str = "fine") -> Path:
        path = tmp_path / name
        path.write_text(f"{words} {name}")
        return path

    return make
