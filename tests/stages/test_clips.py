from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.builders import h5
from tests.stages.test_train import QUICK, dataset
from tfq.config import DIMENSIONS
from tfq.fusion.batches import Held, Piece
from tfq.fusion.rows import sync_rows
from tfq.stages.clips import Shifted, Stored
from tfq.stages.examples import example, scales
from tfq.stages.index_file import load
from tfq.stages.train import train
from tfq.store import TfqFile


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    index = dataset(tmp_path_factory.mktemp("clips"), ("train",) * 4 + ("validation", "test"))
    header, rows = load(index)
    return Stored(index.parent, rows, scales(header, ()), DIMENSIONS)


def test_what_is_read_late_is_what_would_be_held(stored):
    held = Held([example(stored.root, row, stored.scale, DIMENSIONS) for row in stored.rows])
    assert held.entries == stored.entries
    late, early = stored[Piece(1, 5, 25)], held[Piece(1, 5, 25)]
    for name, rows in early.rows.items():
        np.testing.assert_array_equal(late.rows[name], rows)
    np.testing.assert_array_equal(late.over_time, early.over_time)


def test_a_seed_moves_the_sound_and_costs_lip_sync(stored):
    plain, moved = (stored[Piece(0, 0, 40, seed)] for seed in (None, 3))
    lost = plain.labels - moved.labels
    assert lost[DIMENSIONS.index("lip_sync")] > 0.3
    assert lost[DIMENSIONS.index("audio_quality")] == 0
    assert not moved.together
    assert any(not np.array_equal(plain.rows[name], moved.rows[name]) for name in plain.rows)


@pytest.mark.parametrize("frames", [-7, 4])
def test_a_shifted_file_reads_as_one_whose_sound_was_moved(tmp_path, frames):
    with TfqFile(h5(tmp_path / "a.h5", shift=2), read_only=True) as file:
        moved = Shifted(file, frames)
        offsets = file.array("sync/offsets")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # offsets that moved in from outside are NaN
            curve = np.nanmean(moved.array("sync/distance"), 0)
        assert offsets[np.nanargmin(curve)] == 2 + frames
        rows = sync_rows(moved.array("sync/distance"), file.array("sync/valid"), offsets)
        assert np.isfinite(rows).any()
        for name in moved.names("features"):
            before, after = (one.array(f"features/{name}/values") for one in (file, moved))
            if name == "mel":
                kept = slice(max(0, -frames), len(before) - max(0, frames))
                np.testing.assert_array_equal(after[kept], before[kept.start + frames : kept.stop + frames])
            elif name == "lips":
                np.testing.assert_array_equal(after, before)


def test_training_reads_from_files_where_sound_is_moved(stored, tmp_path):
    index = next(stored.root.glob("*.jsonl"))
    figures = train(index, tmp_path / "late.safetensors", replace(QUICK, epochs=2, shifted=0.3))
    assert set(figures) == set(DIMENSIONS)
