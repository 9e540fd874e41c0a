import functools
import json
from pathlib import Path

import numpy as np
import pytest

from tests.builders import h5
from tfq.config import DIMENSIONS, IndexConfig
from tfq.errors import FormatError, InputError
from tfq.stages import index_rows
from tfq.stages.examples import over_time
from tfq.stages.index import Said, index, load
from tfq.stages.index_check import check
from tfq.stages.index_file import digest, save
from tfq.store import Stamp, TfqFile

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


def test_what_a_table_loses_by_a_slip_is_told(tmp_path):
    files = [h5(tmp_path / f"{name}.h5", seed=i) for i, name in enumerate("abcdef")]
    told = []
    said = Said(table=table(tmp_path / "t.csv", "file,speaker,lipsync,overall", *(f"{n}.mp4,x,4,3" for n in "abcdezz")))
    header = index(files, tmp_path / "i.jsonl", CONFIG, said=said, tell=told.append)
    assert f"{said.table}: column lipsync is not used; is it lip_sync?" in told
    assert f"{said.table}: 1 of 6 lines are of no file here, as z.mp4" in told
    assert header["labels"] == {"overall": 5}


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


NAMES = ("i.jsonl", "i.csv", "i.parquet")


def dataset(folder: Path, count: int = 12) -> list[Path]:
    return [h5(folder / f"{i}.h5", seed=i) for i in range(count)]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_holds_the_same(tmp_path, name):
    people = table(tmp_path / "t.csv", "file,speaker,lip_sync,language", "0.mp4,007,4.5,zh", "1.mp4,,2,")
    files = dataset(tmp_path, 3)
    header = index(files, tmp_path / "other.jsonl", CONFIG, people)
    rows = load(tmp_path / "other.jsonl")[1]
    save(tmp_path / name, header, rows)
    read, again = load(tmp_path / name)
    assert read == header
    assert again == rows
    assert digest(again) == header["rows_sha256"]
    assert again[0]["speaker"] == "007"


@pytest.mark.parametrize("name", NAMES)
def test_a_format_by_another_name_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00PAR1 neither\n")
    with pytest.raises(FormatError):
        load(tmp_path / name)


def test_unchanged_files_are_not_read_again_and_stay_where_they_are(tmp_path, monkeypatch):
    files = dataset(tmp_path)
    out = tmp_path / "i.jsonl"
    first = index(files, out, CONFIG)
    before = load(out)[1]
    read = []
    gather = index_rows.gather
    monkeypatch.setattr(index_rows, "gather", lambda paths, *rest: read.extend(paths) or gather(paths, *rest))
    assert index(files, out, CONFIG)["statistics"] == first["statistics"]
    assert read == []
    files += [h5(tmp_path / f"new{i}.h5", seed=100 + i) for i in range(6)]
    grown = index(files, out, CONFIG)
    assert {path.name for path in read} == {f"new{i}.h5" for i in range(6)}
    rows = {row["file"]: row for row in load(out)[1]}
    assert all(rows[row["file"]]["split"] == row["split"] for row in before)
    (tmp_path / "fresh").mkdir()
    parts = table(tmp_path / "p.csv", "file,split", *(f"{row['source']},{row['split']}" for row in rows.values()))
    fresh = index(files, tmp_path / "fresh.jsonl", CONFIG, parts)
    for name, columns in fresh["statistics"].items():
        np.testing.assert_allclose(grown["statistics"][name]["mean"], columns["mean"], atol=1e-9)
        np.testing.assert_allclose(grown["statistics"][name]["std"], columns["std"], rtol=1e-9)


def test_another_seed_deals_again(tmp_path):
    files = dataset(tmp_path)
    parts = []
    for seed in (0, 1, 0):
        index(files, tmp_path / "i.jsonl", IndexConfig(seed=seed))
        parts.append([row["split"] for row in load(tmp_path / "i.jsonl")[1]])
    assert parts[0] == parts[2] != parts[1]


def test_statistics_do_not_depend_on_how_many_read(tmp_path):
    files = dataset(tmp_path, 9)
    one = index(files, tmp_path / "1.jsonl", CONFIG)
    assert (
        index(files, tmp_path / "3.jsonl", CONFIG, reader=functools.partial(index_rows.read, jobs=3))["statistics"]
        == one["statistics"]
    )


def test_crowds_strange_sound_and_copies_are_left_out_each_with_its_reason(tmp_path):
    files = [
        h5(tmp_path / "good.h5", seed=1),
        h5(tmp_path / "two.h5", seed=2, people=2),
        h5(tmp_path / "far.h5", seed=3),
    ]
    (tmp_path / "again").mkdir()
    files.append(tmp_path / "again" / "good.h5")
    files[-1].write_bytes(files[0].read_bytes())
    with TfqFile(files[2]) as file, file.replacing("sync", Stamp("sync", 1)) as group:
        group.info = {"offset_ms": 0.0, "confidence": 0.02}
    header = index(files, tmp_path / "i.jsonl", CONFIG)
    assert header["dropped"] == {"duplicate": 1, "several_people": 1, "no_sync": 1}
    rated = table(tmp_path / "t.csv", "file,lip_sync", "far.mp4,1.2")
    assert "no_sync" not in index(files, tmp_path / "j.jsonl", CONFIG, rated)["dropped"]


def rating_lines(clips: str = "ab", raters: int = 12) -> list[str]:
    head = "rater,file,dimension,score,start_s,end_s,frame,box,text,page"
    said = [f"r{r},{c}.mp4,lip_sync,{2 + (r + i) % 2},,,,,,7" for i, c in enumerate(clips) for r in range(raters)]
    marks = [f'r{r},a.mp4,lip_sync,,0.4,0.8,,"1,2,3,4",late,7' for r in range(6)]
    return [head, *said, *marks, "r0,b.mp4,expression,3,,,,,,7"]


