import pytest
import torch

from tfq.fusion import losses

NAN = float("nan")
ONE = torch.zeros(3, dtype=torch.long)


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None]


def test_regression_leaves_out_what_nobody_judged():
    scores = torch.tensor([[3.0, 1.0]], requires_grad=True)
    loss = losses.regression(scores, torch.tensor([[3.0, NAN]])).sum()
    assert loss.item() == 0
    loss.backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_parts_of_the_dimensions_add_up_to_the_mean_over_all_labels():
    labels = torch.tensor([[3.0, NAN], [4.0, 2.0]])
    scores = torch.tensor([[2.0, 1.0], [4.5, 2.5]])
    known = ~labels.isnan()
    whole = torch.nn.functional.huber_loss(scores[known], labels[known], delta=losses.BEND)
    torch.testing.assert_close(losses.regression(scores, labels).sum(), whole)


@pytest.mark.parametrize("loss", [losses.ranking, losses.listwise, losses.specificity])
def test_no_label_at_all_gives_no_gradient_but_no_failure(loss):
    scores = torch.ones(3, 2, requires_grad=True)
    nothing = torch.full((3, 2), NAN)
    (losses.regression(scores, nothing) + loss(scores, nothing, ONE)).sum().backward()
    assert (scores.grad == 0).all()


def test_a_label_of_which_raters_are_unsure_pulls_less():
    scores = column(3.0, 3.0).requires_grad_()
    losses.regression(scores, column(4.0, 4.0), column(0.0, 1.0)).sum().backward()
    assert scores.grad[0].abs() > 3 * scores.grad[1].abs()


@pytest.mark.parametrize("loss", [losses.ranking, losses.listwise, losses.order])
def test_the_right_order_costs_less(loss):
    labels = column(4.5, 3.0, 2.0)
    right, wrong = column(4.0, 3.1, 2.5), column(2.5, 3.1, 4.0)
    assert loss(right, labels, ONE).sum() < loss(wrong, labels, ONE).sum()


@pytest.mark.parametrize("loss", [losses.ranking, losses.listwise, losses.order, losses.specificity])
def test_clips_of_different_groups_are_not_compared(loss):
    scores = column(2.0, 4.0, 3.0)
    assert loss(scores, column(4.5, 2.0, 4.5), torch.arange(3)).sum().item() == pytest.approx(0, abs=1e-6)


def test_a_list_is_best_where_scores_are_the_labels_up_to_a_shift():
    labels = column(4.5, 3.0, 2.0)
    assert losses.listwise(labels - 0.4, labels, ONE).sum().item() == pytest.approx(0, abs=1e-6)


def test_the_scale_of_an_order_does_not_matter_nor_do_ties_speak():
    scores = column(2.0, 4.0, 3.0)
    values = column(1.0, 2.0, 3.0)
    assert losses.order(scores, values, ONE) == losses.order(scores, values * 1000, ONE)
    assert losses.order(scores, column(1.0, 1.0, 1.0), ONE).sum() == 0


def test_what_an_artefact_does_not_touch_has_to_stay():
    labels = torch.tensor([[4.6, 4.6], [4.6, 1.5]])  # the copy's second dimension is spoilt, its first is not
    group = torch.zeros(2)
    kept = losses.specificity(torch.tensor([[4.0, 4.0], [4.0, 2.0]]), labels, group)
    moved = losses.specificity(torch.tensor([[4.0, 4.0], [3.0, 2.0]]), labels, group)
    assert kept.sum() == 0
    assert moved[0] > 0
    assert moved[1] == 0


def test_the_spread_that_costs_least_is_the_error_itself():
    spreads = torch.linspace(0.1, 2.0, 96)[:, None]
    scores, labels, sure = torch.full((96, 1), 3.0), torch.full((96, 1), 3.6), torch.zeros(96, 1)
    variance = spreads**2
    likelihood = torch.stack(
        [
            losses.uncertain(s[None], t[None], y[None], d[None]).sum()
            for s, t, y, d in zip(scores, spreads, labels, sure, strict=True)
        ]
    )
    likelihood = likelihood / variance[:, 0].sqrt()  # less its weight, which takes no part in the gradient
    assert spreads[likelihood.argmin()].item() == pytest.approx(0.6, abs=0.05)


def test_a_bad_span_has_to_be_found_where_it_is():
    labels = torch.full((1, 10, 1), 4.5)
    labels[:, 3:6] = 1.5
    there, elsewhere = labels.clone(), labels.roll(4, 1)
    assert losses.spans(there, labels).sum() < losses.spans(elsewhere, labels).sum()
    assert losses.spans(there, torch.full((1, 10, 1), 4.5)).sum() == 0  # nothing to find


def test_a_teacher_is_heard_only_where_it_measured():
    told, wanted = torch.zeros(1, 4, 2), torch.ones(1, 4, 2)
    measured = torch.tensor([[True, False, False, False]])
    wanted[:, 1:] = 100
    assert losses.teacher(told, wanted, measured).item() == pytest.approx(0.5)
    assert losses.teacher(told, wanted, ~measured & False).item() == 0


@pytest.mark.parametrize("shift", [3, 11])
def test_contrast_is_least_for_the_same_moment(shift):
    picture = torch.nn.functional.normalize(torch.randn(2, 60, 16, generator=torch.manual_seed(0)), dim=-1)
    inside, good = torch.ones(2, 60, dtype=torch.bool), torch.ones(2, dtype=torch.bool)
    same = losses.contrast(picture, picture, inside, good)
    assert same < losses.contrast(picture, picture.roll(shift, 1), inside, good)
    assert losses.contrast(picture, picture, inside, ~good).item() == 0
