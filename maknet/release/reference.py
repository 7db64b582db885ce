"""The reference input of a release: synthetic slices, the same for everybody, without any patient.

Whoever loads a release compares its answer with the expected one, and whoever writes the
preprocessing anew compares images with those made here. B images, N the matrix, S the image side,
P the side of a patch.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maknet.data.ct.preprocess import ImageSettings, prepare_slices
from maknet.models.lesanet import patch_input
from maknet.phantom.anatomy import random_patient
from maknet.phantom.render import Scanner, render
from maknet.seeding import generator

_LEVELS_MM = (420.0, 640.0)  # below the vertex: through the chest, through the abdomen
_STEP_MM = 5.0
_SCANNER = Scanner(matrix=256, field_of_view_mm=400.0, noise_hu=12.0)


def reference_hu() -> NDArray[np.int16]:
    """Return synthetic slices in HU, (B, 3, N, N), the most cranial slice first."""
    patient = random_patient(generator(0, "reference", "patient"))
    noise = generator(0, "reference", "noise")
    triplets = [
        [render(patient, level + step * _STEP_MM, _SCANNER, noise).hu for step in (-1, 0, 1)]
        for level in _LEVELS_MM
    ]
    hu: NDArray[np.int16] = np.rint(np.array(triplets)).astype(np.int16)
    return hu


def reference_images(settings: ImageSettings) -> Tensor:
    """Return the reference slices as a network's input, (B, 3, S, S) float32 in [0, 1]."""
    images = []
    for hu in reference_hu():
        prepared = prepare_slices(hu, settings)
        assert prepared is not None  # noqa: S101 - there is a body
        images.append(torch.from_numpy(prepared[0]))
    return torch.stack(images).float().div_(255)


def reference_patches(size: int, window_hu: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Return the reference input of a LesaNet: patches (B, 3, P, P) float32, and boxes (B, 4).

    Args:
        size: Side of a patch in pixels, P.
        window_hu: Lower and upper end of the HU window.
    """
    start = (_SCANNER.matrix - size) // 2
    middle = slice(start, start + size)
    hu = torch.from_numpy(reference_hu()[:, :, middle, middle].copy())
    boxes = torch.tensor([[0.3, 0.35, 0.5, 0.6], [0.4, 0.4, 0.55, 0.5]]) * size
    return patch_input(hu, window_hu, torch.device("cpu")).contiguous(), boxes
