"""The layer table of a MAKNet, read from the network: channels, map sizes, parameter counts."""

from typing import Any

import torch
from torch import Tensor, nn

from maknet.models.build import count_parameters
from maknet.models.layers import CBAM, MAKConv2d, MixPool2d
from maknet.models.maknet import DenseBlock, MAKNet


def describe_architecture(network: MAKNet, size: int) -> dict[str, Any]:
    """Return the parts of a network in forward order.

    Args:
        network: Network to describe.
        size: Image side in pixels, which decides the map sizes.

    Returns:
        `size`, `parameters` of the whole network, `labels`, and `parts`: each with `kind` (`stem`,
        `pool`, `block`, `global_pool`, `classifier`, `propagation`), `output` (shape without the
        batch dimension), `parameters`, and for a block `layers`, `growth`, `kernel_size`,
        `closing_kernel` and `hidden_attention` (channels that its attention narrows to).
    """
    shapes: dict[nn.Module, list[int]] = {}

    def note(module: nn.Module, _: Any, output: Any) -> None:  # noqa: ANN401 - a hook's arguments
        shape = output[0].shape if isinstance(output, tuple) else output.shape
        shapes[module] = list(shape[1:])

    parts = _parts(network)
    hooks = [module.register_forward_hook(note) for _, module in parts]
    training = network.training
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, size, size))
    network.train(training)
    for hook in hooks:
        hook.remove()
    described = [
        {"kind": kind, "output": shapes[module], "parameters": count_parameters(module),
         **(_block(module) if isinstance(module, DenseBlock) else {})}
        for kind, module in parts
    ]  # fmt: skip
    return {
        "size": size, "parameters": count_parameters(network),
        "labels": network.head.classifier.out_features, "parts": described,
    }  # fmt: skip


def _parts(network: MAKNet) -> list[tuple[str, nn.Module]]:
    blocks = [
        ("pool" if isinstance(block, MixPool2d) else "block", block) for block in network.blocks
    ]
    head = network.head
    parts = [("stem", network.stem), *blocks, ("global_pool", network.pool)]
    parts.append(("classifier", head.classifier))
    if head.propagation is not None:
        parts.append(("propagation", head.propagation))
    return parts


def _block(block: DenseBlock) -> dict[str, Any]:
    convolutions = [module for module in block.modules() if isinstance(module, MAKConv2d)]
    closing = _first(block.closing, nn.Conv2d)
    attention = _first(block, CBAM)
    weight: Tensor = convolutions[0].merged_weight()
    return {
        "layers": len(convolutions),
        "growth": weight.shape[0],
        "kernel_size": convolutions[0].kernel_size,
        "closing_kernel": closing.kernel_size[0],
        "hidden_attention": attention.channel_reduce.out_channels,
    }


def _first(module: nn.Module, kind: type) -> Any:  # noqa: ANN401 - a module of that kind
    return next(part for part in module.modules() if isinstance(part, kind))
