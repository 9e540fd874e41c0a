from __future__ import annotations

from tfq.config import Settings
from tfq.models.runtime import Models
from tfq.stages.pipeline import walk
from tfq.stages.show import strip
from tfq.store import TfqFile


def test_a_stripped_file_keeps_the_sound_and_loses_the_video(plain, tmp_path):
    path = tmp_path / "a.h5"
    with TfqFile(path, durable=False) as file:
        walk(file, "extract", Settings(), Models(), source=plain)
        sound = file.array("extract/audio")
        stamp = file.stamp("extract")
    size = path.stat().st_size
    strip(path)
    with TfqFile(path, read_only=True) as file:
        assert not file.has("extract/source")
        assert (file.array("extract/audio") == sound).all()
        assert file.stamp("extract") == stamp
    assert path.stat().st_size < size - plain.stat().st_size // 2