def test_ratings_become_labels_and_marks_the_labels_of_frames(tmp_path):
    files = [h5(tmp_path / f"{name}.h5", seed=i, frames=50) for i, name in enumerate("abc")]
    told = []
    said = Said(ratings=table(tmp_path / "r.csv", *rating_lines("abx")))
    header = index(files, tmp_path / "i.jsonl", CONFIG, said=said, tell=told.append)
    first, second, third = load(tmp_path / "i.jsonl")[1]
    assert first["ratings"]["lip_sync"]["mean"] == first["labels"]["lip_sync"] == pytest.approx(2.5)
    assert first["ratings"]["lip_sync"]["raters"] == 12
    assert first["ratings"]["lip_sync"]["low"] < 2.5 < first["ratings"]["lip_sync"]["high"]
    assert first["marks"][0] == {
        "rater": "r0", "dimension": "lip_sync", "start_s": 0.4, "end_s": 0.8, "box": [1, 2, 3, 4], "text": "late"
    }  # fmt: skip
    grid = over_time(first, np.array([first["labels"].get(name, np.nan) for name in DIMENSIONS]), 50, DIMENSIONS)
    assert grid[10:20, 0].max() < grid[30, 0]
    assert np.isnan(grid[:, 1:]).all()
    assert (second["over_time"], second["labels"]["expression"]) == ([], 3.0)
    assert "labels" not in third
    assert set(header["raters"]) == {"lip_sync", "expression"}
    assert header["raters"]["lip_sync"]["raters"]["r0"]["ratings"] == 3
    assert "expression: 1 of 1 clips have under 10 raters" in told
    assert any("1 of 3 rated clips are in no file" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("r,a.mp4,lip_sync,9,,,,,,", "not a score"),
        (",a.mp4,lip_sync,3,,,,,,", "needs a rater"),
        ("r,a.mp4,beauty,3,,,,,,", "needs a rater"),
        ("r,a.mp4,lip_sync,,2,1,,,,", "a mark has"),
        ("r,a.mp4,lip_sync,,,,,1 2 3,,", "a mark has"),
        ("r,a.mp4,lip_sync,,,,-4,,,", "a mark has"),
    ],
)
def test_a_wrong_rating_names_its_line(tmp_path, line, wrong):
    ratings = table(tmp_path / "r.csv", rating_lines()[0], "r,a.mp4,lip_sync,3,,,,,,", line)
    with pytest.raises(InputError, match=f"line 3: .*{wrong}"):
        index([h5(tmp_path / "a.h5")], tmp_path / "i.jsonl", CONFIG, said=Said(ratings=ratings))


def changed(path: Path, **values: object) -> None:
    header, rows = load(path)
    save(path, header, [{**row, **values} for row in rows])


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"labels": {"lip_sync": 9.0}}, "not a score"),
        ({"split": "holiday"}, "split is holiday"),
        ({"duration_s": None}, "no duration"),
        ({"over_time": [{"start_s": 2.0, "end_s": 90.0}]}, "lies outside"),
        ({"over_time": [{}]}, "not what `tfq index` writes"),
        ({"values_sha256": "0" * 64}, "its numbers are not those"),
        ({"frames": 3}, "frames is 60, and was 3"),
        ({"file": "elsewhere.h5"}, "no such file"),
    ],
)
def test_check_finds_what_is_wrong(tmp_path, values, wrong):
    index([h5(tmp_path / "a.h5")], tmp_path / "i.jsonl", CONFIG)
    assert check(tmp_path / "i.jsonl") == []
    changed(tmp_path / "i.jsonl", **values)
    found = check(tmp_path / "i.jsonl")
    assert any(wrong in sentence for sentence in found), found
    assert any("hash differs" in sentence for sentence in found)


def test_check_sees_numbers_that_have_changed(tmp_path):
    path = h5(tmp_path / "a.h5")
    index([path], tmp_path / "i.jsonl", CONFIG)
    with TfqFile(path) as file, file.replacing("features", Stamp("features", 1)) as group:
        group.put("lips/values", np.full((60, 2), np.inf))
        group.put("lips/valid", np.ones(60, bool))
        group.put("lips/clip", np.zeros(0))
    found = " ".join(check(tmp_path / "i.jsonl"))
    assert "its numbers are not those" in found
    assert "lips holds infinite numbers" in found


def test_an_order_goes_to_the_rows_it_names(tmp_path):
    files = dataset(tmp_path)
    names = [path.with_suffix(".mp4").name for path in files[:2]]
    said = table(tmp_path / "o.csv", "group,file,overall,lip_sync", f"pair,{names[0]},1,", f"pair,{names[1]},0,-2.5")
    index(files, tmp_path / "i.jsonl", CONFIG, said=Said(order=said))
    rows = {row["source"]: row.get("rank") for row in load(tmp_path / "i.jsonl")[1]}
    assert rows.pop(names[0]) == [{"group": "pair", "values": {"overall": 1.0}}]
    assert rows.pop(names[1]) == [{"group": "pair", "values": {"overall": 0.0, "lip_sync": -2.5}}]
    assert set(rows.values()) == {None}


@pytest.mark.parametrize("line", ["pair,a.mp4,", ",a.mp4,1", "pair,a.mp4,inf", "pair,a.mp4,good"])
def test_a_wrong_order_names_its_line(tmp_path, line):
    with pytest.raises(InputError, match="line 2"):
        index(
            dataset(tmp_path),
            tmp_path / "i.jsonl",
            CONFIG,
            said=Said(order=table(tmp_path / "o.csv", "group,file,overall", line)),
        )
