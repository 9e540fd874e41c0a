import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from typing import get_type_hints

import pytest
from typer.main import get_command

from tfq.cli import inputs
from tfq.cli.app import app
from tfq.config import IndexConfig, Settings, TrainConfig
from tfq.stages import pipeline
from tfq.store import TfqFile


def test_a_video_gets_its_file_beside_it_and_the_path_is_all_that_is_printed(tfq, video):
    result = tfq("extract", clip := video("clip.mp4"))
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{clip.with_suffix('.h5')}\n", "")


def test_an_h5_file_is_worked_on_in_place(tfq, video):
    file = video("clip.mp4").with_suffix(".h5")
    tfq("extract", file.with_suffix(".mp4"))
    result = tfq("detect", file)
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    with TfqFile(file, read_only=True) as made:
        assert made.names() == ("extract", "detect")
        assert made.info("extract")["runs"] == 2


def test_a_bad_file_does_not_stop_the_others(tfq, video):
    bad, clip = video("bad.mp4", "bad"), video("clip.mp4")
    result = tfq("extract", bad, clip)
    assert result.exit_code == 5
    assert result.stdout == f"{clip.with_suffix('.h5')}\n"
    assert result.stderr.startswith(f"tfq: {bad}: not a video\n")
    assert "1 of 2 files are in order" in result.stderr
    assert not bad.with_suffix(".h5").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [("bad", 3, "not a video"), ("weights", 6, "scrfd.onnx: not found"), ("no_face", 4, "no face was found")],
)
def test_one_file_gives_its_own_status(tfq, video, words, status, said):
    result = tfq("detect", clip := video("clip.mp4", words))
    assert result.exit_code == status
    assert result.stderr == f"tfq: {clip}: {said}\n"
    assert result.stdout == (f"{clip.with_suffix('.h5')}\n" if status == 4 else "")


def test_files_that_fail_alike_give_their_status(tfq, video):
    assert tfq("extract", video("a.mp4", "bad"), video("b.mp4", "bad")).exit_code == 3


def test_missing_files_and_folders_are_named_and_leave_nothing(tfq, tmp_path):
    result = tfq("extract", tmp_path / "none.mp4", tmp_path)
    assert result.exit_code == 3
    assert f"{tmp_path / 'none.mp4'}: no such file" in result.stderr
    assert f"{tmp_path}: a folder" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_defect_asks_for_a_report_and_shows_no_traceback(shell, video, tmp_path):
    video("clip.mp4", "defect")
    quiet, told = shell("tfq extract clip.mp4"), shell("tfq extract -v clip.mp4")
    assert quiet.returncode == told.returncode == 70
    log = tmp_path / "state" / "tfq" / "log" / "tfq.log"
    said = f"tfq: clip.mp4: a defect of tfq (KeyError: 'landmarks'); please report it with {log}\n"
    assert quiet.stderr.decode() == said
    assert b"Traceback" in told.stderr
    assert "Traceback" in log.read_text()


def test_a_file_in_use_is_status_7_and_wait_waits(fake, shell, video):
    file = video("clip.mp4").with_suffix(".h5")
    with TfqFile(file):
        result = shell("tfq extract clip.mp4")
        assert result.returncode == 7
        assert b"clip.h5: another process is working on it" in result.stderr
        waiting = subprocess.Popen([*fake, "extract", "--wait", str(file.with_suffix(".mp4"))], stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=2)
    assert waiting.communicate(timeout=120)[0] == f"{file}\n".encode()
    assert waiting.returncode == 0


def test_out_dir_is_made_and_filled(tfq, video, tmp_path):
    result = tfq("extract", "--out-dir", tmp_path / "new" / "out", video("a.mp4"), video("b.mov"))
    assert result.stdout == f"{tmp_path}/new/out/a.h5\n{tmp_path}/new/out/b.h5\n"


def test_names_that_collide_stop_everything_before_it_starts(tfq, video, tmp_path):
    result = tfq("extract", "--out-dir", tmp_path / "out", video("a.mp4"), video("a.mov"))
    assert result.exit_code == 2
    assert "would both write" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_name_given_twice_is_worked_on_once(tfq, video):
    clip = video("a.mp4")
    assert tfq("extract", clip, clip).stdout == f"{clip.with_suffix('.h5')}\n"


