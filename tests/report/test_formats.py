import csv
import io
import json
from xml.etree import ElementTree

import pytest

from tfq.config import DIMENSIONS
from tfq.errors import UsageError
from tfq.report import formats
from tfq.report.page import ClipPage, Still, clip_page
from tfq.report.table import bar


def result(name: str = "clip.mp4", overall: float = 3.0, **changes: object) -> dict:
    scores = {dimension: {"mos": overall, "low": overall - 0.5, "high": overall + 0.5} for dimension in DIMENSIONS}
    return {
        "format": "tfq-score",
        "format_version": 1,
        "tfq": "0.1.0",
        "file": name,
        "sha256": "0" * 64,
        "duration_s": 10.0,
        "model": {"name": "m", "sha256": "1" * 64, "features": ["lips"], "missing": []},
        "status": "ok",
        "scores": scores,
        "unjudged": {},
        "sync": {"offset_ms": 40.0, "positive": "audio_early", "confidence": 0.4, "probability": 0.9, "status": "ok"},
        "indicators": {"hnr_db": 14.2, "snr_db": None},
        "weak_segments": [
            {
                "start_s": 3.2,
                "end_s": 4.6,
                "dimension": "lip_sync",
                "mos": 1.9,
                "reason": "mouth lags the voice by 160 ms",
                "evidence": {"offset_ms": 160.0},
                "worst_frame_s": 3.9,
                "box_px": [410, 320, 560, 410],
            }
        ],
        "faces": {"tracks": 1, "judged_track": 0, "coverage": 0.99},
        "speech_ratio": 0.82,
        **changes,
    }


def unjudged() -> dict:
    scores = {**dict.fromkeys(DIMENSIONS), "audio_quality": {"mos": 4.0, "low": 3.8, "high": 4.2}}
    reasons = {name: "no_face" for name in DIMENSIONS if name != "audio_quality"}
    sync = {"offset_ms": None, "positive": "audio_early", "confidence": None, "probability": None, "status": "no_face"}
    return result(status="no_face", scores=scores, unjudged=reasons, sync=sync, weak_segments=[])


def test_table_of_one_clip_says_everything_once():
    text = formats.render([result()], "table", width=80)
    assert "Lip sync" in text
    assert "fair" in text
    assert "+40 ms (sound early, not noticeable)" in text
    assert "3.20–4.60 s" in text
    assert "mouth lags the voice by 160 ms" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 100])
def test_each_weak_segment_says_where_to_look_and_how(width):
    sound = {**result()["weak_segments"][0], "dimension": "audio_quality", "worst_frame_s": 4.2, "box_px": None}
    weak = [*result()["weak_segments"], sound]
    text = " ".join(formats.render([result("a clip.mp4", weak_segments=weak)], "table", width=width).split())
    assert "frame 98 at 3.90 s, box 410,320–560,410 tfq report --open --at 3.90 'a clip.mp4'" in text
    assert "frame 105 at 4.20 s tfq report --open --at 4.20 'a clip.mp4'" in text
    assert "frame 98 at 3.90 s, box 410,320–560,410" in formats.render([result()], "md")
    said = formats.as_junit([result()], {("clip.mp4", "lip_sync"): "3.0 is under 3.5"})
    assert "frame 98 at 3.90 s, box 410,320–560,410" in said


def test_table_of_several_puts_the_worst_first_and_says_how_to_look_at_it():
    text = formats.render([result("good.mp4", 4.5), result("bad.mp4", 1.5), unjudged()], "table", width=100)
    assert text.index("bad.mp4") < text.index("good.mp4")
    assert text.endswith("Look      tfq report --open bad.mp4\n")


def test_what_cannot_be_judged_says_why_and_shows_no_number():
    text = formats.render([unjudged()], "table", width=80)
    assert text.count("no face was found") == 6  # five dimensions and the offset


@pytest.mark.parametrize("name", ["a\x1b[2Jb.mp4", "a\nb.mp4", "a\u202eb.mp4", "bad\udcffbyte.mp4", "脸.mp4"])
@pytest.mark.parametrize("form", ["table", "md", "junit", "edl", "chapters"])
def test_no_name_breaks_the_output(name, form):
    text = formats.render([result(name)], form)
    assert "\x1b" not in text
    text.encode()
    if form == "junit":
        ElementTree.fromstring(text.encode())


def test_json_is_one_object_for_one_file_and_jsonl_one_line_each():
    assert json.loads(formats.render([result()], "json"))["scores"]["overall"]["mos"] == 3.0
    assert len(json.loads(formats.render([result(), result()], "json"))) == 2
    assert [json.loads(line)["file"] for line in formats.render([result(), result("b")], "jsonl").splitlines()] == [
        "clip.mp4",
        "b",
    ]


