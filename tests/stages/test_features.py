"""The features stage: every group of the table, what `--only` leaves alone, and reasons where there is nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.features.clips import clip
from tfq import timebase
from tfq.config import AudioConfig, FeaturesConfig
from tfq.errors import InputError
from tfq.features import MEASUREMENTS, chosen
from tfq.models.runtime import Models
from tfq.stages import audio, features
from tfq.store import Stamp, TfqFile

FRAMES = 60
LIGHT = tuple(row.name for row in chosen(skip=("dnsmos",)))


def road(path: Path, face: bool = True, sound: bool = True) -> TfqFile:
    """A file with everything that the stage reads."""
    given, ok = clip(FRAMES), np.ones(FRAMES, bool)
    file = TfqFile(path, durable=False)
    with file.replacing("extract", Stamp("extract", 1)) as group:
        group.put("time_s", timebase.frame_times(FRAMES))
        group.put("valid", ok)
        group.put("repeated", ~ok)
        group.put("picture", np.arange(FRAMES))
        group.put("source_time_s", timebase.frame_times(FRAMES))
        group.put("broken", ~ok)
        group.put("black", ~ok)
        group.put("audio", given.sound * np.float32(0.2) if sound else given.sound[:0])
    with file.replacing("align", Stamp("align", 1)) as group:
        for name in ("landmarks", "blendshapes", "pose", "transform", "texture"):
            values = getattr(given, name)
            group.put(name, values if face else np.full_like(values, np.nan))
        group.put("crops", np.concatenate(list(given.crops())))
        group.put("portraits", np.concatenate(list(given.portraits())))
        group.put("valid", ok if face else ~ok)
        group.status = "ok" if face else "no_face"
    with file.replacing("sync", Stamp("sync", 1)) as group:
        group.put("offset", np.full(FRAMES, 2.0))
    audio.run(file, AudioConfig(), Models(), Stamp("audio", 1))
    return file


def compute(file: TfqFile, version: int = 1, models: Models | None = None, **choice: Any) -> None:
    config = FeaturesConfig(**choice)
    parameters = json.loads(json.dumps(dataclasses.asdict(config)))
    features.run(file, config, models or Models(), Stamp("features", version, parameters))


def test_every_group_holds_what_the_table_says(tmp_path: Path) -> None:
    with road(tmp_path / "a.h5") as file:
        compute(file, only=LIGHT)
        assert set(file.names("features")) == set(LIGHT)
        for name in LIGHT:
            row, info = MEASUREMENTS[name], file.info(f"features/{name}")
            assert file.status(f"features/{name}") == "ok"
            assert file.shape(f"features/{name}/values") == (FRAMES, len(info["columns"]))
            assert info["columns"] == [column.name for column in row.columns]
            assert file.shape(f"features/{name}/clip") == (len(info["clip_columns"]),)
        gain = np.nanmax(file.array("features/acoustic/values")[:, 0]) - np.nanmax(file.array("audio/level_db"))
        assert gain == pytest.approx(file.info("audio")["gain_db"], abs=1e-3)


def test_only_keeps_the_other_groups(tmp_path: Path) -> None:
    with road(tmp_path / "a.h5") as file:
        compute(file, only=("lips", "mel"))
        before = file.array("features/mel/values")
        compute(file, only=("lips", "head"))
        assert set(file.names("features")) == {"lips", "head", "mel"}
        np.testing.assert_array_equal(file.array("features/mel/values"), before)
        assert file.info("features/mel")["columns"][0] == "mel0"
        assert file.info("features")["groups"] == ["head", "lips", "mel"]


def test_a_group_that_is_out_of_date_does_not_stay(tmp_path: Path) -> None:
    with road(tmp_path / "a.h5") as file:
        compute(file, only=("mel",))
        compute(file, version=2, only=("lips",))
        assert file.names("features") == ("lips",)


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    """Models with a small untrained ResNet, and a cache of their own."""
    import torch
    from transformers import ResNetConfig, ResNetModel

    monkeypatch.setenv("TFQ_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 2048], depths=[1, 1])
    ResNetModel(config).save_pretrained(tmp_path / "resnet101")
    return Models(tmp_path, threads=1, offline=True)


def test_the_precision_of_a_deep_group_and_what_it_costs_are_noted(tmp_path: Path, deep: Models) -> None:
    group = "features/resnet101_mouth"
    with road(tmp_path / "other.h5") as other, road(tmp_path / "a.h5") as file:
        compute(file, models=deep, only=("resnet101_mouth",))
        assert file.info(group)["precision"] == "fp32"
        assert "cosine_to_fp32" not in file.info(group)
        whole = file.array(f"{group}/values").astype(np.float32)
        compute(file, models=deep, only=("resnet101_mouth",), precision="int8", calibrate=(str(other.path),))
        cosine = file.info(group)["cosine_to_fp32"]
        assert file.info(group)["precision"] == "int8"
        assert 0.98 < cosine["least"] <= cosine["mean"] < 1 + 1e-6
        small = file.array(f"{group}/values").astype(np.float32)
        assert np.abs(small - whole).max() > 1e-3
        np.testing.assert_allclose(small, whole, atol=0.3)


def test_a_changed_precision_drops_deep_groups_alone(tmp_path: Path, deep: Models) -> None:
    with road(tmp_path / "a.h5") as file:
        compute(file, models=deep, only=("mel", "resnet101_mouth"))
        compute(file, models=deep, only=("lips",))
        assert set(file.names("features")) == {"lips", "mel", "resnet101_mouth"}
        compute(file, models=deep, only=("lips",), precision="bf16")
        assert set(file.names("features")) == {"lips", "mel"}


@pytest.mark.parametrize("named", ["none.h5", "a.h5"])
def test_what_cannot_be_calibrated_on_is_named(tmp_path: Path, deep: Models, named: str) -> None:
    with road(tmp_path / "a.h5", face=False), road(tmp_path / "b.h5") as file, pytest.raises(InputError, match=named):
        compute(file, models=deep, only=("resnet101_face",), precision="int8", calibrate=(str(tmp_path / named),))


@pytest.mark.parametrize(("face", "sound", "reason"), [(False, True, "no_face"), (True, False, "no_audio")])
def test_absence_is_named_and_the_rest_is_measured(tmp_path: Path, face: bool, sound: bool, reason: str) -> None:
    with road(tmp_path / "a.h5", face, sound) as file:
        compute(file, only=LIGHT)
        lost = {"face", "sound"} - ({"face"} if face else set()) - ({"sound"} if sound else set())
        for name in LIGHT:
            absent = bool(lost & set(MEASUREMENTS[name].needs))
            assert file.status(f"features/{name}") == (reason if absent else "ok")
            assert np.isnan(file.array(f"features/{name}/values")).all() == absent


def test_weights_are_those_of_the_chosen() -> None:
    assert features.weights(FeaturesConfig()) == ("niqe", "brisque", "dnsmos", "dnsmos-p808", "distillmos-arrays")
    assert features.weights(FeaturesConfig(skip=("naturalness", "dnsmos", "distillmos"))) == ()


@pytest.mark.weights
def test_what_was_heard_ahead_is_what_is_heard_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, stamp = FeaturesConfig(skip=("naturalness",)), Stamp("features", 1)
    with road(tmp_path / "a.h5") as alone, road(tmp_path / "b.h5") as ahead:
        features.run(alone, config, Models(threads=1), stamp)
        models = Models(threads=1)
        features.listen(ahead, config, models)
        for begun in list(models.ahead._begun.values()):
            begun.result()
        for row in chosen():
            if row.needs == ("sound",):  # nothing of it is left to do
                monkeypatch.setattr(type(row), "function", None, raising=False)
        features.run(ahead, config, models, stamp)
        for name in alone.names("features"):
            for part in ("values", "clip", "valid"):
                path = f"features/{name}/{part}"
                np.testing.assert_array_equal(alone.array(path), ahead.array(path), err_msg=path)
