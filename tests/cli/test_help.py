"""Help in Chinese: asked for in any of four ways, translated whole, and laid out in the width of the terminal."""

import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfq.cli.app import app
from tfq.cli.help import cells, wrapped
from tfq.cli.help_zh import MESSAGES

SUMMARY = "检测并跟踪人脸，选出正在说话的人。"


@pytest.fixture(autouse=True)
def no_locale(monkeypatch):
    for name in ("TFQ_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def shown(*args, **extra):
    result = CliRunner().invoke(app, list(args), prog_name="tfq", **extra)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize(
    ("args", "environment"),
    [
        (["--lang", "zh", "--help"], {}),
        (["--help", "--lang=zh"], {}),
        (["--help"], {"TFQ_LANG": "zh"}),
        (["--help"], {"LANG": "zh_CN.UTF-8"}),
    ],
)
def test_help_is_chinese_where_it_is_asked_for(args, environment):
    assert SUMMARY in shown(*args, env=environment)


@pytest.mark.parametrize("environment", [{}, {"TFQ_LANG": "en", "LANG": "zh_CN.UTF-8"}])
def test_and_english_where_it_is_not(environment):
    assert shown("--help", env=environment).isascii()


def test_a_flag_goes_before_the_environment():
    assert shown("--lang", "en", "detect", "--help", env={"TFQ_LANG": "zh"}).isascii()


def test_every_command_is_laid_out_within_the_terminal(command_path):
    english = shown(*command_path, "--help")
    chinese = shown("--lang", "zh", *command_path, "--help")
    examples = {line for line in english.splitlines() if line.startswith(" " * 6 + "tfq ")}
    assert examples <= set(chinese.splitlines())  # what is typed is not translated
    told = [line for line in chinese.splitlines() if any(cells(character) == 2 for character in line)]
    assert len(told) > 5
    assert max(map(cells, told)) <= 80
    assert not any(line.lstrip()[0] in "，。；：）" for line in told)


def test_the_same_options_stand_in_both_languages(command_path):
    def options(text):
        _, listed = re.split("^(?:Options:|选项：)$", text, flags=re.M)
        return [re.split(r"\s\s|$", line[2:])[0] for line in listed.splitlines() if re.match("  -", line)]

    assert options(shown("--lang", "zh", *command_path, "--help")) == options(shown(*command_path, "--help"))


def test_wrapping_loses_nothing():
    for text in MESSAGES.values():
        assert "".join("".join(wrapped(text, 20)).split()) == "".join(text.split())


def test_the_catalogue_is_loaded_for_chinese_alone():
    code = """
import sys
from tfq.cli.app import main
sys.argv[1:] = ["score", "--help"]
try: main()
finally: print("tfq.cli.help_zh" in sys.modules)
"""
    for language, loaded in (("en", b"False"), ("zh", b"True")):
        environment = {**os.environ, "TFQ_LANG": language, "PYTHONUTF8": "1"}
        ran = subprocess.check_output([sys.executable, "-c", code], env=environment)
        assert ran.splitlines()[-1] == loaded
