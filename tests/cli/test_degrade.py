"""`degrade`, with the work behind it taken away."""

import sys
from types import SimpleNamespace

import pytest

from tfq.errors import InputError
from tfq.types import Span


@pytest.fixture
def asked(monkeypatch):
    """What the command asked of its stage."""
    calls = []

    def degrade(source, out, *what, **more):
        calls.append((source, out, *what, more["sound"]))
        if "bad" in source.name:
            raise InputError(f"{source}: not a video")

    monkeypatch.setitem(sys.modules, "tfq.stages.degrade", SimpleNamespace(degrade=degrade))
    return calls


def test_the_copy_lies_beside_the_clip_under_a_name_that_tells(tfq, video, asked):
    clip = video("clip.mp4")
    out = clip.with_name("clip.blur-4.mp4")
    result = tfq("degrade", "--kind", "blur", "--severity", "4", clip)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{out}\n", "")
    assert asked == [(clip, out, "blur", 4, None, 0, None)]


def test_a_span_may_be_open_at_either_end(tfq, video, asked):
    tfq("degrade", "--kind", "blur", "--start", "1", video("clip.mp4"))
    tfq("degrade", "--kind", "blur", "--start", "1", "--end", "2", video("clip.mp4"))
    assert [call[4] for call in asked] == [Span(1, float("inf")), Span(1, 2)]


def test_a_bad_file_does_not_stop_the_others(tfq, video, asked, tmp_path):
    result = tfq("degrade", "--kind", "blur", "--out-dir", tmp_path / "out", video("bad.mp4"), video("fine.mp4"))
    assert result.exit_code == 5
    assert result.stdout == f"{tmp_path}/out/fine.blur-3.mp4\n"
    assert "bad.mp4: not a video" in result.stderr


def test_the_list_names_every_kind(tfq):
    from tfq.artefacts import KINDS

    lines = tfq("degrade", "--list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines[1:]] == [*KINDS, "wav2lip"]


@pytest.mark.parametrize("kind", [[], ["--kind", "worse"], ["--kind", "../x"]])
def test_a_kind_that_is_missing_or_unknown_is_usage(tfq, video, asked, kind):
    result = tfq("degrade", *kind, video("clip.mp4"))
    assert (result.exit_code, asked) == (2, [])
    assert "--list" in result.stderr


def test_the_kind_may_stand_before_the_clips(tfq, video, asked):
    clip = video("clip.mp4")
    result = tfq("degrade", "blur", clip)
    assert result.exit_code == 0
    assert asked == [(clip, clip.with_name("clip.blur-3.mp4"), "blur", 3, None, 0, None)]


def test_wav2lip_without_weights_says_where_to_get_them(tfq, video):
    result = tfq("degrade", "wav2lip", video("clip.mp4"))
    assert (result.exit_code, result.stdout) == (6, "")
    assert "--weights" in result.stderr
    assert "github.com/Rudrabha/Wav2Lip" in result.stderr
