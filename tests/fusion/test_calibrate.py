import numpy as np

from tfq.fusion.calibrate import COVERAGE, half_widths


def test_intervals_that_follow_the_spread_cover_and_are_narrower_where_it_is_small():
    generator = np.random.default_rng(0)
    spread = generator.choice([0.1, 1.0], (4000, 1))
    labels = 3 + generator.normal(size=(4000, 1)) * spread
    predicted = np.full_like(labels, 3.0)
    held, new = slice(0, 2000), slice(2000, 4000)
    factor = half_widths(predicted[held], labels[held], spread[held])
    covered = np.abs(predicted - labels)[new] <= factor * spread[new]
    for of_kind in (spread[new] == 0.1, spread[new] == 1.0):
        assert abs(covered[of_kind].mean() - COVERAGE) < 0.03
    plain = half_widths(predicted[held], labels[held])
    assert (factor * spread[new]).mean() < 0.8 * plain[0]
