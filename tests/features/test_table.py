"""The table of measurements, and what every measurement owes: shapes, reasons, indifference to time."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.features.clips import clip, later
from tfq.errors import UsageError
from tfq.faces.landmarks import BLENDSHAPES
from tfq.features import MEASUREMENTS, chosen, face_points
from tfq.features.measurement import TOO_FEW

# Frames to which windows carry what lies before; 3 for all others.
REACH = {"cross": 28, "rhythm": 34, "emotion": 45, "damage": 15, "voice_arousal": 18, "voice": 52}
# Deviations by which rows may differ: standardised ones move a little with every frame that is added, and so does Praat's
# path through candidates of F0.
APART = {"rhythm": 0.3, "emotion": 0.35, "voice_arousal": 0.4, "voice": 0.15}
ALL = pytest.mark.parametrize("name", MEASUREMENTS)


@ALL
def test_a_row_is_complete(name: str) -> None:
    row = MEASUREMENTS[name]
    assert row.about.endswith(".")
    assert row.method
    for columns in (row.columns, row.clip_columns):
        assert len({column.name for column in columns}) == len(columns)
        assert all(column.low < column.high and column.about for column in columns)


@ALL
def test_a_talking_clip_gets_finite_rows(name: str) -> None:
    row, found = MEASUREMENTS[name], MEASUREMENTS[name](clip())
    assert found.status == "ok"
    assert found.values.shape == (100, len(row.columns))
    assert found.clip.shape == (len(row.clip_columns),)
    assert found.values.dtype == found.clip.dtype == np.float32
    assert found.valid.all()
    assert np.isfinite(found.values).any(0).all()
    assert set(found.absent) == {
        c.name for c, value in zip(row.clip_columns, found.clip, strict=True) if np.isnan(value)
    }


@ALL
@pytest.mark.parametrize("silent", ["no_audio", "silent"])
def test_without_sound_what_needs_it_is_absent_by_that_name(name: str, silent: str) -> None:
    count = 60
    nothing = np.zeros(0 if silent == "no_audio" else 640 * count, np.float32)
    quiet = clip(count, sound=nothing, silent=silent, speech=np.zeros(count, bool), level_db=np.full(count, -100.0))
    _absent_if(MEASUREMENTS[name](quiet), "sound" in MEASUREMENTS[name].needs, silent)


@ALL
def test_without_a_face_what_needs_it_is_absent_by_that_name(name: str) -> None:
    empty = later(clip(10), 60)
    faceless = clip(60, face=np.zeros(60, bool), landmarks=empty.landmarks[:60], blendshapes=empty.blendshapes[:60])
    _absent_if(MEASUREMENTS[name](faceless), "face" in MEASUREMENTS[name].needs, "no_face")


def _absent_if(found: object, absent: bool, reason: str) -> None:
    assert found.status == (reason if absent else "ok")  # type: ignore[attr-defined]
    if absent:
        assert np.isnan(found.values).all()  # type: ignore[attr-defined]
        assert np.isnan(found.clip).all()  # type: ignore[attr-defined]
        assert not found.valid.any()  # type: ignore[attr-defined]
        assert set(found.absent.values()) <= {reason}  # type: ignore[attr-defined]


@ALL
def test_a_clip_of_three_frames_gives_reasons_not_numbers(name: str) -> None:
    found = MEASUREMENTS[name](clip(3))
    assert found.values.shape[0] == 3
    assert all(reason for reason in found.absent.values())
    if name == "lips":
        assert found.absent["smoothness"] == TOO_FEW


@ALL
def test_the_same_clip_later_has_the_same_rows_later(name: str) -> None:
    frames = 200 if name in APART else 100
    given = clip(frames)
    now, then = MEASUREMENTS[name](given), MEASUREMENTS[name](later(given, 25))
    if name in ("dnsmos", "distillmos"):  # their eight or nine seconds hear the silence before
        return
    inside = slice(REACH.get(name, 3), frames - REACH.get(name, 3))
    ours, theirs = now.values[inside], then.values[25:][inside]
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() >= 0.97 * max(np.isfinite(ours).sum(), np.isfinite(theirs).sum())
    scale = np.nanstd(now.values, axis=0) + 1e-3
    assert np.quantile((np.abs(ours - theirs) / scale)[both], 0.99) < APART.get(name, 0.05)


def test_only_and_skip_choose() -> None:
    assert [row.name for row in chosen(only=("mel", "lips"))] == ["lips", "mel"]
    assert "mel" not in {row.name for row in chosen(skip=("mel",))}
    assert {row.name for row in chosen()} == {name for name, row in MEASUREMENTS.items() if not row.asked_for}
    assert [row.name for row in chosen(only=("whisper", "lips"))] == ["lips", "whisper"]
    with pytest.raises(UsageError, match="no feature is called lip;"):
        chosen(only=("lip",))


def test_the_table_costs_no_heavy_import() -> None:
    heavy = ("scipy", "parselmouth", "pyloudnorm", "webrtcvad", "onnxruntime", "cv2", "torch", "h5py", "av")
    code = f"import sys, tfq.features; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_blendshapes_are_in_the_order_of_the_aligner() -> None:
    assert tuple(face_points.BLENDSHAPES) == tuple(BLENDSHAPES)
