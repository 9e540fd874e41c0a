import itertools
import re

import av
from hypothesis import given
from hypothesis import strategies as st

from tfq.report.markers import as_chapters, as_edl

TIMES = st.tuples(st.integers(0, 2000), st.integers(1, 400)).map(lambda pair: (pair[0] / 25, sum(pair) / 25))


def result(spans, name="a.mp4", reason="mouth lags"):
    weak = [
        {"start_s": start, "end_s": end, "dimension": "lip_sync", "mos": 1.9, "reason": reason} for start, end in spans
    ]
    return {"file": name, "weak_segments": weak}


def chapters(text, tmp_path):
    path = tmp_path / "chapters.txt"
    path.write_text(text)
    with av.open(path, format="ffmetadata") as container:
        return [(one["start"], one["end"], one["metadata"]["title"]) for one in container.chapters()]


def test_ffmpeg_reads_the_chapters_whatever_their_titles_hold(tmp_path):
    odd = "a=b; #c \\ d"
    found = chapters(as_chapters([result([(0.2, 1.0), (3.0, 4.0)], reason=odd)]), tmp_path)
    assert found == [(200, 1000, f"Lip sync 1.9: {odd}"), (3000, 4000, f"Lip sync 1.9: {odd}")]


@given(spans=st.lists(TIMES, max_size=6))
def test_chapters_do_not_overlap_and_cover_what_is_weak(spans):
    text = as_chapters([result(spans)])
    found = [tuple(map(int, pair)) for pair in re.findall(r"START=(\d+)\nEND=(\d+)", text)]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(found))
    for time in {time for start, end in spans for time in (start, (start + end) / 2)}:
        weak = any(start <= time < end for start, end in spans)
        assert any(start <= round(1000 * time) < end for start, end in found) == weak


@given(spans=st.lists(TIMES, max_size=6))
def test_the_cut_list_lays_the_pieces_one_after_another(spans):
    text = as_edl([result(spans)])
    events = re.findall(r"^\d{3}  AX       V     C        (\S+) (\S+) (\S+) (\S+)$", text, re.M)
    cuts = [[_frames(code) for code in event] for event in events]
    assert [(a / 25, b / 25) for a, b, _, _ in cuts] == spans
    assert [c for *_, c, _ in cuts] == [0, *(d for *_, d in cuts)][: len(cuts)]
    assert all(d - c == b - a for a, b, c, d in cuts)


def test_a_cut_list_names_every_clip():
    text = as_edl([result([(0, 1)]), result([(1, 2)], "b.mp4")])
    assert re.findall("FROM CLIP NAME: (.*)", text) == ["a.mp4", "b.mp4"]


def _frames(code):
    hours, minutes, seconds, frames = map(int, code.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 25 + frames
