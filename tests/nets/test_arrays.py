import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf

from tfq.nets import arrays


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=50))
def test_the_error_function_is_scipys(values):
    x = np.array(values, np.float32)
    np.testing.assert_allclose(arrays.erf(x), erf(x.astype(np.float64)), atol=5e-7)


def test_gelu_leaves_its_argument_alone_and_has_its_limits():
    rows = np.array([[-9.0, -1.0, 0.0, 1.0, 9.0]], np.float32)
    before = rows.copy()
    assert arrays.gelu(rows)[0] == pytest.approx([0, -0.158655, 0, 0.841345, 9], abs=1e-5)
    np.testing.assert_array_equal(rows, before)


def test_a_file_with_features_is_judged_without_scipy():
    code = "import sys, tfq.stages.score, tfq.stages.pipeline; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
