"""From an index of files to a sync network that measures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tests.models.test_hubert import save_speech
from tests.stages.test_sync import Networks, build
from tfq.config import SyncConfig, SyncTrainConfig
from tfq.errors import InputError, WeightsError
from tfq.models.runtime import Models
from tfq.models.sync import load
from tfq.stages import sync
from tfq.stages.index import FORMAT, FORMAT_VERSION
from tfq.stages.train_sync import train_sync
from tfq.store import Stamp
from tfq.sync import calibrate

SMALL = SyncTrainConfig(scout_steps=2, steps=3, batch=4, frames=30, crop=48, parts=8, width=16, blocks=2, copies=1)


def index(folder: Path, validation: int = 5) -> Path:
    rows = []
    for number in range(4 + validation):
        name = f"{number}.h5"
        build(folder / name).close()
        part = "train" if number < 4 else "validation"
        rows.append({"file": name, "split": part, "speaker": f"s{number}", "family": name, "dropped": None})
    header = {"format": FORMAT, "format_version": FORMAT_VERSION}
    path = folder / "index.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in [header, *rows]), encoding="utf-8")
    return path


def test_a_network_is_trained_calibrated_and_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "consensus", lambda _pair, _reach: 0)  # three steps teach nothing
    told: list[str] = []
    figures = train_sync(index(tmp_path), tmp_path / "mine.safetensors", SMALL, Networks(), told.append)
    model = load(tmp_path / "mine.safetensors")
    assert (tmp_path / "mine.onnx").is_file()
    assert figures["clips"] == figures["speakers"] == 4
    assert dict(model.figures) == figures
    assert np.isfinite(dataclasses.astuple(model.calibration)[0]).all()
    assert "train: 4 clips, 4 speakers" in told


def test_clips_without_a_clear_offset_are_an_error_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "consensus", lambda _pair, _reach: None)
    with pytest.raises(InputError, match="clear offset"):
        train_sync(index(tmp_path), tmp_path / "mine.safetensors", SMALL, Networks())
    assert not (tmp_path / "mine.safetensors").exists()


def test_an_index_without_a_validation_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="validation part"):
        train_sync(index(tmp_path, validation=0), tmp_path / "mine.safetensors", SMALL, Networks())


def test_a_network_that_hears_through_hubert_measures_with_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "consensus", lambda _pair, _reach: 0)
    encoder = tmp_path / "encoder"
    save_speech(encoder)
    models, out = Models(threads=1), tmp_path / "mine.safetensors"
    train_sync(index(tmp_path), out, dataclasses.replace(SMALL, speech=str(encoder), layers=(1, 2)), models)
    with build(tmp_path / "clip.h5") as file:
        sync.run(file, SyncConfig(network=str(out), speech=str(encoder)), models, Stamp("sync", 1))
        assert np.isfinite(file.array("sync/distance")).any()
        with pytest.raises(WeightsError, match="another speech encoder"):
            sync.run(file, SyncConfig(network=str(out)), models, Stamp("sync", 1))
