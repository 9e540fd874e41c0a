import dataclasses

import numpy as np
import pytest

from tfq.fusion import evaluation
from tfq.fusion.evaluation import Judged


@pytest.fixture
def judged() -> Judged:
    """Twelve speakers with ten clips each, scored in two dimensions: well in the first, by chance in the second."""
    generator = np.random.default_rng(0)
    labels = generator.uniform(1, 5, (120, 2))
    scores = np.stack([labels[:, 0] + generator.normal(0, 0.4, 120), generator.uniform(1, 5, 120)], 1)
    return Judged(
        np.stack([scores, scores - 0.66, scores + 0.66], -1),
        labels,
        np.full((120, 2), 0.8),
        np.repeat(np.arange(12), 10),
        np.full(120, -1),
    )


def test_a_figure_lies_in_its_interval_and_tells_skill_from_chance(judged):
    good, chance = evaluation.figures(judged, 0), evaluation.figures(judged, 1)
    for name in ("srcc", "plcc", "krcc", "rmse", "pair_accuracy", "coverage", "outlier_ratio"):
        value, low, high = good[name]
        assert low <= value <= high
    assert good["srcc"][1] > 0.9
    assert chance["srcc"][2] < 0.3
    assert good["pair_accuracy"][0] > 0.95
    assert 0.35 < chance["pair_accuracy"][0] < 0.65
    assert 0.8 < good["coverage"][0] < 0.97
    assert np.isnan(good["over_copy"][0])  # no clip is a copy of another


def test_the_fit_undoes_a_monotone_bend_and_leaves_order_alone():
    labels = np.linspace(1.2, 4.8, 60)
    bent = 2 + 0.3 * np.log((labels - 1) / (5 - labels))
    fitted = evaluation.logistic(bent, labels)
    assert np.abs(fitted - labels).max() < 0.05 < np.abs(bent - labels).max()
    assert (np.diff(fitted) > 0).all()


def test_pair_accuracy_is_that_of_the_pairs_themselves():
    generator = np.random.default_rng(1)
    labels, predicted = generator.uniform(1, 5, (2, 40))
    predicted[:5] = predicted[0]
    right = [
        0.5 + 0.5 * np.sign(predicted[i] - predicted[j])
        for i in range(40)
        for j in range(40)
        if labels[i] - labels[j] >= evaluation.APART
    ]
    assert evaluation.pair_accuracy(predicted, labels, np.arange(40) % 7)[0] == pytest.approx(np.mean(right))


def test_originals_are_held_against_their_copies_alone(judged):
    labels, originals = judged.labels.copy(), judged.originals.copy()
    labels[0, 0], labels[1, 0], labels[2, 0] = 4.6, 2.0, 4.2  # the second copy is hardly worse: it does not count
    originals[1:3] = 0
    scores = judged.scores.copy()
    scores[:3, 0, 0] = 4.0, 4.5, 5.0
    found = evaluation.figures(dataclasses.replace(judged, labels=labels, originals=originals, scores=scores), 0)
    assert found["over_copy"][0] == 0.0


def test_the_difference_of_two_models_says_which_agrees_better(judged):
    worse = dataclasses.replace(judged, scores=judged.scores[:, ::-1])
    found = evaluation.difference(judged, worse, 0)
    assert found["srcc"][2] < 0
    assert found["srcc_p"] < 0.05
    same = evaluation.difference(judged, judged, 0)
    assert same["srcc"] == [0, 0, 0]
    assert same["srcc_p"] == 1


def test_clips_that_one_model_could_not_judge_take_no_part(judged):
    scores = judged.scores.copy()
    scores[:100] = np.nan
    part = dataclasses.replace(judged, scores=scores)
    assert evaluation.figures(part, 0)["clips"] == 20
    assert evaluation.difference(judged, part, 0)["clips"] == 20


def test_reliability_sorts_by_width(judged):
    scores = judged.scores.copy()
    scores[60:, 0, 1:] = scores[60:, 0, :1] + np.array([-3.0, 3.0])
    rows = evaluation.reliability(dataclasses.replace(judged, scores=scores), 0)
    assert [row["clips"] for row in rows] == [30] * 4
    assert rows[-1]["holds"] == 1.0
    assert rows[0]["width"] < 2 < rows[-1]["width"]


def test_parts_of_few_clips_have_means_but_no_correlation(judged):
    names = ["few"] * 3 + ["many"] * 100 + [""] * 17
    found = evaluation.by_part(judged, names, 0)
    assert set(found) == {"few", "many"}
    assert "srcc" not in found["few"]
    assert found["many"]["srcc"] > 0.9
