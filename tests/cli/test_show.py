import numpy as np

from tests.builders import h5
from tfq.stages.show import PICTURES
from tfq.store import TfqFile


def test_stripping_takes_the_pictures_and_leaves_every_number(tfq, tmp_path):
    path = h5(tmp_path / "a.h5")
    with TfqFile(path, durable=False) as file:
        before = {name: file.stamp(name) for name in file.names()}
        numbers = file.array("features/lips/values")
        landmarks, valid = file.array("align/landmarks"), file.array("align/valid")
        with file.replacing("align", before["align"]) as group:
            group.put("landmarks", landmarks)
            group.put("valid", valid)
            group.put("crops", np.random.default_rng(0).integers(0, 255, (len(valid), 96, 96, 3), np.uint8))
    size = path.stat().st_size
    result = tfq("show", "--strip", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}\n")
    with TfqFile(path, read_only=True) as file:
        assert not any(file.has(name) for name in PICTURES)
        assert {name: file.stamp(name) for name in file.names()} == before
        assert (file.array("features/lips/values") == numbers).all()
    assert path.stat().st_size < size - 1_000_000
    assert tfq("show", path).exit_code == 0


def test_show_strip_of_no_file_of_tfq_is_refused(tfq, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"no")
    assert tfq("show", "--strip", tmp_path / "a.h5").exit_code == 3


def test_no_source_keeps_no_byte_of_the_video(tfq, video, monkeypatch):
    asked = []
    monkeypatch.setattr("tfq.cli.run.each_file", lambda loop, target, settings, **_: asked.append(settings) or 0)
    clip = video("clip.mp4")
    tfq("extract", clip)
    tfq("extract", "--no-source", clip)
    assert [settings.extract.source for settings in asked] == ["embed", "link"]
