"""`index` and `train`, with the work behind them taken away."""

import pytest

from tests.builders import h5
from tfq.config import LOSSES, IndexConfig, TrainConfig
from tfq.stages import index as index_stage
from tfq.stages import train as train_stage


@pytest.fixture
def asked(monkeypatch):
    """What the commands asked of their stages."""
    calls = []

    def index(paths, out, config, *, said, reader, tell):
        calls.append((paths, out, config, said))
        return {"files": len(paths), "split": {"train": 2}, "dropped": {"no_face": 1}, "labels": {"lip_sync": 2}}

    def train(index, out, config, name="", tell=lambda _: None, step=None, *, fresh=False):
        calls.append((index, out, config, name, fresh))
        tell("epoch 1")

    def cross_validate(index, out, config, folds, tell=lambda _: None, step=None):
        calls.append((index, out, config, folds))

    monkeypatch.setattr(index_stage, "index", index)
    monkeypatch.setattr(train_stage, "train", train)
    monkeypatch.setattr(train_stage, "cross_validate", cross_validate)
    return calls


def test_index_gathers_names_from_anywhere_and_prints_its_own(tfq, tmp_path, asked):
    out = tmp_path / "data.jsonl"
    result = tfq("index", "-o", out, "-", tmp_path / "b.h5", input=f"{tmp_path}/a.h5\n")
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    assert result.stderr == "tfq: 2 files: train 2; left out: no_face 1; labels: lip_sync 2\n"
    assert asked == [([tmp_path / "a.h5", tmp_path / "b.h5"], out, IndexConfig(), index_stage.Said())]


def test_train_runs_with_the_defaults_and_tells_how_it_goes(tfq, tmp_path, asked):
    result = tfq("train", tmp_path / "data.jsonl", "-o", tmp_path / "mine.safetensors")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tmp_path}/mine.safetensors\n", "tfq: epoch 1\n")
    assert asked == [(tmp_path / "data.jsonl", tmp_path / "mine.safetensors", TrainConfig(), "", False)]
    assert tfq("train", "-q", tmp_path / "data.jsonl", "-o", tmp_path / "mine.safetensors").stderr == ""


def test_train_passes_on_what_is_asked(tfq, tmp_path, asked):
    given = ["--loss", "ranking=0", "--loss", "spans=0.5", "--tasks", "overall,lip_sync", "--modalities", "sound"]
    tfq("train", tmp_path / "data.jsonl", "-o", tmp_path / "m", *given, "--spread", "--fresh")
    loss = {**LOSSES, "ranking": 0, "spans": 0.5}
    config = TrainConfig(loss=loss, tasks=("lip_sync", "overall"), modalities=("sound",), spread=True)
    assert asked == [(tmp_path / "data.jsonl", tmp_path / "m", config, "", True)]


def test_folds_measure_instead_of_making_a_checkpoint(tfq, tmp_path, asked):
    assert tfq("train", tmp_path / "data.jsonl", "-o", tmp_path / "f.json", "--folds", 4).exit_code == 0
    assert asked == [(tmp_path / "data.jsonl", tmp_path / "f.json", TrainConfig(), 4)]


@pytest.mark.parametrize(
    "args",
    [
        ["index", "a.h5"],
        ["index", "-o", "x"],
        ["index", "-o", "x", "--validation", "60", "--test", "40", "a.h5"],
        ["train"],
        ["train", "i.jsonl", "-o", "m", "--loss", "luck=1"],
        ["train", "i.jsonl", "-o", "m", "--loss", "ranking"],
        ["train", "i.jsonl", "-o", "m", "--loss", "ranking=-1"],
        ["train", "i.jsonl", "-o", "m", "--tasks", "smell"],
        ["train", "i.jsonl", "-o", "m", "--folds", "2"],
    ],
)
def test_what_is_missing_or_impossible_is_usage(tfq, asked, args):
    result = tfq(*args)
    assert (result.exit_code, result.stdout, asked) == (2, "", [])


def test_check_says_what_is_damaged_and_gives_3(tfq, tmp_path):
    index_stage.index([h5(tmp_path / "a.h5")], tmp_path / "i.jsonl", IndexConfig())
    good = tfq("index", "--check", tmp_path / "i.jsonl")
    assert (good.exit_code, good.stdout, good.stderr) == (0, f"{tmp_path}/i.jsonl\n", "")
    (tmp_path / "a.h5").write_bytes(b"gone")
    bad = tfq("index", "--check", tmp_path / "i.jsonl")
    assert (bad.exit_code, bad.stdout) == (3, "")
    assert "a.h5: not an HDF5 file" in bad.stderr
    assert bad.stderr.endswith("i.jsonl: damaged\n")


def test_a_folder_without_features_says_what_to_run(tfq, tmp_path):
    result = tfq("index", "--layout", "thqa-ntire", "-o", tmp_path / "i.jsonl", tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "tfq features" in result.stderr
