"""Every line that a help text gives as an example is typed and works."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.lines import Typist
from tfq.cli.app import app

# Examples that cannot be typed here, by a part of the line, and why.
UNTYPED = {
    "score --demo": "it scores a whole clip, which tests/test_end_to_end.py does",
    "--layout thqa-ntire": "the data set is its authors' to give",
    "wav2lip_gan.pth": "the weights are their authors' to give",
    "--network": "training a sync network takes hours",
    "--ray auto": "tests/cli/test_cluster.py has a cluster, and the demo no bucket",
    "torchrun": "processes of its own would import everything anew; tests/fusion/test_processes.py has them",
    "models fetch whisper-base": "it fetches 290 MB that nothing else needs",
}


def examples(command: object, name: str) -> Iterator[tuple[str, list[str]]]:
    """The example lines of a command and of its members."""
    blocks = [block for block in command.help.split("\n\n") if block.startswith("\b")]
    yield name, [line.strip() for block in blocks for line in block.splitlines()[1:]]
    if isinstance(command, TyperGroup):
        for member, inner in command.commands.items():
            yield from examples(inner, f"{name} {member}")


EXAMPLES = {name: lines for name, lines in examples(get_command(app), "tfq") if name != "tfq models"}


def untyped(line: str) -> str | None:
    return next((reason for text, reason in UNTYPED.items() if text in line), None)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_command_names_itself_in_an_example(name: str) -> None:
    assert any(name in line for line in EXAMPLES[name])


def test_every_reason_not_to_type_a_line_is_needed() -> None:
    lines = [line for lines in EXAMPLES.values() for line in lines]
    assert all(any(text in line for line in lines) for text in UNTYPED)
    assert sum(untyped(line) is None for line in lines) > 0.8 * len(lines)


@pytest.mark.weights
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_work_one_after_the_other(name: str, typist: Typist, tmp_path: Path) -> None:
    folder = typist.folder(tmp_path / "furnished")
    lines = [line for line in EXAMPLES[name] if untyped(line) is None]
    if shutil.which("jq") is None:
        lines = [line.replace("| jq .groups.detect.info", "") for line in lines]
    assert typist.failures(lines, folder, {"--fail-under": 1}) == []  # a gate may fail
