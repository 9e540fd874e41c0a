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
