import json

import jsonschema
import pytest

from tfq.cli import score as command
from tfq.config import DIMENSIONS


def made_up(file, item, *, short=False):
    """A result whose scores are the number in the video's name."""
    mos = float(item.name.rpartition("_")[2].split(".")[0])
    judged = file.status("score") == "ok"
    score = {"mos": mos, "low": mos - 0.3, "high": mos + 0.3} if judged else None
    return {
        "file": item.name,
        "status": file.status("score"),
        "duration_s": 2.0,
        "scores": dict.fromkeys(DIMENSIONS, score),
        "unjudged": {} if judged else dict.fromkeys(DIMENSIONS, "no_face"),
        "sync": {"offset_ms": 120.0 if judged else None, "status": "ok" if judged else "no_face"},
        "weak_segments": [
            {
                "start_s": 0.0,
                "end_s": 1.0,
                "dimension": "lip_sync",
                "mos": 1.2,
                "reason": "the model's judgement",
                "worst_frame_s": 0.4,
                "box_px": [20, 30, 40, 50],
            }
        ],
        "faces": {"tracks": 1},
        "speech_ratio": 0.9,
    }


@pytest.fixture(autouse=True)
def results(monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "TFQ_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(command, "result_of", made_up)


def test_a_video_leaves_nothing_behind(tfq, video, tmp_path):
    clip = video("clip_3.mp4")
    result = tfq("score", clip)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Lip sync" in result.stdout
    assert list(tmp_path.iterdir()) == [clip]


@pytest.mark.parametrize(
    ("option", "kept"), [(["--keep"], "clip_3.h5"), (["-o", "x.h5"], "x.h5"), (["--out-dir", "d"], "d/clip_3.h5")]
)
def test_the_file_is_kept_where_asked(tfq, video, monkeypatch, *, option, kept):
    clip = video("clip_3.mp4")
    monkeypatch.chdir(clip.parent)
    assert tfq("score", *option, clip).exit_code == 0
    assert (clip.parent / kept).is_file()


def test_a_matching_file_beside_the_video_is_used_and_left_as_it_is(tfq, video, monkeypatch):
    runs = []

    def counted(file, item, *, short):
        runs.append(file.info("extract")["runs"])
        return made_up(file, item)

    monkeypatch.setattr(command, "result_of", counted)
    clip = video("clip_3.mp4")
    tfq("extract", clip)
    before = clip.with_suffix(".h5").read_bytes()
    assert tfq("score", clip).exit_code == 0
    clip.write_text("another clip")
    assert tfq("score", clip).exit_code == 0
    assert runs == [2, 1]
    assert clip.with_suffix(".h5").read_bytes() == before


def test_json_is_one_object_and_jsonl_one_line_a_file(tfq, video):
    clips = video("a_2.mp4"), video("b_4.mp4")
    assert json.loads(tfq("score", "--format", "json", clips[0]).stdout)["file"] == str(clips[0])
    lines = tfq("score", "--format", "jsonl", *clips).stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == [str(clip) for clip in clips]


@pytest.mark.parametrize("form", ["table", "csv", "md", "junit", "edl"])
def test_every_format_prints_both_files(tfq, video, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    result = tfq("score", "--format", form, video("a_2.mp4").name, video("b_4.mp4").name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "a_2.mp4" in result.stdout
    assert "b_4.mp4" in result.stdout


@pytest.mark.parametrize(
    ("gate", "status", "said"),
    [
        (["--fail-under", "lip_sync=3,overall=2"], 0, ""),
        (["--fail-under", "lip_sync=3.001"], 1, "Lip sync 3 is under 3.001"),
        (["--fail-under", "overall=2", "--fail-under", "expression=4"], 1, "Expression 3 is under 4"),
        (["--max-offset-ms", "120"], 0, ""),
        (["--max-offset-ms", "80"], 1, "Offset +120 ms is beyond 80 ms"),
        (["--max-weak-seconds", "0.5"], 1, "1 s are weak, more than 0.5 s"),
    ],
)
def test_gates_decide_the_status_and_results_are_printed_all_the_same(tfq, video, gate, status, said):
    result = tfq("score", "--format", "json", *gate, clip := video("clip_3.mp4"))
    assert result.exit_code == status
    assert result.stderr == (f"tfq: {clip}: {said}\n" if said else "")
    assert json.loads(result.stdout)["scores"]["overall"]["mos"] == 3


@pytest.mark.parametrize("limit", ["lip=3", "lip_sync", "lip_sync=", "lip_sync=0.5", "overall=nan", "3"])
def test_a_limit_that_means_nothing_is_usage(tfq, video, limit):
    result = tfq("score", "--fail-under", limit, video("clip_3.mp4"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert limit in result.stderr


def test_a_dimension_that_is_nearly_one_is_asked_back(tfq, video):
    assert "did you mean lip_sync?" in tfq("score", "--fail-under", "lip_sinc=3", video("clip_3.mp4")).stderr


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_generator_that_got_worse_fails_against_its_older_results(tfq, video, tmp_path, form):
    clip = video("clip_3.mp4")
    old = tmp_path / "old.jsonl"
    old.write_text(tfq("score", "--format", form, clip).stdout.replace("3.0", "3.75"))
    gate = ["--baseline", old, "--max-drop"]
    assert tfq("score", *gate, "0.75", clip).exit_code == 0
    result = tfq("score", *gate, "0.7", clip)
    assert result.exit_code == 1
    assert f"tfq: {clip}: Lip sync fell by 0.75 (from 3.75 to 3), more than 0.7\n" in result.stderr


@pytest.mark.parametrize(
    "text", [None, "", "nonsense", "[]", "[1]", '{"file": "a"}', '{"file": "a", "scores": {"x": 1}}']
)
def test_a_baseline_that_holds_no_results_is_usage(tfq, video, tmp_path, text):
    old = tmp_path / "old.jsonl"
    if text is not None:
        old.write_text(text)
    result = tfq("score", "--baseline", old, "--max-drop", "1", video("clip_3.mp4"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(old) in result.stderr
    assert tfq("score", "--baseline", old, video("clip_3.mp4")).exit_code == 2


@pytest.mark.parametrize(
    ("option", "status"), [([], 4), (["--on-indeterminate", "pass"], 0), (["--on-indeterminate", "fail"], 1)]
)
@pytest.mark.parametrize("gate", [[], ["--fail-under", "lip_sync=3"]])
def test_what_cannot_be_judged_counts_as_asked(tfq, video, option, status, gate):
    result = tfq("score", "--format", "json", *option, *gate, video("clip_3.mp4", "no_face"))
    assert result.exit_code == status
    assert json.loads(result.stdout)["status"] == "no_face"
    assert "no face was found" in result.stderr


def test_a_file_that_failed_outweighs_a_gate(tfq, video):
    result = tfq("score", "--fail-under", "overall=4", video("a_3.mp4"), video("b_3.mp4", "bad"))
    assert result.exit_code == 5


def test_junit_carries_the_gate_that_failed(tfq, video):
    result = tfq("score", "--format", "junit", "--fail-under", "lip_sync=4", video("a_3.mp4"))
    assert result.exit_code == 1
    assert result.stdout.count("<failure") == 1


def test_demo_takes_no_other_file(tfq, video):
    assert tfq("score", "--demo", video("a_3.mp4")).exit_code == 2


def test_videos_of_one_name_do_not_collide_where_nothing_is_kept(tfq, video):
    clips = video("a_3.mp4"), video("a_3.webm")
    assert tfq("score", *clips).exit_code == 0


def test_junit_tells_every_gate_that_a_dimension_did_not_pass(tfq, video):
    gates = ["--fail-under", "overall=4", "--max-weak-seconds", "0.5"]
    result = tfq("score", "--format", "junit", *gates, video("a_3.mp4"))
    assert "Overall 3 is under 4; 1 s are weak, more than 0.5 s" in result.stdout


def test_schema_needs_no_file_and_is_what_jsonschema_takes(tfq):
    result = tfq("score", "--schema")
    assert (result.exit_code, result.stderr) == (0, "")
    jsonschema.Draft202012Validator.check_schema(json.loads(result.stdout))


@pytest.mark.parametrize("locale", [{}, {"LANG": "zh_CN.UTF-8"}, {"LANG": "en_GB.UTF-8", "LC_ALL": "zh_TW"}])
def test_the_table_is_chinese_where_asked_or_where_the_locale_is(tfq, video, locale):
    option = [] if locale else ["--lang", "zh"]
    shown = tfq("score", *option, video("clip_3.mp4"), env=locale).stdout
    assert "口型同步" in shown
    assert "模型的判断" in shown
    assert "Lip sync" not in shown
    assert "口型同步" in tfq(*option, "score", video("clip_3.mp4"), env=locale).stdout
    assert "Lip sync" in tfq("score", "--lang", "en", video("clip_3.mp4"), env=locale).stdout


def test_a_ci_summary_gets_the_results_and_what_gates_said(tfq, video, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    plain = tfq("score", video("a_3.mp4"), env=env)
    assert (plain.exit_code, plain.stderr) == (0, "")
    assert tfq("score", "--fail-under", "overall=4", "--format", "json", video("a_3.mp4"), env=env).exit_code == 1
    text = summary.read_text()
    assert text.startswith("# before\n| file |")
    assert text.count("| file |") == 2
    assert text.count("❌") == 1
    assert "Overall 3 is under 4" in text


def test_a_ci_summary_that_cannot_be_written_stops_nothing(tfq, video, tmp_path):
    result = tfq("score", video("a_3.mp4"), env={"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "x.md")})
    assert result.exit_code == 0
    assert result.stderr.startswith("tfq: GITHUB_STEP_SUMMARY: ")


def test_chapters_are_those_of_one_clip(tfq, video):
    assert "[CHAPTER]" in tfq("score", "--format", "chapters", video("a_3.mp4")).stdout
    assert tfq("score", "--format", "chapters", video("a_3.mp4"), video("b_3.mp4")).exit_code == 2


def test_limits_of_a_file_are_gates_and_a_flag_outranks_them(tfq, video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tfq.toml").write_text("[score]\nfail-under = { overall = 4 }\n")
    clip = video("clip_3.mp4")
    assert tfq("score", clip).exit_code == 1
    assert tfq("score", "--fail-under", "overall=2", clip).exit_code == 0
