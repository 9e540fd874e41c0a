import json

from tests.report.results import result
from tfq.cli import report as command
from tfq.store import TfqFile


def written(file, item, **_):
    item.out.write_text(file.status("score"))
    return {}


def test_the_page_lies_beside_the_clip_and_is_all_that_is_left(tfq, video, monkeypatch):
    monkeypatch.setattr(command, "write_page", written)
    clip = video("clip.mp4")
    result = tfq("report", clip)
    assert (result.exit_code, result.stdout) == (0, f"{clip.with_suffix('.html')}\n")
    assert {path.name for path in clip.parent.iterdir()} == {"clip.mp4", "clip.html"}


def test_output_and_out_dir_name_the_page_and_keep_keeps_the_file(tfq, video, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "write_page", written)
    clip = video("clip.mp4")
    assert tfq("report", "-o", tmp_path / "page.html", clip).stdout == f"{tmp_path}/page.html\n"
    assert tfq("report", "--out-dir", tmp_path / "pages", "--keep", clip).stdout == f"{tmp_path}/pages/clip.html\n"
    with TfqFile(clip.with_suffix(".h5"), read_only=True) as file:
        assert file.has("score")
    assert tfq("report", "-o", "one.html", clip, video("other.mp4")).exit_code == 2


def test_pages_that_collide_stop_everything_before_it_starts(tfq, video, tmp_path):
    (tmp_path / "a").mkdir()
    result = tfq("report", "--out-dir", tmp_path / "pages", video("a.mp4"), video("a/a.mp4"))
    assert result.exit_code == 2
    assert "would both write" in result.stderr


def test_a_file_of_tfq_gets_a_page_too(tfq, video, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "write_page", written)
    clip = video("clip.mp4")
    tfq("extract", clip)
    file = clip.with_suffix(".h5")
    assert tfq("report", "-o", tmp_path / "page.html", file).stdout == f"{tmp_path}/page.html\n"


def test_evaluation_is_printed_or_written_as_the_name_ends(tfq, tmp_path):
    rows = [f"c{i}.mp4,s{i % 3},{1 + i / 3:.2f}" for i in range(9)]
    (tmp_path / "labels.csv").write_text("file,speaker,overall\n" + "\n".join(rows) + "\n")
    results = tmp_path / "new.jsonl"
    results.write_text("".join(json.dumps(result(f"c{i}.mp4", 1 + i / 3, duration_s=2.0)) + "\n" for i in range(9)))
    asked = ("report", "--evaluate", "--table", tmp_path / "labels.csv", results)
    assert tfq(*asked).stdout.startswith("## new\n")
    assert tfq(*asked, "-o", tmp_path / "e.json").stdout == f"{tmp_path}/e.json\n"
    assert json.loads((tmp_path / "e.json").read_text())["models"][0]["dimensions"]["overall"]["clips"] == 9
    assert tfq(*asked, "-o", tmp_path / "e.html").exit_code == 0
    assert "<title>tfq: e</title>" in (tmp_path / "e.html").read_text()
    assert tfq(*asked, "-o", tmp_path / "e.pdf").exit_code == 2
    assert tfq("report", "--evaluate", results).exit_code == 2


def test_a_page_opens_in_the_browser_at_the_moment_asked_for(tfq, video, monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr(command, "write_page", lambda file, item, **how: asked.update(how) or written(file, item))
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or len(opened) == 1)
    clip = video("clip.mp4")
    first = tfq("report", "--open", "--at", "1.36", clip)
    assert (first.exit_code, first.stdout, first.stderr) == (0, f"{clip.with_suffix('.html')}\n", "")
    assert asked["at"] == 1.36
    assert opened == [clip.with_suffix(".html").resolve().as_uri()]
    assert "no browser was found" in tfq("report", "--open", clip).stderr
