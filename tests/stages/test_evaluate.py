import json
from pathlib import Path

import pytest

from tests.builders import h5
from tests.report.results import HOSTILE, result
from tfq.config import DIMENSIONS, IndexConfig
from tfq.errors import InputError
from tfq.report.language import language
from tfq.stages.evaluate import evaluate, from_index, from_tables, written
from tfq.stages.index import index, load

MARKED = {"start_s": 1.0, "end_s": 2.0}


def scored(path: Path, scores: dict[str, float], **changes) -> Path:
    """Results in which each clip has one score in all dimensions."""
    lines = [json.dumps(result(name, mos, duration_s=3.0, **changes)) for name, mos in scores.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def labelled(tmp_path) -> dict:
    """Twelve clips of four speakers from two generators."""
    rows = [f"clip{i}.mp4,s{i % 4},{'A' if i < 6 else 'B'},zh,{1 + i / 3:.2f}" for i in range(12)]
    (tmp_path / "labels.csv").write_text("file,speaker,method,language,overall\n" + "\n".join(rows) + "\n")
    return from_tables(tmp_path / "labels.csv", None)


def test_the_better_of_two_models_is_told(tmp_path, labelled):
    good = scored(tmp_path / "good.jsonl", {f"x/clip{i}.h5": 1 + i / 3 for i in range(12)})
    poor = scored(tmp_path / "poor.jsonl", {f"x/clip{i}.h5": 1 + (7 * i % 12) / 3 for i in range(12)})
    found = evaluate([good, poor], labelled)
    assert found["models"][0]["dimensions"]["overall"]["srcc"][0] == pytest.approx(1)
    assert found["models"][0]["dimensions"]["lip_sync"]["clips"] == 0
    assert found["differences"][0]["figures"]["overall"]["srcc"][0] < -0.3
    parts = found["models"][0]["dimensions"]["overall"]["parts"]
    assert parts["generator"]["A"]["mean"] < parts["generator"]["B"]["mean"]
    assert set(parts["language"]) == {"zh"}
    assert json.loads(written(found, ".json", "", language("en"))) == found


def test_ratings_give_labels_with_doubt(tmp_path, labelled):
    lines = [f"r{r},clip{i}.mp4,overall,{1 + (i + r) % 5}" for i in range(12) for r in range(4)]
    (tmp_path / "ratings.csv").write_text("rater,file,dimension,score\n" + "\n".join(lines) + "\n")
    known = from_tables(None, tmp_path / "ratings.csv")
    assert all(one.doubt["overall"] > 0 for one in known.values())
    found = evaluate([scored(tmp_path / "a.jsonl", {f"clip{i}.mp4": 1 + i / 3 for i in range(12)})], known)
    assert found["models"][0]["dimensions"]["overall"]["outlier_ratio"][0] > 0


def test_clips_nobody_knows_are_refused(tmp_path, labelled):
    with pytest.raises(InputError, match=r"none of its \d+ clips is among the \d+ asked about"):
        evaluate([scored(tmp_path / "a.jsonl", {"other.mp4": 3.0})], labelled)


def test_an_index_knows_copies_weak_moments_and_the_part(tmp_path):
    for quality in (0.0, 1.0):
        h5(tmp_path / f"{quality:.0f}.h5", quality=quality, frames=75)
    (tmp_path / "labels.csv").write_text(
        "file,speaker,split,lip_sync,overall\n0.mp4,a,test,1.6,1.6\n1.mp4,a,test,4.6,4.6\n"
    )
    index(list(tmp_path.glob("*.h5")), tmp_path / "i.jsonl", IndexConfig(), tmp_path / "labels.csv")
    lines = (tmp_path / "i.jsonl").read_text().splitlines()
    rows = {Path(row["file"]).stem: row for row in load(tmp_path / "i.jsonl")[1]}
    copy = rows["0"]
    copy |= {"family": rows["1"]["sha256"], "degraded": {"kind": "sound_late", "severity": 5}}
    copy["over_time"] = [
        {**MARKED, "labels": {"lip_sync": 1.5}},
        {"start_s": 2, "end_s": 3, "labels": {"lip_sync": 4.6}},
    ]
    (tmp_path / "i.jsonl").write_text("\n".join([lines[0], *(json.dumps(row) for row in rows.values())]) + "\n")
    known = from_index(tmp_path / "i.jsonl", "test")
    assert known[copy["sha256"]].weak["lip_sync"][0].start_s == 1.0
    assert known[copy["sha256"]].original == rows["1"]["sha256"]
    results = [
        {**result("0.h5", 2.0, duration_s=3.0), "sha256": copy["sha256"]},
        {**result("1.h5", 4.5, duration_s=3.0, weak_segments=[]), "sha256": rows["1"]["sha256"]},
    ]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(one) + "\n" for one in results))
    local = evaluate([tmp_path / "s.jsonl"], known)["models"][0]["localisation"]
    assert local["lip_sync"]["iou"][0] == 1.0
    assert local["lip_sync"]["average_precision"] == 1.0
    assert local["clean_per_minute"] == 0
    with pytest.raises(InputError, match="the train part is empty"):
        from_index(tmp_path / "i.jsonl", "train")


def test_the_text_is_markdown_and_the_page_escapes_names(tmp_path, labelled):
    path = scored(tmp_path / "x.jsonl", {f"clip{i}.mp4": 1 + i / 3 for i in range(12)})
    found = evaluate([path], labelled)
    found["models"][0]["name"] = HOSTILE
    text = written(found, ".md", "", language("en"))
    assert all(line.startswith(("|", "#")) for line in text.splitlines() if line)
    assert {line.count("|") for line in text.split("\n\n")[1].splitlines()} == {len(DIMENSIONS) + 7}
    page = written(found, ".html", HOSTILE, language("zh"))
    assert HOSTILE not in page
    assert "<script>boom" not in page
    assert "按生成器" in page
