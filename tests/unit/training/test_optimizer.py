from itertools import pairwise

import torch
from pytorch_optimizer import Lookahead
from torch import nn

from maknet.training.optimizer import lesanet_sgd, ranger


def descend(make: object, steps: int) -> list[float]:
    parameter = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = make(nn.ParameterList([parameter]))  # type: ignore[operator]
    values = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        values.append(loss.item())
        loss.backward()
        optimizer.step()
    return values


def test_the_first_steps_go_downhill() -> None:
    values = descend(lambda p: ranger(p, 0.01), 60)
    # The sixth step ends at half the way, where lookahead keeps its slow weights.
    assert all(later < earlier for earlier, later in pairwise(values[:6]))
    assert values[6] < values[0]
    assert values[-1] < 0.9 * values[0]


def test_the_package_default_would_climb() -> None:
    # Why `ranger` sets what it sets; when this fails the package has mended its warm-up.
    from pytorch_optimizer import Ranger

    values = descend(lambda p: Ranger(p.parameters(), lr=0.01), 3)
    assert values[1] > values[0]


def test_it_is_lookahead_over_rectified_adam() -> None:
    def reference(network: nn.Module) -> Lookahead:
        inner = torch.optim.RAdam(network.parameters(), lr=0.01, betas=(0.95, 0.999), eps=1e-5)
        return Lookahead(inner, k=6, alpha=0.5, pullback_momentum="none")

    ours, theirs = descend(lambda p: ranger(p, 0.01), 40), descend(reference, 40)
    torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs), rtol=1e-9, atol=0)


def test_lesanets_biases_learn_twice_as_fast_and_do_not_decay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    others, biases = lesanet_sgd(network, 0.9, 1e-4).param_groups
    assert [p.shape for p in biases["params"]] == [(2,), (2,)]
    assert len(others["params"]) == 2
    assert (biases["lr_scale"], biases["weight_decay"]) == (2.0, 0.0)
    assert (others["lr_scale"], others["weight_decay"]) == (1.0, 1e-4)
