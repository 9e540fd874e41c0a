"""Networks that see crops, small and untrained: what they are given, and what becomes of weights that are not theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ResNetConfig, ResNetModel

from tfq.errors import WeightsError
from tfq.models import pictures
from tfq.nets.efficientnet import EfficientNetLite2

CROPS = np.random.default_rng(0).integers(0, 256, (19, 40, 32, 3), dtype=np.uint8)


def test_pictures_are_in_imagenets_deviations() -> None:
    grey = np.full((1, 8, 8, 3), 128, np.uint8)
    wanted = (128 / 255 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    ready = pictures.PictureEncoder(lambda given: given, 16).prepared(grey)
    assert ready.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(ready[0, :, 5, 5], wanted, atol=1e-6)


def test_resnet_from_a_folder_is_that_of_transformers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    ResNetModel(config).save_pretrained(tmp_path / "resnet101")
    encoder = pictures.load_resnet(tmp_path, offline=True)
    rows = encoder(CROPS)
    with torch.inference_mode():
        theirs = ResNetModel.from_pretrained(tmp_path / "resnet101").eval()(encoder.prepared(CROPS)).pooler_output
    np.testing.assert_allclose(rows, theirs.flatten(1).numpy(), atol=1e-5)


def test_weights_that_are_nowhere_are_named(tmp_path: Path) -> None:
    (tmp_path / "resnet101").mkdir()
    with pytest.raises(WeightsError, match="save_pretrained"):
        pictures.load_resnet(tmp_path, offline=True)


def test_efficientnet_takes_its_own_arrays_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = EfficientNetLite2().state_dict()
    torch.save({**state, "_fc.weight": torch.zeros(1)}, tmp_path / "good.pth")
    rows = pictures.load_efficientnet(tmp_path / "good.pth")(CROPS[:2])
    assert rows.shape == (2, 1280)
    assert np.isfinite(rows).all()
    del state["_conv_head.weight"]
    torch.save(state, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match="not the arrays"):
        pictures.load_efficientnet(tmp_path / "bad.pth")
