"""The pipelines that the README offers for CI services: they are what the services read, and their lines work."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from tests.lines import Typist
from tfq.cli.app import app
from tfq.config import DIMENSIONS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
INSTALL = "pip install ./tfq"
GATE_FAILED = 1


def block(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)^```$", README, re.M | re.S)
    assert found, mark
    return found[1]


def github() -> tuple[list[str], list[str]]:
    """Lines that run, and paths that are kept; YAML reads the word `on` as true."""
    content = yaml.safe_load(block("ci: github"))
    assert set(content) == {"name", True, "jobs"}
    steps = content["jobs"]["quality"]["steps"]
    assert all(("run" in step) != ("uses" in step) for step in steps)
    assert steps[0]["uses"].startswith("actions/checkout@")
    kept = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
    pages = next(step for step in steps if "tfq report" in step.get("run", ""))
    assert kept["if"] == pages["if"] == "always()"  # also where the gate failed
    return [step["run"] for step in steps if "run" in step], kept["with"]["path"].split()


def gitlab() -> tuple[list[str], list[str]]:
    job = yaml.safe_load(block("ci: gitlab"))["talking faces"]
    assert job["artifacts"]["when"] == "always"
    kept = [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]
    return [*job["script"], *job["after_script"]], kept


@pytest.mark.weights
@pytest.mark.parametrize("service", [github, gitlab])
def test_a_pipeline_leaves_results_pages_and_a_verdict(service, typist: Typist, tmp_path: Path) -> None:
    folder = typist.folder(tmp_path / "furnished")
    for old in (folder / "work").iterdir():
        old.unlink()
    environment = {**typist.environment, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    lines, kept = service()
    assert lines[0].startswith(INSTALL)
    statuses = {line: Typist(typist.furnished, environment).run(line, folder).returncode for line in lines[1:]}
    assert set(statuses.values()) <= {0, GATE_FAILED}, statuses
    assert [line for line, status in statuses.items() if status] in (
        [],
        [line for line in lines if "--fail-under" in line],
    )
    assert all((folder / path).exists() for path in kept)
    cases = ElementTree.parse(folder / "tfq.xml").getroot().findall("testcase")
    assert len(cases) == 2 * len(DIMENSIONS)
    assert {path.name for path in (folder / "pages").iterdir()} == {"a.html", "b.html", "all.html"}
    assert "| Lip sync |" in (folder / "summary.md").read_text()


def test_the_settings_of_the_readme_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tfq.toml").write_text(block("file: tfq.toml"))
    shown = CliRunner().invoke(app, ["config", "score"], prog_name="tfq")
    assert shown.exit_code == 0
    assert tomllib.loads(shown.stdout)["score"] == {"fail-under": ["lip_sync=3.5", "overall=3"], "max-offset-ms": 80.0}
