"""Derivatives are exact where the theory says so; gaps stay gaps; smoothness orders what is smooth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from tfq.features import motion


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(7, 60))
def test_cubics_are_differentiated_exactly_up_to_the_ends(factors: list[float], length: int) -> None:
    t = np.arange(length) / 25
    for order in (0, 1, 2):
        wanted = np.polyval(np.polyder(np.poly1d(factors), order), t)
        np.testing.assert_allclose(motion.derivative(np.polyval(factors, t), order), wanted, atol=1e-6)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_it_is_scipys_filter(order: int) -> None:
    series = np.random.default_rng(0).normal(size=(50, 3))
    theirs = savgol_filter(series, 7, 3, deriv=order, delta=1 / 25, axis=0, mode="interp")
    np.testing.assert_allclose(motion.derivative(series, order), theirs, atol=1e-8)


def test_a_gap_is_never_bridged() -> None:
    series = np.concatenate([np.zeros(20), [np.nan], np.full(20, 5.0), [np.nan], np.ones(6)])
    moved = motion.derivative(series, 1)
    assert np.isnan(moved[[20, 41]]).all()
    assert np.isnan(moved[42:]).all()  # six frames are too few
    np.testing.assert_allclose(moved[np.isfinite(moved)], 0, atol=1e-9)


def test_smooth_motion_has_the_shorter_arc() -> None:
    t = np.arange(100) / 25
    smooth = np.sin(np.pi * t / 2) ** 2
    jerky = smooth + 0.3 * np.random.default_rng(0).normal(size=100)
    assert motion.spectral_arc_length(smooth) > motion.spectral_arc_length(jerky) + 1
    assert motion.spectral_arc_length(smooth * 7) == pytest.approx(motion.spectral_arc_length(smooth))
    assert np.isnan(motion.spectral_arc_length(smooth[:49]))
    assert np.isnan(motion.spectral_arc_length(np.zeros(100)))
