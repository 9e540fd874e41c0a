import numpy as np
import pytest

from tfq.sync import trend
from tfq.sync.distance import offsets
from tfq.sync.offset import Calibration

CALIBRATION = Calibration((3.0, 0.3), (20.0, 0.5, 0.0, -5.0), (6.0, 6.0))


def noisy(centres, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.2, (len(centres), 31))
    return (1 - 0.6 * np.exp(-((offsets(15) - np.asarray(centres)[:, None]) ** 2) / 4) + noise).astype(np.float32)


def find(centres, usable=None):
    return trend.find(noisy(centres), np.ones(len(centres), bool) if usable is None else usable, CALIBRATION)


def test_a_steady_offset_is_constant():
    found = find(np.full(150, -4.0))
    assert (found.kind, found.start, found.end) == ("constant", -4, -4)


def test_a_jump_is_found_with_its_place():
    found = find(np.repeat([1.0, -5.0], 75))
    assert (found.kind, found.start, found.end) == ("jump", 1, -5)
    assert found.at == pytest.approx(75, abs=8)


@pytest.mark.parametrize("slope", [-0.02, 0.02])
def test_a_drift_of_two_percent_is_found(slope):
    found = find(slope * (np.arange(250) - 125))
    assert found.kind == "drift"
    assert (found.end - found.start) / 250 == pytest.approx(slope, rel=0.3)


def test_silence_does_not_count():
    usable = np.ones(150, bool)
    usable[50:100] = False
    centres = np.zeros(150)
    centres[50:100] = 9
    assert find(centres, usable).kind == "constant"


def test_nothing_to_go_by_is_constant_without_a_number():
    found = find(np.zeros(60), np.zeros(60, bool))
    assert found.kind == "constant"
    assert np.isnan(found.start)
