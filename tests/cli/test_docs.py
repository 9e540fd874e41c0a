import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from tfq.cli import docs, overview
from tfq.cli.app import app
from tfq.cli.help_zh import MESSAGES
from tfq.config import DIMENSIONS
from tfq.store import schema

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["man", "completions"])
def test_what_is_in_the_repository_is_current(tmp_path, folder):
    docs.write(tmp_path)
    made = {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}
    kept = {path.name: path.read_text() for path in (ROOT / folder).iterdir()}
    assert kept == made, "run: python -m tfq.cli.docs"


def test_every_command_has_a_page(commands):
    pages = {"-".join(["tfq", *path]) + ".1" for path in commands}
    assert pages | {"tfq.1", "tfq-models.1", "tfq-format.5", "tfq.7"} == set(docs.pages())


def test_every_dataset_and_attribute_is_in_the_format_page():
    page = docs.pages()["tfq-format.5"].replace("\\-", "-")
    for row in (*schema.DATASETS, *schema.ATTRIBUTES):
        assert row.path in page


def test_pages_are_ascii_and_hold_no_request_by_accident():
    for name, page in docs.pages().items():
        assert page.isascii(), name
        requests = set(re.findall(r"^[.'](\w+|.)", page, re.M))
        assert requests <= {"TH", "SH", "PP", "TP", "B", "BR", "RS", "RE", "EX", "EE"}, name


def test_the_overview_names_every_command_and_dimension():
    page = docs.pages()["tfq.7"].replace("\\-", "-")
    for name in (*get_command(app).commands, *DIMENSIONS):
        assert f".B {name}\n" in page


@pytest.mark.weights
def test_the_examples_of_the_overview_work(typist, tmp_path):
    blocks = (overview.PIPE_LINES, overview.GATE_LINES, overview.LOOK_LINES, overview.OWN_LINES)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    assert typist.failures(lines, typist.folder(tmp_path / "furnished"), {"--fail-under": 1, "--max-drop": 1}) == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_pages_render_without_a_warning(tmp_path):
    for name, page in docs.pages().items():
        command = ["groff", "-man", "-ww", "-Tutf8", "-z"]
        ran = subprocess.run(command, input=page.encode(), capture_output=True, check=True)
        assert ran.stderr == b"", name


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_bash_script_registers_itself(tmp_path):
    docs.write(tmp_path)
    line = f"source '{tmp_path}/completions/tfq.bash' && complete -p tfq"
    assert "_tfq_completion" in subprocess.check_output(["bash", "-c", line], text=True)


def spoken(command):
    """Every text of a command's help, and of its members."""
    parts = (command.help or "").split("\n\n")
    yield from (" ".join(part.split()) for part in parts if not part.startswith("\b"))
    for parameter in command.params:
        yield from (parameter.help, getattr(parameter, "show_default", None))
    for member in getattr(command, "commands", {}).values():
        yield from spoken(member)


def test_every_help_text_is_there_in_chinese():
    texts = {text for text in spoken(get_command(app)) if isinstance(text, str) and re.search("[a-z]{2}[^=]*$", text)}
    missing = sorted(texts - MESSAGES.keys())
    assert not missing, "say these in Chinese in tfq/cli/help_zh.py"
