import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tfq.fusion import agreement
from tfq.fusion.calibrate import half_widths, interval


@given(st.integers(0, 99))
def test_correlations_of_a_monotone_map(seed):
    labels = np.random.default_rng(seed).uniform(1, 5, 30)
    assert agreement.srcc(np.exp(labels), labels) > 0.999
    assert agreement.krcc(-labels, labels) < -0.999
    assert abs(agreement.plcc(2 * labels + 1, labels) - 1) < 1e-9
    assert (
        agreement.rmse(labels + 0.5, labels) == np.float64(0.5)
        or abs(agreement.rmse(labels + 0.5, labels) - 0.5) < 1e-9
    )


def test_a_constant_prediction_has_no_correlation():
    assert np.isnan(agreement.srcc(np.ones(9), np.arange(9.0)))


def test_bootstrap_over_speakers_is_wider_than_over_clips():
    generator = np.random.default_rng(0)
    speakers = np.repeat(np.arange(12), 20)
    labels = generator.uniform(1, 5, 240)
    predicted = labels + np.repeat(generator.normal(0, 1.5, 12), 20)
    by_clip = agreement.bootstrap(agreement.rmse, predicted, labels, count=300)
    by_speaker = agreement.bootstrap(agreement.rmse, predicted, labels, speakers, count=300)
    assert np.diff(by_speaker) > np.diff(by_clip)


def test_interval_covers_what_it_promises_on_new_clips():
    generator = np.random.default_rng(1)
    covered = []
    for _ in range(200):
        errors = stats.t(3).rvs(160, random_state=generator) * 0.4
        labels = np.full((160, 1), 3.0)
        widths = half_widths(labels[:60] + errors[:60, None], labels[:60])
        covered.append(np.mean(np.abs(errors[60:]) <= widths[0]))
    assert 0.9 <= np.mean(covered) < 0.93


def test_too_few_clips_give_no_interval_and_ends_stay_on_the_scale():
    assert np.isnan(half_widths(np.ones((5, 1)), np.ones((5, 1)))[0])
    assert interval(np.array([4.8, 1.1]), np.array([0.5, 0.5])).tolist() == [[4.8, 4.3, 5.0], [1.1, 1.0, 1.6]]
