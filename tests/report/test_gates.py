import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.config import DIMENSIONS
from tfq.report.gates import Baseline, Gates, apart, check

MOS = st.floats(1, 5)


def result(mos=3.0, offset=40.0, weak=()):
    score = None if mos is None else {"mos": mos, "low": mos, "high": mos}
    return {
        "file": "a.mp4",
        "scores": dict.fromkeys(DIMENSIONS, score),
        "unjudged": {} if score else dict.fromkeys(DIMENSIONS, "no_face"),
        "sync": {"offset_ms": offset, "status": "ok" if offset is not None else "no_speech"},
        "weak_segments": [{"start_s": start, "end_s": end} for start, end in weak],
    }


@given(mos=MOS, least=MOS)
def test_a_score_passes_exactly_when_it_is_not_under_its_limit(mos, least):
    assert bool(check([result(mos)], Gates({"overall": least}))) == (mos < least)


@given(offset=st.floats(-600, 600), most=st.floats(0, 600))
def test_offsets_count_the_same_either_way(offset, most):
    assert bool(check([result(offset=offset)], Gates(max_offset_ms=most))) == (abs(offset) > most)


def test_weak_seconds_count_overlaps_once():
    weak = [(0.0, 1.0), (0.5, 1.5), (3.0, 3.5)]
    assert not check([result(weak=weak)], Gates(max_weak_seconds=2.0))
    assert check([result(weak=weak)], Gates(max_weak_seconds=1.9))[0].message == "2 s are weak, more than 1.9 s"


def test_what_was_not_judged_is_said_to_be_so_and_not_called_bad():
    failures = check([result(mos=None, offset=None)], Gates({"lip_sync": 1.0}, max_offset_ms=1000))
    assert [failure.unjudged for failure in failures] == [True, True]
    assert "no face was found" in failures[0].message
    assert "there is no speech" in failures[1].message


def test_no_limits_no_failures():
    assert check([result(mos=1.0, offset=9999, weak=[(0, 9)])], Gates()) == []


@pytest.mark.parametrize("count", [1, 3])
def test_every_file_is_named(count):
    results = [{**result(1.0), "file": f"{i}.mp4"} for i in range(count)]
    assert [failure.file for failure in check(results, Gates({"overall": 2}))] == [f"{i}.mp4" for i in range(count)]


@given(value=st.floats(-600, 600), limit=st.floats(-600, 600))
def test_what_is_printed_lies_on_the_same_side_of_the_limit_as_what_was_compared(value, limit):
    assert (float(apart(value, limit)) > limit) == (value > limit)
    assert (float(apart(value, limit)) < limit) == (value < limit)


def test_a_score_just_under_its_limit_is_not_printed_as_the_limit():
    message = check([result(mos=3.4999997)], Gates({"overall": 3.5}))[0].message
    assert message == "Overall 3.4999997 is under 3.5"


@given(old=MOS, new=MOS, most=st.floats(0, 4))
def test_a_clip_fails_exactly_where_it_fell_by_more_than_allowed(old, new, most):
    failures = check([result(new)], Gates(baseline=Baseline([result(old)]), max_drop=most))
    assert len(failures) == (len(DIMENSIONS) if old - new > most else 0)


def test_a_baseline_is_found_by_the_last_part_of_the_name_unless_two_clips_share_it():
    old = [{**result(5.0), "file": name} for name in ("v1/a.mp4", "v1/b.mp4", "v1/x/b.mp4")]
    said = {
        name: [failure.unjudged for failure in check([{**result(2.0), "file": name}], Gates(baseline=Baseline(old)))]
        for name in ("v2/a.mp4", "v2/b.mp4", "v1/b.mp4", "v2/c.mp4")
    }
    fell = [False] * len(DIMENSIONS)
    assert said == {"v2/a.mp4": fell, "v2/b.mp4": [True], "v1/b.mp4": fell, "v2/c.mp4": [True]}


def test_a_baseline_is_found_by_content_under_another_name():
    old = Gates(baseline=Baseline([{**result(5.0), "file": "a.mp4", "sha256": "1"}]))
    assert not check([{**result(2.0), "file": "b.mp4", "sha256": "1"}], old)[0].unjudged
    assert check([{**result(2.0), "file": "b.mp4", "sha256": "2"}], old)[0].unjudged


def test_an_offset_beyond_the_limit_that_is_not_sure_says_so():
    sync = {"offset_ms": -472.0, "confidence": 0.1, "status": "ok"}
    message = check([{**result(4.0), "sync": sync}], Gates(max_offset_ms=80))[0].message
    assert message.endswith("but not sure: mouth and voice match at no offset (confidence 0.10)")
    message = check([{**result(4.0), "sync": {**sync, "confidence": 0.3}}], Gates(max_offset_ms=80))[0].message
    assert message == "Offset -472 ms is beyond 80 ms"


def test_what_was_judged_before_and_is_not_now_is_said():
    failures = check([result(mos=None)], Gates(baseline=Baseline([result(4.0)])))
    assert all(failure.unjudged for failure in failures)
    assert failures[0].message == "Lip sync was 4 and cannot be judged now: no face was found"
