import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.raters import compare, simulated
from tfq.fusion import ratings

# Krippendorff's own example (Computing Krippendorff's Alpha-Reliability, 2011): four observers, twelve units.
N = np.nan
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
).T

# Shrout and Fleiss (1979), table 2: six targets, four judges; their table 4 gives ICC(1,1) = .17, ICC(1,4) = .44.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def test_agreement_gives_the_published_numbers():
    assert ratings.alpha(KRIPPENDORFF) == pytest.approx(0.849, abs=5e-4)
    single, mean = ratings.icc(SHROUT_FLEISS)
    assert single == pytest.approx(0.17, abs=5e-3)
    assert mean == pytest.approx(0.44, abs=5e-3)


def test_agreement_is_absent_where_nothing_can_be_compared():
    alone = np.array([[3.0, N], [N, 4.0]])
    assert np.isnan(ratings.alpha(alone))
    assert np.isnan(ratings.icc(alone)).all()


def test_means_deviations_and_intervals_are_students():
    opinions = ratings.plain(np.array([[1.0, 2, 3, N], [4.0, N, N, N], [N, N, N, N]]))
    np.testing.assert_allclose(opinions.mos, [2, 4, N])
    np.testing.assert_allclose(opinions.sd, [1, N, N])
    assert opinions.high[0] == pytest.approx(2 + 4.302653 / np.sqrt(3), abs=1e-5)
    assert list(opinions.count) == [3, 1, 0]


def test_recovery_finds_biases_and_who_is_consistent():
    generator = np.random.default_rng(0)
    quality = generator.uniform(1.5, 4.5, 60)
    bias = np.array([0.5, -0.5, 0.0, 0.0, 0.0, 0.0])
    spread = np.array([0.2, 0.2, 0.2, 0.2, 0.2, 1.2])
    scores = quality[:, None] + bias + generator.normal(size=(60, 6)) * spread
    opinions, raters = ratings.recover(scores)
    assert np.abs(raters.bias[:5] - bias[:5]).max() < 0.15
    np.testing.assert_allclose(raters.spread, spread, atol=0.2)  # a weak prior draws them together
    assert np.abs(opinions.mos - quality).mean() < 0.6 * np.abs(ratings.plain(scores).mos - quality).mean()


@given(st.integers(0, 50), st.floats(-0.5, 0.5))
def test_recovery_moves_with_the_scale(seed, shift):
    scores = simulated(np.random.default_rng(seed), clips=12, raters=8, careless=0.0).scores
    scores = 2.0 + scores / 4  # away from the ends, which cut
    np.testing.assert_allclose(
        ratings.recover(scores + shift)[0].mos, ratings.recover(scores)[0].mos + shift, atol=1e-4
    )


@pytest.mark.parametrize("scores", [np.full((3, 2), 4.0), np.array([[3.0]]), np.array([[N, 2.0], [N, N]])])
def test_recovery_survives_raters_who_agree_or_are_alone(scores):
    opinions, raters = ratings.recover(scores)
    judged = np.isfinite(scores).any(1)
    np.testing.assert_allclose(opinions.mos[judged], np.nanmean(scores[judged], 1))
    assert np.isnan(opinions.mos[~judged]).all()
    assert (raters.spread[raters.count > 0] > 0).all()


def test_screening_leaves_out_the_erratic_and_keeps_the_generous():
    generator = np.random.default_rng(1)
    quality = generator.uniform(2, 4, 80)
    scores = np.clip(np.round(quality[:, None] + generator.normal(0, 0.4, (80, 20))), 1, 5)
    scores[:, 0] = generator.choice([1, 5], 80)
    scores[:, 1] = np.minimum(scores[:, 1] + 1, 5)
    out = ratings.outliers(scores)
    assert out[0]
    assert not out[1:].any()


@given(
    mos=st.floats(1, 4.6),
    marked=st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=4, max_size=40),
)
def test_marks_move_loss_between_frames_and_keep_the_clips_own(mos, marked):
    power = 0.845
    frames = ratings.over_time(mos, np.array(marked), 4.6, power)
    assert frames.min() >= 1 - 1e-9
    if any(marked) and not all(marked):
        assert np.mean((4.6 - frames) ** (1 / power)) ** power == pytest.approx(4.6 - mos, abs=1e-6)
    worse = np.argsort(marked)
    assert (np.diff(frames[worse]) <= 1e-9).all()


def test_recovery_beats_the_mean_where_some_do_not_care():
    found = compare(rounds=10, clips=40, raters=20, careless=0.2, seen=1.0)
    assert found["recovery"][:, 0].mean() < 0.8 * found["plain mean"][:, 0].mean()
    assert found["recovery"][:, 1].mean() > 0.9