def test_csv_leaves_unjudged_cells_empty():
    (row,) = csv.DictReader(io.StringIO(formats.render([unjudged()], "csv")))
    assert row["lip_sync"] == ""
    assert row["offset_ms"] == ""
    assert float(row["audio_quality"]) == 4.0


def test_junit_fails_where_a_gate_did_and_skips_what_was_not_judged():
    text = formats.as_junit([result(), unjudged()], {("clip.mp4", "lip_sync"): "3.0 is under 3.5"})
    suite = ElementTree.fromstring(text)
    assert len(suite.findall("testcase")) == 12
    assert len(suite.findall("testcase/skipped")) == 5
    (failure, *_) = suite.findall("testcase/failure")
    assert "mouth lags" in (failure.text or "")


def test_overlapping_segments_count_their_time_once():
    segment = result()["weak_segments"][0]
    pieces = [{**segment, "start_s": 0.0, "end_s": 2.0}, {**segment, "start_s": 1.0, "end_s": 3.0}]
    assert formats.weak_seconds(result(weak_segments=pieces)) == 3.0


def test_an_unknown_format_is_a_usage_error():
    with pytest.raises(UsageError, match="yaml"):
        formats.render([], "yaml")


def test_bar_is_empty_at_one_and_full_at_five():
    assert bar(1.0, 8) == "·" * 8
    assert bar(5.0, 8) == "█" * 8


def test_page_escapes_names_and_reasons_and_needs_no_network():
    evil = "<script>alert(1)</script>"
    segment = {**result()["weak_segments"][0], "reason": evil}
    judged = result(evil, weak_segments=[segment], reasons={}, faces={"tracks": 1, "coverage": 1.0}, speech_ratio=0.5)
    text = clip_page(ClipPage(judged, {"weak": [segment]}, [], [Still(1.0, "<b>frame</b>", b"\xff\xd8")]))
    assert evil not in text
    assert "<b>frame" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


MOVED = {
    "method": "occlusion",
    "dimensions": {
        "lip_sync": {
            "groups": {"sync": -0.83, "lips": 0.21, "mel": 0.001},
            "pieces": [{"start_s": 0.0, "end_s": 1.0, "points": 0.0}, {"start_s": 1.0, "end_s": 2.0, "points": -0.4}],
        },
        "expression": {"groups": {"head": 0.01}, "pieces": [{"start_s": 0.0, "end_s": 2.0, "points": 0.01}]},
    },
}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_tells_what_moved_the_scores_where_that_was_asked(width):
    text = formats.render([result(explanation=MOVED)], "table", width=width)
    assert "sync −0.83 · lips +0.21" in text
    assert "mel" not in text
    assert "none alone" in text
    assert ("1.0–2.0 s −0.40" in text) == (width > 60)
    assert max(map(len, text.splitlines())) <= width
    assert "moved" not in formats.render([result()], "table", width=width)


def test_a_weak_segment_says_what_lowered_it():
    weak = {**result()["weak_segments"][0], "lowered_by": {"sync": -1.2, "lips": -0.3}}
    for form in ("table", "md"):
        text = " ".join(formats.render([result(weak_segments=[weak])], form).split())
        assert "160 ms (lowered by sync −1.20, lips −0.30)" in text.replace("\\", "")


def test_the_page_shows_what_moved_the_scores_and_its_texts_are_escaped():
    hostile = {"method": "occlusion", "dimensions": {"overall": {"groups": {"<img src=x>": -1.0}, "pieces": []}}}
    text = clip_page(ClipPage(result(reasons={}, explanation=MOVED), {}, [], []))
    assert text.count('class="moved"') == 2
    assert 'data-at="1.0"' in text
    assert "<img src=x>" not in clip_page(ClipPage(result(reasons={}, explanation=hostile), {}, [], []))
    assert "moved-title" not in clip_page(ClipPage(result(reasons={}), {}, [], []))


def test_an_offset_that_is_not_sure_says_so():
    sync = {"offset_ms": -472.0, "positive": "audio_early", "confidence": 0.1, "probability": 0.0, "status": "ok"}
    assert formats.offset_text(result(sync=sync)) == "-472 ms (uncertain)"
    sure = {**sync, "confidence": 0.3}
    assert formats.offset_text(result(sync=sure)) == "-472 ms (sound late)"
    assert formats.offset_text(result(sync={**sure, "offset_ms": -24.0})) == "-24 ms (sound late, not noticeable)"
    assert formats.offset_text(result(sync={**sure, "offset_ms": 50.0})) == "+50 ms (sound early)"
