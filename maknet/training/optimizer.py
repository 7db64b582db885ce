"""Ranger: rectified Adam with lookahead (paper section 4.2, reference 15)."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Optimizer


def ranger(parameters: Iterable[nn.Parameter], learning_rate: float) -> Optimizer:
    """Return Ranger as its author published it when the paper was written (January 2020).

    Two settings differ from the package's defaults. Without `degenerated_to_sgd` its first five
    steps go uphill, since the step size of the warm-up is negated and applied. Gradient
    centralization came to Ranger only in April 2020.
    """
    from pytorch_optimizer import Ranger

    optimizer: Optimizer = Ranger(
        parameters, lr=learning_rate, degenerated_to_sgd=True, use_gc=False
    )
    return optimizer
