"""A network as ONNX with a free batch size, checked against torch before it is released.

B images, L labels.
"""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from maknet.errors import InputError
from maknet.files import atomic_path

TOLERANCE = 1e-5  # of probabilities
_OPSET = 18


class Probabilities(nn.Module):
    """A network whose output is what people use: the probabilities after score propagation."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the probability of every label, (B, L)."""
        return torch.sigmoid(self.network(*inputs)[1])


def export_onnx(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    path: Path,
    metadata: Mapping[str, str],
) -> float:
    """Write a network as ONNX and return its largest difference from torch.

    Args:
        network: Network in evaluation mode, on the CPU.
        inputs: An input by name, B > 1 in front.
        path: File to write.
        metadata: What the file says of itself.

    Raises:
        InputError: onnxruntime's answer is further than `TOLERANCE` from torch's.
    """
    import onnx

    module = Probabilities(network).eval()
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings(), _quiet("onnxscript", "onnx_ir", "torch.onnx"):
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            module, tuple(inputs.values()), dynamo=True, opset_version=_OPSET, verbose=False,
            input_names=list(inputs), output_names=["probabilities"],
            dynamic_shapes=(tuple({0: batch} for _ in inputs),),
        )  # fmt: skip
    assert program is not None  # noqa: S101 - with dynamo
    model = program.model_proto
    for node in model.graph.node:  # where in which file a layer was defined, on this machine
        del node.metadata_props[:]
        node.doc_string = ""
    for name, value in sorted(metadata.items()):
        model.metadata_props.add(key=name, value=value)
    onnx.checker.check_model(model)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
    return _compared(path, module, inputs)


def run_onnx(path: Path, inputs: Mapping[str, Tensor]) -> np.ndarray:
    """Return onnxruntime's probabilities on the CPU, (B, L)."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
    return np.asarray(found)


def _compared(path: Path, module: nn.Module, inputs: Mapping[str, Tensor]) -> float:
    """Compare with torch on the whole batch and on its first row."""
    furthest = 0.0
    for rows in (slice(None), slice(1)):
        part = {name: value[rows] for name, value in inputs.items()}
        with torch.inference_mode():
            expected = module(*part.values()).numpy()
        furthest = max(furthest, float(np.abs(run_onnx(path, part) - expected).max()))
    if not furthest <= TOLERANCE:
        raise InputError(
            f"{path}: onnxruntime's probabilities are up to {furthest:.2g} from torch's, more than "
            f"{TOLERANCE:g}; try another version of onnxruntime."
        )
    return furthest


class _quiet:  # noqa: N801 - used as a statement
    """Loggers that tell of an exporter's inner steps, silent for a while."""

    def __init__(self, *names: str) -> None:
        self._loggers: Sequence[logging.Logger] = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self._levels = [logger.level for logger in self._loggers]
        for logger in self._loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self._loggers, self._levels, strict=True):
            logger.setLevel(level)
