"""The README from top to bottom: every command in it is typed, in its order, and ends as the README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from tests.lines import NAMES, Typist
from tfq.cli.app import app

README = Path(__file__).parents[1] / "README.md"

# What of a line cannot be typed in a test, as a pattern, and why; what is left of the line is typed.
UNTYPED = {
    r"^python3 -m venv \.venv && \.venv/bin/pip install .+ && \.venv/bin/": "it installs from a package index",
    r"^ray start .*$|^tfq .* --ray auto\b.*$": "tests/cli/test_cluster.py has a cluster",
    r"^python -m pytest$": "these are the tests",
    r"^tfq score --demo\b.*$": "it scores a whole clip, which tests/test_end_to_end.py does",
}
ALLOWED = {"--fail-under": 1}  # a gate: it may fail


def blocks(language: str, text: str) -> list[str]:
    """What stands in the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def typed(line: str) -> str:
    """What a test can type of a line."""
    for pattern in UNTYPED:
        line = re.sub(pattern, "", line)
    return line.strip()


def lines() -> list[str]:
    text = "".join(blocks("sh", README.read_text(encoding="utf-8"))).replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_every_reason_not_to_type_a_line_is_needed() -> None:
    said = lines()
    for pattern in UNTYPED:
        left = [line for line in said if re.search(pattern, line)]
        said = [re.sub(pattern, "", line) for line in said]
        assert left, pattern
    assert sum(bool(typed(line)) for line in lines()) > 0.8 * len(lines())


def test_every_command_that_prose_names_is_there() -> None:
    named = set(re.findall(r"`tfq ([a-z]+)", README.read_text(encoding="utf-8")))
    assert named <= set(get_command(app).commands)


@pytest.mark.weights
def test_every_line_of_the_readme_works(typist: Typist, tmp_path: Path) -> None:
    folder = typist.folder(tmp_path / "furnished")
    table = [f"{name}.mp4,{name},{2 + number % 3}" for number, name in enumerate(NAMES)]
    (folder / "ratings.csv").write_text("\n".join(["file,speaker,overall", *table]) + "\n")
    assert typist.failures(filter(None, map(typed, lines())), folder, ALLOWED) == []
    assert {"clip.html", "versions.html", "rate.html", "mine.safetensors"} <= {path.name for path in folder.iterdir()}
    assert (folder / "pages" / "all.html").exists()
