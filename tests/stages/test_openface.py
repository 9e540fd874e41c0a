"""Action units that OpenFace wrote: read, laid on the grid by pictures, and taken in place of tfq's own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.features.clips import clip
from tfq.config import OpenFaceConfig
from tfq.errors import InputError
from tfq.features import MEASUREMENTS
from tfq.features.action_units import UNITS
from tfq.stages import openface
from tfq.store import Stamp, TfqFile

COUNT = 30


def table(path: Path, frames: int = COUNT, lost: int = 0, other_face: bool = False) -> Path:
    """What `FeatureExtraction -aus` writes: spaces after commas, intensities, then presence, which is not read."""
    names = [f"{name}_r" for name in UNITS]
    lines = [", ".join(["frame", "face_id", "timestamp", "confidence", "success", *names, "AU28_c"])]
    for frame in range(1, frames + 1):
        values = [f"{(frame % 5) + i / 100:.2f}" for i in range(len(names))]
        lines.append(
            ", ".join([str(frame), "0", f"{frame / 25:.3f}", "0.98", str(int(frame != lost)), *values, "0.00"])
        )
        if other_face and frame % 3 == 0:
            lines.append(", ".join([str(frame), "1", "0.0", "0.9", "1", *["5.00"] * len(names), "0.00"]))
    path.write_text("\n".join(lines) + "\n")
    return path


def made(path: Path, pictures: np.ndarray) -> TfqFile:
    file = TfqFile(path, durable=False)
    with file.replacing("extract", Stamp("extract", 1)) as group:
        group.put("picture", pictures.astype(np.int32))
        group.put("valid", np.ones(len(pictures), bool))
    return file


def test_rows_follow_the_pictures_that_the_grid_shows(tmp_path: Path) -> None:
    pictures = np.repeat(np.arange(COUNT // 2), 2)  # a source of 12.5 fps
    with made(tmp_path / "a.h5", pictures) as file:
        openface.take(file, OpenFaceConfig(str(table(tmp_path / "a.csv", COUNT // 2, lost=3))))
        found = openface.intensities(file)
        assert found is not None
        np.testing.assert_allclose(found[[0, 1, 2, 3], 0], [1, 1, 2, 2])
        assert np.isnan(found[4:6]).all()
        np.testing.assert_array_equal(np.flatnonzero(~file.array("openface/valid")), [4, 5])


def test_a_folder_holds_a_table_a_clip_and_the_face_seen_most_counts(tmp_path: Path) -> None:
    table(tmp_path / "a.csv", other_face=True)
    with made(tmp_path / "a.h5", np.arange(COUNT)) as file:
        openface.take(file, OpenFaceConfig(str(tmp_path)))
        assert openface.intensities(file).max() < 5  # type: ignore[union-attr]


@pytest.mark.parametrize("content", ["", "frame, success\n1, 1\n", "frame\0x", "no table at all\n"])
def test_what_is_no_table_of_openface_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with made(tmp_path / "a.h5", np.arange(COUNT)) as file, pytest.raises(InputError, match=r"a\.csv"):
        openface.take(file, OpenFaceConfig(str(tmp_path / "a.csv")))


def test_a_table_of_a_longer_video_is_refused(tmp_path: Path) -> None:
    with made(tmp_path / "a.h5", np.arange(COUNT)) as file, pytest.raises(InputError, match="another"):
        openface.take(file, OpenFaceConfig(str(table(tmp_path / "a.csv", COUNT + 20))))


def test_units_of_another_picture_are_not_read(tmp_path: Path) -> None:
    with made(tmp_path / "a.h5", np.arange(COUNT)) as file:
        openface.take(file, OpenFaceConfig(str(table(tmp_path / "a.csv"))))
        with file.replacing("extract", Stamp("extract", 2)) as group:
            group.put("picture", np.arange(COUNT, dtype=np.int32))
        assert openface.intensities(file) is None


def test_the_program_is_used_where_it_is_on_the_path_and_not_where_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_, written = tmp_path / "bin", table(tmp_path / "written.csv")
    bin_.mkdir()
    program = bin_ / openface.PROGRAM
    program.write_text(f'#!/bin/sh\nwhile [ "$1" != -out_dir ]; do shift; done\ncp "{written}" "$2/units.csv"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(openface, "open_source", lambda file: written)
    with made(tmp_path / "a.h5", np.arange(COUNT)) as file:
        openface.take(file, OpenFaceConfig(openface.NEVER))
        assert not file.has("openface")
        openface.take(file, OpenFaceConfig())
        assert file.info("openface")["source"] == openface.PROGRAM
        program.write_text("#!/bin/sh\necho broken >&2; exit 1\n")
        openface.take(file, OpenFaceConfig())  # is up to date: not run again
        openface.take(file, OpenFaceConfig(openface.NEVER))
        assert openface.intensities(file) is None
    with made(tmp_path / "b.h5", np.arange(COUNT)) as file, pytest.raises(InputError, match="broken"):
        openface.take(file, OpenFaceConfig())


def test_openface_stands_in_place_of_our_own_units() -> None:
    theirs = np.random.default_rng(0).uniform(0, 5, (60, 17)).astype(np.float32)
    theirs[10] = np.nan
    found = MEASUREMENTS["action_units"](clip(60, openface=theirs))
    np.testing.assert_allclose(found.values[:, :17], theirs)
    assert not found.valid[10]
    assert np.isfinite(found.clip).all()
