import json
from pathlib import Path

import pytest

from tests.builders import h5
from tfq.config import IndexConfig
from tfq.errors import InputError, UsageError
from tfq.stages import layouts
from tfq.stages.index import Said, index, load


def emotiontalk(root: Path) -> Path:
    """Five utterances as published: three dialogues, two of them of one recording."""
    for seed, name in enumerate(
        ["G00001_02_05_001", "G00001_02_06_002", "G00001_03_05_001", "G00003_01_13_002", "G00007_01_02_003"]
    ):
        recording, dialogue, speaker, _ = name.split("_")
        place = Path(recording, f"{recording}_{dialogue}", f"{recording}_{dialogue}_{speaker}")
        for modality, content in {
            "Text": {
                "data": [{"emotion": "happy"}, {"emotion": "neutral"}],
                "emotion_result": "happy",
                "content": "你好",
            },
            "Audio": {"emotion_result": "happy", "paragraphs": [{"startTime": 1.5, "endTime": 3.9, "duration": 2.4}]},
        }.items():
            folder = root / modality / "json" / place
            folder.mkdir(parents=True, exist_ok=True)
            content |= {"speaker_id": speaker, "file_name": f"{name}.wav"}
            (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        (root / "Video" / place).mkdir(parents=True, exist_ok=True)
        h5(root / "Video" / place / f"{name}.h5", seed=seed)
    (root / "mm.csv").write_text("file_name,emotion\nG00003_01_13_002,angry\n", encoding="utf-8")
    (root / "transcription.csv").write_text("name,emotion,chinese\nG00007_01_02_003,sad,再见\n", encoding="utf-8")
    return root


def indexed(layout: str, root: Path, out: Path) -> tuple[dict, dict[str, dict]]:
    described = layouts.read(layout, root)
    header = index(described.files(), out, IndexConfig(), said=Said(layout=described))
    return header, {Path(row["file"]).stem: row for row in load(out)[1]}


def test_emotiontalk_is_read_as_published(tmp_path):
    _, rows = indexed("emotiontalk", emotiontalk(tmp_path / "set"), tmp_path / "i.jsonl")
    row = rows["G00001_02_05_001"]
    expected = {"speaker": "G00001_05", "group": "G00001", "kind": "real", "language": "zh", "emotion": "happy"}
    assert {name: row[name] for name in expected} == expected
    assert (row["text"], row["starts_s"], row["ends_s"]) == ("你好", 1.5, 3.9)
    assert [vote["emotion"] for vote in row["votes"]] == ["happy", "neutral"]
    assert rows["G00003_01_13_002"]["emotion"] == "angry"
    assert rows["G00007_01_02_003"]["text"] == "再见"
    assert rows["G00003_01_13_002"]["split"] == "test"
    assert len({rows[name]["split"] for name in rows if name.startswith("G00001")}) == 1
    assert "labels" not in row


def thqa(root: Path) -> Path:
    """Each published part with its table; one face lies in two of them, as it does there."""
    parts = {
        "train": [("14_flux_common_voice_en_36411224_sadtalker.mp4", 4.0), ("16_voice_en_35200709_dinet.mp4", 0.0)],
        "val": [("14_flux_common_voice_en_36411225_wavlip.mp4", 2.5)],
        "test": [("5372021_SEN_go_change_your_shoes_audio_lead_0.5.mp4", 5.0)],
    }
    for part, clips in parts.items():
        (root / part).mkdir(parents=True)
        lines = ["Video,Score", *(f"{name},{score}" for name, score in clips)]
        table = root / f"thqa_ntire_{part}{'list' if part == 'val' else ''}.csv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name, _ in clips:
            h5((root / part / name).with_suffix(".h5"), seed=len(name))
    return root


def test_thqa_ntire_is_read_as_published(tmp_path):
    header, rows = indexed("thqa-ntire", thqa(tmp_path / "set"), tmp_path / "i.jsonl")
    assert {row["split"] for row in rows.values()} == {"train", "validation", "test"}
    assert rows["14_flux_common_voice_en_36411224_sadtalker"]["labels"] == {"overall": 4.2}
    assert rows["16_voice_en_35200709_dinet"]["labels"] == {"overall": 1.0}
    assert rows["14_flux_common_voice_en_36411225_wavlip"]["split"] == "validation"
    assert rows["14_flux_common_voice_en_36411225_wavlip"]["method"] == "wavlip"
    led = rows["5372021_SEN_go_change_your_shoes_audio_lead_0.5"]
    assert (led["speaker"], led["method"], led["labels"]) == ("5372021", "audio_lead_0.5", {"overall": 5.0})
    assert header["divided_families"] == 1


OWN = """
patterns = ['(?P<who>[a-z]+)-(?P<take>[0-9]+)']
files = "h5/*.h5"
[columns]
speaker = "{who}"
[[tables]]
files = "*.tsv.csv"
key = "clip name"
columns = { lip_sync = "sync", language = "tongue" }
scale = [0, 100]
[[splits]]
split = "test"
where = { take = ["2"] }
"""


def own(folder: Path, description: str = OWN) -> Path:
    (folder / "set" / "h5").mkdir(parents=True)
    for name in ("ann-1", "ann-3", "bob-2"):
        h5(folder / "set" / "h5" / f"{name}.h5", seed=len(name) + ord(name[0]) + ord(name[-1]))
    (folder / "set" / "labels.tsv.csv").write_text("clip name,sync,tongue\nann-1.mov,50,en\n", encoding="utf-8")
    (folder / "own.toml").write_text(description, encoding="utf-8")
    return folder / "own.toml"


def test_a_set_of_ones_own_is_described_in_toml(tmp_path):
    _, rows = indexed(str(own(tmp_path)), tmp_path / "set", tmp_path / "i.jsonl")
    assert rows["ann-1"]["labels"] == {"lip_sync": 3.0}
    assert (rows["ann-1"]["speaker"], rows["ann-1"]["language"]) == ("ann", "en")
    assert rows["bob-2"]["split"] == "test"
    assert "labels" not in rows["ann-3"]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("speaker =", "loudspeaker =", "no column is called loudspeaker"),
        ("[[splits]]", "[[parts]]", "has no parts"),
        ("(?P<who>", "(?P<who", "own.toml"),
        ("[0, 100]", "[100, 0]", "a scale that rises"),
        ('key = "clip name"', "", "own.toml"),
        ("[columns]", "[columns", "not a layout in TOML"),
        ('["2"]', '["2"', "not a layout in TOML"),
        ('files = "h5/*.h5"', "files = 3", "own.toml"),
        ('columns = { lip_sync = "sync", language = "tongue" }', "columns = 3", "own.toml"),
    ],
)
def test_a_wrong_description_says_what(tmp_path, old, new, wrong):
    path = own(tmp_path, OWN.replace(old, new))
    with pytest.raises(UsageError, match=wrong):
        layouts.read(str(path), tmp_path / "set")


def test_a_score_off_its_scale_names_its_line(tmp_path):
    path = own(tmp_path)
    (tmp_path / "set" / "labels.tsv.csv").write_text("clip name,sync,tongue\nann-1,50,\nbob-2,101,\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 3: sync is 101"):
        layouts.read(str(path), tmp_path / "set")


def test_an_unknown_layout_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="emotiontalk, thqa-ntire"):
        layouts.read("talkinghead", tmp_path)
