import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import h5
from tfq.config import DIMENSIONS, LOSSES, IndexConfig, TrainConfig
from tfq.errors import InputError, UsageError, WeightsError
from tfq.models import checkpoint
from tfq.stages.examples import example, over_time, scales, spec_of
from tfq.stages.index import index, load
from tfq.stages.train import cross_validate, train

QUICK = TrainConfig(width=16, layers=1, heads=2, epochs=3, batch=4, learning_rate=5e-3, dropout=0.0, average=0.5)
PARTS = ("train", "train", "train", "validation", "test")


def dataset(folder: Path, parts: tuple[str, ...] = PARTS) -> Path:
    """Each person's clip, and a copy whose lips do not follow the voice, which is labelled so."""
    lines = ["file,speaker,split," + ",".join(DIMENSIONS)]
    for person, part in enumerate(parts):
        for quality, mos in ((1.0, 4.6), (0.0, 1.6)):
            h5(folder / f"{person}-{quality:.0f}.h5", seed=person, quality=quality, frames=30)
            lines.append(f"{person}-{quality:.0f}.mp4,p{person},{part}," + ",".join([f"{mos}"] * len(DIMENSIONS)))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    index(list(folder.glob("*.h5")), folder / "index.jsonl", IndexConfig(), folder / "labels.csv")
    return folder / "index.jsonl"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return dataset(tmp_path_factory.mktemp("train"))


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory) -> tuple[Path, dict, list[str]]:
    out, told = tmp_path_factory.mktemp("out") / "model.safetensors", []
    return out, train(data, out, QUICK, "test-model", told.append), told


def test_it_writes_a_checkpoint_a_log_and_figures_and_nothing_else(trained):
    out, figures, told = trained
    assert set(figures) == set(DIMENSIONS)
    assert all(figure["clips"] == 2 for figure in figures.values())
    log = out.with_suffix(".csv").read_text().splitlines()
    assert log[0] == "epoch,train_loss,validation_loss,regression,ranking,order,time,contrast"
    assert len(log) == 4
    assert not out.with_suffix(".resume.pt").exists()
    assert told[0] == "train: 6 clips, 6 with labels, 3 speakers"
    assert told[-1].startswith("peak memory ")


def test_a_checkpoint_reads_back_as_it_was(trained):
    out, figures, _ = trained
    made = checkpoint.load(out)
    assert made.name == "test-model"
    assert made.spec.dimensions == DIMENSIONS
    assert json.dumps(made.figures) == json.dumps(figures)


def test_a_killed_training_goes_on_to_the_same_checkpoint_and_log(data, trained, tmp_path):
    out, whole = tmp_path / "model.safetensors", trained[0]

    def die(epoch: int, *_: int) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, out, QUICK, "test-model", step=die)
    told: list[str] = []
    train(data, out, QUICK, "test-model", told.append)
    assert any("goes on after epoch 1" in line for line in told)
    assert out.read_bytes() == whole.read_bytes()
    assert out.with_suffix(".csv").read_text() == whole.with_suffix(".csv").read_text()


def test_every_option_at_once_makes_a_checkpoint_that_reads_back(data, tmp_path):
    config = replace(
        QUICK,
        tasks=("lip_sync", "overall"),
        modalities=("lips", "cross"),
        fusion="both",
        positions="rotary",
        spread=True,
        balance="uncertainty",
        epochs=1,
        loss=dict.fromkeys(LOSSES, 0.5),
    )
    figures = train(data, tmp_path / "m.safetensors", config)
    made = checkpoint.load(tmp_path / "m.safetensors")
    assert tuple(figures) == made.spec.dimensions == ("lip_sync", "overall")
    assert set(made.spec.features) == {"lips", "sync"}
    assert made.spec.spread


def test_folds_measure_everybody_but_the_test_part(data, tmp_path):
    figures = cross_validate(data, tmp_path / "folds.json", replace(QUICK, epochs=1), 3)
    written = json.loads((tmp_path / "folds.json").read_text())
    assert written["folds"] == 3
    assert figures["overall"]["clips"] == 8
    assert set(written["figures"]) == set(DIMENSIONS)


def test_an_unknown_modality_is_usage(data):
    with pytest.raises(UsageError, match="--modalities smell: choose from picture, sound, cross"):
        scales(load(data)[0], ("smell",))


def test_a_row_carries_doubt_and_ranks(data):
    header, rows = load(data)
    row = {**rows[0], "doubt": {"overall": 0.3}, "rank": [{"group": "g", "values": {"lip_sync": 7}}]}
    scale = scales(header, ())
    made = example(data.parent, row, scale, ("lip_sync", "overall"))
    assert made.doubt[1] == pytest.approx(0.3)
    assert np.isnan(made.doubt[0])
    np.testing.assert_array_equal(made.ranks["g"], [7, np.nan])
    assert set(spec_of(scale, QUICK).features) == set(scale)


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(WeightsError):
        checkpoint.load(tmp_path / "x.safetensors")


def test_an_index_without_labels_says_so(tmp_path):
    index([h5(tmp_path / "0.h5")], tmp_path / "i.jsonl", IndexConfig())
    with pytest.raises(InputError, match="no clip with a label"):
        train(tmp_path / "i.jsonl", tmp_path / "m.safetensors", QUICK)


def test_pieces_of_a_clip_carry_their_own_labels():
    row = {"over_time": [{"start_s": 1.0, "end_s": 2.0, "labels": {"lip_sync": 1.5}}]}
    grid = over_time(row, np.full(len(DIMENSIONS), 4.5, np.float32), 75, DIMENSIONS)
    assert (grid[25:50, 0] == 1.5).all()
    assert (grid[:25] == 4.5).all()
    assert (grid[25:50, 1:] == 4.5).all()
