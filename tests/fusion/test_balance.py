import pytest
import torch

from tfq.fusion.balance import Balance


@pytest.mark.parametrize("kind", ["fixed", "uncertainty", "gradnorm"])
def test_all_begin_as_the_plain_sum(kind):
    assert Balance(kind, 3)(torch.tensor([0.5, 1.0, 2.0])).item() == pytest.approx(3.5)


def test_a_noisy_dimension_comes_to_count_less():
    balance = Balance("uncertainty", 2)
    optimiser = torch.optim.SGD(balance.parameters(), 0.5)
    for _ in range(200):
        optimiser.zero_grad()
        balance(torch.tensor([0.1, 1.0])).backward()
        optimiser.step()
    # Where the loss stands still, the weight is the inverse of the loss (Kendall et al. 2018).
    torch.testing.assert_close(torch.exp(-balance.log_variance.detach()), torch.tensor([5.0, 0.5]), rtol=0.02, atol=0)


def test_a_dimension_without_labels_keeps_its_weight():
    balance = Balance("uncertainty", 2)
    balance(torch.tensor([1.0, 0.0])).backward()
    assert balance.log_variance.grad[1] == 0


def test_gradients_of_unequal_size_are_brought_together():
    shared = torch.nn.Parameter(torch.ones(4))
    balance = Balance("gradnorm", 2)
    for _ in range(60):
        balance.follow(torch.stack([(10 * shared).sum(), shared.sum()]), shared)
    strong, weak = balance.weights
    assert weak > 4 * strong
    assert balance.weights.sum() == pytest.approx(2)


def test_a_dimension_that_learns_slower_is_pulled_along():
    shared = torch.nn.Parameter(torch.ones(4))
    balance = Balance("gradnorm", 2)
    balance.follow(torch.stack([shared.sum(), shared.sum()]), shared)
    for _ in range(10):
        quick = shared.sum() - 3.0  # has come down to a quarter, with the same slope
        balance.follow(torch.stack([quick, shared.sum()]), shared)
    assert balance.weights[1] > balance.weights[0]
