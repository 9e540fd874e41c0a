"""Parameters of NIQE and BRISQUE: read as they are, and refused where they are something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfq.errors import WeightsError
from tfq.models.natural import read_brisque, read_niqe

SVM = "svm_type epsilon_svr\nkernel_type rbf\ngamma 0.05\nrho -155.8\nSV\n2 1:0.5 36:-1 \n-1 2:0.25 \n"


def test_a_feature_that_is_left_out_is_zero(tmp_path: Path) -> None:
    (tmp_path / "svm.txt").write_text(SVM)
    found = read_brisque(tmp_path / "svm.txt")
    assert found["vectors"].shape == (2, 36)
    assert (found["vectors"][0, 0], found["vectors"][0, 35], found["vectors"][1, 1]) == (0.5, -1, 0.25)
    assert np.count_nonzero(found["vectors"]) == 3
    assert (found["gamma"][0], found["rho"][0], found["weights"].tolist()) == (0.05, -155.8, [2, -1])


@pytest.mark.parametrize("text", ["", "not a model", SVM.replace("rbf", "linear"), SVM.replace("36:", "37:")])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(WeightsError, match="BRISQUE"):
        read_brisque(tmp_path / "file")
    with pytest.raises(WeightsError, match="NIQE"):
        read_niqe(tmp_path / "file")