def test_output_names_the_file_of_one_video(tfq, video, tmp_path):
    assert tfq("extract", "-o", tmp_path / "x.h5", video("a.mp4")).stdout == f"{tmp_path / 'x.h5'}\n"
    for files in ([video("a.mp4"), video("b.mp4")], [tmp_path / "x.h5"]):
        assert tfq("extract", "-o", tmp_path / "y.h5", *files).exit_code == 2
    assert tfq("extract", "-o", "y.h5", "--out-dir", "z", video("a.mp4")).exit_code == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_jobs_print_every_path_once(shell, video, jobs):
    for name in "abcde":
        video(f"{name}.mp4", "bad" if name == "c" else "fine")
    result = shell(f"tfq extract --jobs {jobs} *.mp4")
    assert result.returncode == 5
    assert sorted(result.stdout.decode().split()) == ["a.h5", "b.h5", "d.h5", "e.h5"]
    assert b"c.mp4: not a video" in result.stderr


def test_every_worker_has_one_set_of_models_for_all_its_files(shell, video, tmp_path):
    for name in "abcdef":
        video(f"{name}.mp4")
    assert shell("tfq extract --jobs 2 *.mp4").returncode == 0
    seen = []
    for path in tmp_path.glob("*.h5"):
        with TfqFile(path, read_only=True) as file:
            seen.append((file.info("extract")["process"], file.info("extract")["models"]))
    assert len(seen) == 6
    assert len(set(seen)) == len({process for process, _ in seen}) <= 2


def test_a_killed_worker_fails_its_files_and_not_the_rest(shell, video):
    video("a.mp4", "die first, being the longest")
    for i in range(8):
        video(f"b{i}.mp4")
    result = shell("tfq extract --jobs 2 *.mp4")
    assert result.returncode == 5
    assert b"a.mp4: its process was killed" in result.stderr
    assert b"b7.h5" in result.stdout


