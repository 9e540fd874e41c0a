import json
import os
import resource
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tfq.cli import interrupt
from tfq.cli.app import app

HEAVY = {"torch", "av", "h5py", "mediapipe", "cv2", "scipy", "onnxruntime", "transformers"}
ROAD = ["extract", "detect", "align", "audio", "sync", "features", "index", "train", "score", "report"]


def test_every_command_has_help_with_an_example(command_path):
    result = CliRunner().invoke(app, [*command_path, "--help"], prog_name="tfq")
    assert (result.exit_code, result.stderr) == (0, "")
    example = " ".join(["tfq", *command_path])
    assert any(line.startswith(" " * 6) and example in line for line in result.stdout.splitlines())


def test_help_lists_the_commands_in_the_order_of_the_road():
    assert list(get_command(app).commands)[: len(ROAD)] == ROAD


def spent(*command, **environment):
    """Least processor time of five runs of Python, in seconds; other work on the machine counts as little as can be."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], env={**os.environ, **environment}, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


@pytest.fixture(scope="module")
def bare():
    """What a command line costs that has nothing to say."""
    return spent("-c", "import typer")


def test_help_costs_little_more_than_the_library_it_is_made_with(bare):
    assert spent("-m", "tfq", "--help") < 5 * bare


def test_completion_costs_little_more_too(bare):
    completed = {"_TFQ_COMPLETE": "complete_bash", "COMP_WORDS": "tfq sc", "COMP_CWORD": "1"}
    assert spent("-m", "tfq", **completed) < 6 * bare


def imported(*args, also=(), **environment):
    """Which heavy packages a run of tfq imports."""
    code = f"""
import atexit, sys
atexit.register(lambda: print(*{HEAVY | set(also)!r} & set(sys.modules), file=sys.stderr))
sys.argv = {["tfq", *args]!r}
from tfq.cli.app import main
main()
"""
    environment = {**os.environ, **environment}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return set(ran.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["score", "--help"], ["--version"], ["models", "--help"]])
def test_nothing_heavy_is_imported_for_help(args):
    assert imported(*args, also={"numpy", "rich"}) == set()


@pytest.mark.parametrize("words", ["tfq sc", "tfq score --form", "tfq score clip", "tfq models where scr"])
def test_nothing_heavy_is_imported_for_completion(words):
    count = str(len(words.split()) - 1)
    assert imported(_TFQ_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count) == set()


def completed(tmp_path, words):
    asked = {"_TFQ_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-m", "tfq"]
    return subprocess.check_output(command, cwd=tmp_path, env={**os.environ, **asked}, text=True).split()


def test_completion_knows_choices_and_kinds_of_files(tmp_path):
    for name in ("clip.mp4", "clip.h5", "clip.txt", "mine.safetensors"):
        (tmp_path / name).touch()
    assert completed(tmp_path, "tfq score --format j") == ["json", "jsonl", "junit"]
    assert completed(tmp_path, "tfq score cl") == ["clip.h5", "clip.mp4"]
    assert completed(tmp_path, "tfq score --checkpoint m") == ["mine.safetensors"]


def test_completion_leaves_folders_and_quoting_to_the_shell(tmp_path):
    (tmp_path / "clips").mkdir()
    assert completed(tmp_path, "tfq score cl") == []
    (tmp_path / "my clip.mp4").touch()
    assert completed(tmp_path, "tfq score my") == []


def test_no_command_is_usage(tfq):
    result = tfq()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: tfq")


@pytest.mark.parametrize(
    "args", [["scor"], ["score", "--formt", "json"], ["score", "--format", "xml"], ["extract", "--jobs", "0"]]
)
def test_what_is_not_understood_is_status_2(tfq, args):
    result = tfq(*args)
    assert (result.exit_code, result.stdout) == (2, "")


def test_version(tfq):
    assert tfq("--version").stdout.startswith("tfq ")


def test_no_status_is_255_or_given_twice():
    from tfq import errors

    direct = [errors.TfqError, *errors.TfqError.__subclasses__()]
    statuses = [c.exit_status for c in direct] + [errors.INTERRUPTED, errors.CLOSED_PIPE, interrupt.TERMINATED]
    assert len(set(statuses)) == len(statuses)
    assert 0 < min(statuses) < max(statuses) < 255


def test_show_prints_a_tree_or_json(tfq, video):
    file = video("clip.mp4").with_suffix(".h5")
    tfq("detect", file.with_suffix(".mp4"))
    tree = tfq("show", file)
    assert (tree.exit_code, tree.stderr) == (0, "")
    assert "valid  3 bool" in tree.stdout
    shown = json.loads(tfq("show", "--format", "json", file).stdout)
    assert list(shown["groups"]) == ["extract", "detect"]
    assert shown["groups"]["extract"]["datasets"]["valid"]["shape"] == [3]
    assert shown["groups"]["extract"]["info"]["words"] == ["fine", "clip.mp4"]


def test_show_says_what_is_not_a_file_of_tfq(tfq, tmp_path):
    (tmp_path / "x.h5").write_text("no")
    result = tfq("show", tmp_path / "x.h5", tmp_path / "none.h5")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 2
