import json
from pathlib import Path

import numpy as np
import pytest

from tests.builders import h5
from tfq.config import DIMENSIONS, IndexConfig, TrainConfig
from tfq.errors import InputError, WeightsError
from tfq.models import checkpoint
from tfq.stages.index import index
from tfq.stages.train import over_time, train

QUICK = TrainConfig(width=32, layers=1, heads=2, epochs=12, batch=8, learning_rate=2e-3, dropout=0.0, patience=12)


def dataset(folder: Path, people: int = 40) -> Path:
    """Each person's clip, and a copy whose lips do not follow the voice, which is labelled so."""
    lines = ["file,speaker," + ",".join(DIMENSIONS)]
    for person in range(people):
        for quality, mos in ((1.0, 4.6), (0.0, 1.6)):
            name = f"{person}-{quality:.0f}"
            h5(folder / f"{name}.h5", seed=person, quality=quality, frames=40)
            lines.append(f"{name}.mp4,p{person}," + ",".join([f"{mos}"] * len(DIMENSIONS)))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    index(list(folder.glob("*.h5")), folder / "index.jsonl", IndexConfig(), folder / "labels.csv")
    return folder / "index.jsonl"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("train")
    return folder, train(dataset(folder), folder / "model.safetensors", QUICK, "test-model")


def test_it_learns_what_the_labels_say_and_reports_on_people_it_never_saw(trained):
    folder, figures = trained
    assert set(figures) == set(DIMENSIONS)
    assert all(figure["rmse"][0] < 0.7 for figure in figures.values())
    assert all(figure["clips"] >= 4 for figure in figures.values())
    log = (folder / "model.csv").read_text().splitlines()
    assert log[0] == "epoch,train_loss,validation_loss"
    assert len(log) > 5


def test_a_checkpoint_reads_back_as_it_was(trained):
    folder, figures = trained
    made = checkpoint.load(folder / "model.safetensors")
    assert made.name == "test-model"
    assert made.spec.dimensions == DIMENSIONS
    assert json.dumps(made.figures) == json.dumps(figures)
    assert np.isfinite(made.half_widths).sum() in (0, len(DIMENSIONS))


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(WeightsError):
        checkpoint.load(tmp_path / "x.safetensors")


def test_an_index_without_labels_says_so(tmp_path):
    files = [h5(tmp_path / f"{i}.h5", seed=i) for i in range(3)]
    index(files, tmp_path / "i.jsonl", IndexConfig())
    with pytest.raises(InputError, match="no clip with a label"):
        train(tmp_path / "i.jsonl", tmp_path / "m.safetensors", QUICK)


def test_pieces_of_a_clip_carry_their_own_labels():
    row = {"over_time": [{"start_s": 1.0, "end_s": 2.0, "labels": {"lip_sync": 1.5}}]}
    grid = over_time(row, np.full(len(DIMENSIONS), 4.5, np.float32), 75)
    assert (grid[25:50, 0] == 1.5).all()
    assert (grid[:25] == 4.5).all()
    assert (grid[25:50, 1:] == 4.5).all()
