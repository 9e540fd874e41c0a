"""Damage to time and to pictures: what was lost is found, what a source's own rate explains is not blamed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.features.clips import SIDE, clip, picture, pieces
from tfq.features import MEASUREMENTS
from tfq.timebase import FPS

ROW = MEASUREMENTS["damage"]
COUNT = 100


def measured(shown: np.ndarray, fps: float = FPS, **changes: Any) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Of a clip whose grid shows these pictures of a source of that rate."""
    crops = picture(COUNT * 2)[shown].round().astype(np.uint8)
    usual = {"crops": pieces(crops), "picture": shown, "source_time_s": shown / fps}
    given = clip(COUNT, **{"repeated": np.concatenate([[False], np.diff(shown) == 0]), **usual, **changes})
    found = ROW(given)
    whole = {column.name: float(v) for column, v in zip(ROW.clip_columns, found.clip, strict=True)}
    return whole, {column.name: v for column, v in zip(ROW.columns, found.values.T, strict=True)}


@pytest.mark.parametrize("fps", [12.5, 24.0, 25.0, 30.0])
def test_the_rate_of_the_source_is_no_damage(fps: float) -> None:
    step = 1 / max(fps, 1)
    shown = np.floor((np.arange(COUNT) / FPS + min(step, 1 / FPS) / 2 + 1e-6) * fps).astype(int)
    whole, rows = measured(shown, fps)
    assert whole["gaps"] == whole["missing_share"] == whole["stalls"] == 0
    assert whole["unevenness"] == pytest.approx(0, abs=0.02)
    assert whole["fresh_rate_mean"] == pytest.approx(min(fps, 25), abs=0.3)
    assert rows["age_s"].max() < 0.02


def test_lost_pictures_leave_a_gap_and_a_stall() -> None:
    kept = np.r_[0:40, 50:COUNT]  # the stamps of ten pictures never come
    number = np.concatenate([np.arange(40), np.full(10, 39), np.arange(40, 90)])
    crops = picture(COUNT)[np.concatenate([np.arange(40), np.full(10, 39), np.arange(50, COUNT)])]
    whole, rows = measured(number, source_time_s=kept[number] / FPS, crops=pieces(crops.round().astype(np.uint8)))
    assert whole["gaps"] == pytest.approx(1 / 4)
    assert whole["longest_gap_s"] == whole["longest_stall_s"] == pytest.approx(0.44)
    assert whole["missing_share"] == pytest.approx(0.1)
    assert whole["stalled_share"] == pytest.approx(0.11)
    np.testing.assert_allclose(rows["held_s"][39:50], 0.44, rtol=1e-5)
    np.testing.assert_allclose(rows["age_s"][40:50], np.arange(10) / FPS, atol=1e-6)


def test_a_content_that_stands_still_under_new_stamps_is_a_stall_without_a_gap() -> None:
    number = np.arange(COUNT)
    crops = picture(COUNT)[np.where((number > 20) & (number < 36), 20, number)]
    whole, rows = measured(number, crops=pieces(crops.round().astype(np.uint8)))
    assert whole["gaps"] == 0
    assert whole["longest_stall_s"] == pytest.approx(16 / FPS)
    assert rows["fresh_rate"][28] < rows["fresh_rate"][80] == FPS


def test_a_patch_bursts_a_tear_tears_and_a_jump_spikes() -> None:
    number, clean = np.arange(COUNT), picture(COUNT)
    smooth = gaussian_filter(clean, (0, 3, 3, 0))
    patched, torn, jumped = clean.copy(), smooth.copy(), clean.copy()
    patched[50, :16, 16:32] = 20
    torn[50, SIDE // 2 :] = np.roll(torn[50, SIDE // 2 :], 25, axis=1) + 12
    jumped[50:] = np.roll(jumped[50:], 9, axis=1)
    found = {
        name: measured(number, crops=pieces(crops.round().astype(np.uint8)))[1]
        for name, crops in (
            ("clean", clean),
            ("smooth", smooth),
            ("patched", patched),
            ("torn", torn),
            ("jumped", jumped),
        )
    }
    assert found["patched"]["burst"][50] > found["clean"]["burst"][50] + 1
    assert 0 < found["patched"]["burst_share"][50] < 0.2
    assert found["torn"]["tear"][50] > found["smooth"]["tear"][50] + 0.5
    assert found["jumped"]["spike"][50] > 1 > found["clean"]["spike"][2:].max()


def test_what_the_decoder_says_is_kept() -> None:
    mask = np.arange(COUNT) >= 75
    whole, _ = measured(np.arange(COUNT), broken=mask, black=~mask, decoder_errors=6)
    assert (whole["broken_share"], whole["black_share"], whole["decoder_errors"]) == (0.25, 0.75, 1.5)


def test_without_a_face_the_stamps_still_tell() -> None:
    face = np.zeros(COUNT, bool)
    found = ROW(clip(COUNT, face=face))
    assert found.status == "ok"
    assert found.absent == dict.fromkeys(
        ("spike_peak", "spikes", "burst_mean", "burst_peak", "burst_share_mean", "tear_mean", "tear_peak"), "no_face"
    )