def _attentive() -> None:
    """As in a terminal: what a shell puts into the background ignores Ctrl-C, and so does what that starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("jobs", "ending", "status"),
    [(1, signal.SIGINT, 130), (2, signal.SIGINT, 130), (1, signal.SIGTERM, 143), (2, signal.SIGTERM, 143)],
)
def test_ctrl_c_keeps_what_is_done_and_leaves_no_half_file(fake, environment, video, *, jobs, ending, status):
    quick, clip = video("quick.mp4"), video("slow.mp4", "slow")
    process = subprocess.Popen(
        [*fake, "extract", "--jobs", str(jobs), str(quick), str(clip)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_attentive,  # noqa: PLW1509 - no threads here
    )
    begun = time.monotonic()
    while not (clip.with_suffix(".started").exists() and quick.with_suffix(".h5").exists()):
        assert time.monotonic() - begun < 120
        time.sleep(0.05)
    process.send_signal(ending)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == status
    assert stdout in (b"", f"{quick.with_suffix('.h5')}\n".encode())  # it may be finished and not yet told
    assert b"Traceback" not in stderr
    assert {path.name for path in clip.parent.iterdir()} == {"quick.mp4", "quick.h5", "slow.mp4", "slow.started"}
    with TfqFile(quick.with_suffix(".h5"), read_only=True) as file:
        assert file.status("extract") == "ok"


def test_a_closed_pipe_is_141(shell, video):
    for name in "abc":
        video(f"{name}.mp4")
    for line in ("tfq extract *.mp4", "tfq extract -j 2 *.mp4"):
        result = shell(f"{line} | true; echo ${{PIPESTATUS[0]}}")
        assert (result.stdout, result.stderr) == (b"141\n", b"")


def test_commands_chain(shell, video):
    video("my clip.mp4")
    result = shell("tfq extract 'my clip.mp4' | tfq detect | tfq align")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"my clip.h5\n", b"")


def test_find_and_xargs_take_every_name(shell, video):
    for name in ("a b.mp4", "line\nbreak.mp4", "-dash.mp4", "'quote\".mp4"):
        video(name)
    assert shell("find . -name '*.mp4' -print0 | xargs -0 -n 2 tfq extract").returncode == 0
    result = shell("find . -name '*.mp4' -print0 | tfq detect --null --print0 | tfq align -0 --print0")
    assert result.returncode == 0
    assert sorted(result.stdout.split(b"\0")) == [b"", b"'quote\".h5", b"-dash.h5", b"a b.h5", b"line\nbreak.h5"]


def test_a_leading_dash_after_two_dashes(shell, video):
    video("-x.mp4")
    assert shell("tfq extract -- -x.mp4").stdout == b"-x.h5\n"


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 only")
def test_names_that_are_not_utf8_come_out_as_they_went_in(shell, video, tmp_path):
    shutil.copy(video("plain.mp4"), os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    assert shell(r"tfq extract $'caf\xe9.mp4'").stdout == b"caf\xe9.h5\n"
    assert shell(r"printf 'caf\xe9.mp4\n' | tfq extract").stdout == b"caf\xe9.h5\n"
    missing = shell(r"tfq extract $'no\xe9.mp4'")
    assert missing.returncode == 3
    assert b"no such file" in missing.stderr


def test_log_file_holds_what_was_told_and_more(tfq, video, tmp_path):
    log = tmp_path / "run.log"
    assert tfq("extract", "-q", "--log-file", log, video("clip.mp4")).stderr == ""
    assert "clip.mp4: extract" in log.read_text()


def test_verbose_tells_each_stage_on_standard_error(tfq, video):
    result = tfq("extract", "-v", clip := video("clip.mp4"))
    assert result.stderr == f"tfq: {clip}: extract\n"


@pytest.mark.parametrize("stage", ["extract", "detect", "align", "audio", "sync", "features", "score"])
def test_options_left_alone_are_the_defaults_of_the_configuration(tfq, video, monkeypatch, stage):
    asked = []
    monkeypatch.setattr(pipeline, "walk", lambda file, target, settings, models, **_: asked.append((target, settings)))
    tfq(stage, video("clip.mp4"))
    assert asked == [(stage, Settings())]


@pytest.mark.parametrize(
    "stage", ["extract", "detect", "align", "audio", "sync", "features", "score", "index", "train"]
)
def test_every_number_of_a_configuration_has_its_option(stage):
    config = {**get_type_hints(Settings), "index": IndexConfig, "train": TrainConfig}[stage]
    options = {parameter.name for parameter in get_command(app).commands[stage].params}
    assert {field.name.removesuffix("_s") for field in dataclasses.fields(config)} <= options


def test_shards_take_every_name_once(tfq, video):
    clips = [video(f"{i}.mp4") for i in range(5)]
    printed = [tfq("extract", "--shard", f"{i}/3", *clips).stdout.splitlines() for i in (1, 2, 3)]
    assert [len(lines) for lines in printed] == [2, 2, 1]
    assert sorted(chain(*printed)) == [str(clip.with_suffix(".h5")) for clip in clips]


def test_a_shard_without_a_name_is_in_order(tfq, video):
    result = tfq("extract", "--shard", "3/3", video("a.mp4"))
    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b", "1/3/5", "-1/3"])
def test_a_shard_that_is_none_is_usage(tfq, video, shard):
    assert tfq("extract", f"--shard={shard}", video("a.mp4")).exit_code == 2


def test_names_that_come_again_are_worked_on_again_when_followed(tfq, video):
    clip = video("a.mp4")
    assert tfq("extract", input=f"{clip}\n{clip}\n").stdout.count("a.h5") == 1
    assert tfq("extract", "--follow", input=f"{clip}\n{clip}\n").stdout.count("a.h5") == 2


def test_following_prints_results_one_by_one(tfq, video):
    result = tfq("score", "--follow", video("a.mp4"))
    assert result.exit_code == 2
    assert "jsonl" in result.stderr


def test_of_files_in_several_processes_the_longest_is_first(tmp_path):
    sizes = {"short": 10, "long": 300, "middle": 100}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    work = inputs.plan([str(tmp_path / name) for name in (*sizes, "missing")], inputs.beside)
    assert [Path(item.name).name for item in inputs.longest_first(work)] == ["long", "middle", "short", "missing"]
