import json
from pathlib import Path

import numpy as np
import pytest

from tests.builders import h5
from tfq.config import IndexConfig
from tfq.errors import FormatError, InputError
from tfq.stages.index import index, load

CONFIG = IndexConfig()


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_index_names_files_relative_to_itself_and_reads_back(tmp_path):
    files = [h5(tmp_path / "a.h5", seed=1), h5(tmp_path / "b.h5", seed=2)]
    header = index(files, tmp_path / "index.jsonl", CONFIG)
    read, rows = load(tmp_path / "index.jsonl")
    assert read == header
    assert [row["file"] for row in rows] == ["a.h5", "b.h5"]
    assert rows[0]["features"]["lips"] == [60, 2]
    assert {row["split"] for row in rows} <= {"train", "validation", "test"}


def test_labels_and_people_come_from_the_table(tmp_path):
    files = [h5(tmp_path / f"{name}.h5", seed=i) for i, name in enumerate("abcdef")]
    people = table(
        tmp_path / "t.csv",
        "file,speaker,lip_sync",
        *(f"{name}.mp4,{'xy'[i % 2]},4.5" for i, name in enumerate("abcdef")),
    )
    index(files, tmp_path / "i.jsonl", CONFIG, people)
    rows = load(tmp_path / "i.jsonl")[1]
    assert all(row["labels"] == {"lip_sync": 4.5} for row in rows)
    assert len({(row["speaker"], row["split"]) for row in rows}) == 2


def test_a_degraded_copy_goes_where_its_source_goes(tmp_path):
    source = h5(tmp_path / "a.h5", seed=1)
    copy = h5(tmp_path / "copy.h5", seed=1, quality=0.2)
    index([source], tmp_path / "alone.jsonl", CONFIG)
    digest = load(tmp_path / "alone.jsonl")[1][0]["sha256"]
    content = {
        "format": "tfq-degrade",
        "kind": "noise",
        "severity": 4,
        "source_sha256": digest,
        "labels": {"audio_quality": 2.0},
    }
    (tmp_path / "copy.json").write_text(json.dumps(content))
    people = table(tmp_path / "t.csv", "file,speaker", "a.mp4,somebody")
    index([source, copy], tmp_path / "i.jsonl", CONFIG, people)
    original, degraded = load(tmp_path / "i.jsonl")[1]
    assert degraded["family"] == original["family"] == digest
    assert degraded["split"] == original["split"]
    assert degraded["speaker"] == "somebody"
    assert degraded["labels"] == {"audio_quality": 2.0}


@pytest.mark.parametrize(("group", "reason"), [("detect", "no_face"), ("audio", "no_speech")])
def test_files_that_cannot_serve_are_dropped_with_a_reason(tmp_path, group, reason):
    files = [h5(tmp_path / "good.h5", seed=1), h5(tmp_path / "bad.h5", seed=2, **{group: reason})]
    header = index(files, tmp_path / "i.jsonl", CONFIG)
    assert header["dropped"] == {reason: 1}
    dropped = next(row for row in load(tmp_path / "i.jsonl")[1] if row["file"] == "bad.h5")
    assert dropped["split"] is None


def test_a_damaged_file_is_dropped_and_the_others_stay(tmp_path):
    (tmp_path / "damaged.h5").write_bytes(b"not hdf5")
    header = index([h5(tmp_path / "a.h5"), tmp_path / "damaged.h5"], tmp_path / "i.jsonl", CONFIG)
    assert header["dropped"] == {"unreadable": 1}


def test_nothing_to_index_says_why(tmp_path):
    with pytest.raises(InputError, match="no_face: 1"):
        index([h5(tmp_path / "a.h5", align="no_face")], tmp_path / "i.jsonl", CONFIG)
    assert not (tmp_path / "i.jsonl").exists()


@pytest.mark.parametrize("value", ["7", "0.5", "good"])
def test_a_label_off_the_scale_names_its_line(tmp_path, value):
    bad = table(tmp_path / "t.csv", "file,overall", "x.mp4,3.0", f"a.mp4,{value}")
    with pytest.raises(InputError, match="line 3"):
        index([h5(tmp_path / "a.h5")], tmp_path / "i.jsonl", CONFIG, bad)


def test_another_json_file_is_not_an_index(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"format": "other"}\n')
    with pytest.raises(FormatError):
        load(tmp_path / "x.jsonl")


def test_statistics_are_those_of_the_training_part(tmp_path):
    files = [h5(tmp_path / f"{i}.h5", seed=i) for i in range(12)]
    header = index(files, tmp_path / "i.jsonl", CONFIG)
    rows = load(tmp_path / "i.jsonl")[1]
    assert header["split"]["train"] == sum(row["split"] == "train" for row in rows)
    assert np.isfinite(header["statistics"]["lips"]["std"]).all()


def test_a_published_split_is_kept_by_whole_families(tmp_path):
    files = [h5(tmp_path / f"{name}.h5", seed=i) for i, name in enumerate("abc")]
    lines = ("a.mp4,x,test", "b.mp4,x,", "c.mp4,y,validation")
    index(files, tmp_path / "i.jsonl", CONFIG, table(tmp_path / "t.csv", "file,speaker,split", *lines))
    assert [row["split"] for row in load(tmp_path / "i.jsonl")[1]] == ["test", "test", "validation"]


def test_a_published_split_that_divides_a_speaker_is_refused(tmp_path):
    files = [h5(tmp_path / f"{name}.h5", seed=i) for i, name in enumerate("ab")]
    people = table(tmp_path / "t.csv", "file,speaker,split", "a.mp4,x,test", "b.mp4,x,train")
    with pytest.raises(InputError, match="shares a speaker"):
        index(files, tmp_path / "i.jsonl", CONFIG, people)
