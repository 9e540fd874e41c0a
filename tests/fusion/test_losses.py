import pytest
import torch

from tfq.fusion.losses import contrast, ranking, regression

NAN = float("nan")


def test_regression_leaves_out_what_nobody_judged():
    scores = torch.tensor([[3.0, 1.0]], requires_grad=True)
    loss = regression(scores, torch.tensor([[3.0, NAN]]))
    assert loss.item() == 0
    loss.backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_no_label_at_all_gives_no_gradient_but_no_failure():
    scores = torch.ones(2, 3, requires_grad=True)
    (regression(scores, torch.full((2, 3), NAN)) + ranking(scores, torch.full((2, 3), NAN), torch.zeros(2))).backward()
    assert (scores.grad == 0).all()


def test_ranking_is_less_when_the_order_is_right():
    labels = torch.tensor([[4.5], [2.0]])
    group = torch.zeros(2)
    right, wrong = torch.tensor([[4.0], [2.5]]), torch.tensor([[2.5], [4.0]])
    assert ranking(right, labels, group) < ranking(wrong, labels, group)


def test_clips_of_different_sources_are_not_ranked():
    scores = torch.tensor([[2.0], [4.0]])
    assert ranking(scores, torch.tensor([[4.5], [2.0]]), torch.tensor([0, 1])).item() == 0


@pytest.mark.parametrize("shift", [3, 11])
def test_contrast_is_least_for_the_same_moment(shift):
    picture = torch.nn.functional.normalize(torch.randn(2, 60, 16, generator=torch.manual_seed(0)), dim=-1)
    inside, good = torch.ones(2, 60, dtype=torch.bool), torch.ones(2, dtype=torch.bool)
    same = contrast(picture, picture, inside, good)
    assert same < contrast(picture, picture.roll(shift, 1), inside, good)
    assert contrast(picture, picture, inside, ~good).item() == 0
