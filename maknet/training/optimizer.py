"""The optimizers: Ranger (paper section 4.2, reference 15), and LesaNet's SGD (section 4.5)."""

from torch import nn
from torch.optim import SGD, Optimizer


def ranger(network: nn.Module, learning_rate: float) -> Optimizer:
    """Return Ranger as its author published it when the paper was written (January 2020).

    Two settings differ from the package's defaults. Without `degenerated_to_sgd` its first five
    steps go uphill, since the step size of the warm-up is negated and applied. Gradient
    centralization came to Ranger only in April 2020.
    """
    from pytorch_optimizer import Ranger

    optimizer: Optimizer = Ranger(
        network.parameters(), lr=learning_rate, degenerated_to_sgd=True, use_gc=False
    )
    return optimizer


def lesanet_sgd(network: nn.Module, momentum: float, weight_decay: float) -> Optimizer:
    """Return the SGD of LesaNet's released code: biases learn twice as fast and do not decay.

    The training loop sets the rate of each group to the recipe's times the group's `lr_scale`.
    """
    biases = [p for name, p in network.named_parameters() if name.endswith("bias")]
    others = [p for name, p in network.named_parameters() if not name.endswith("bias")]
    groups = [
        {"params": others, "weight_decay": weight_decay, "lr_scale": 1.0},
        {"params": biases, "weight_decay": 0.0, "lr_scale": 2.0},
    ]
    return SGD(groups, lr=0.0, momentum=momentum)
