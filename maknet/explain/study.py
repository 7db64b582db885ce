"""The attribution and perturbation study of one network over a test set (paper sections 5.1, 5.2).

N images, K top labels, V variants of each image, F deleted fractions, S the image side, L labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.explain.integrated_gradients import integrated_gradients
from maknet.explain.perturb import (
    black_out,
    most_influential,
    random_pixels,
    replace_by_neighbors,
)
from maknet.progress import tracked
from maknet.seeding import generator

VARIANTS = ("original", "replaced", "black", "deleted")


@dataclass(frozen=True)
class StudySettings:
    """What is attributed and perturbed (config section `explain`).

    Attributes:
        steps: Number of points on the path of integrated gradients.
        top: Number of top labels, K; the sum of their probabilities is attributed, and followed.
        deleted_fraction: Fraction of the pixels blacked out in the variant `deleted`.
        fractions: Deleted fractions of the pixels at which the curves are sampled, (F,).
    """

    steps: int
    top: int
    deleted_fraction: float
    fractions: Sequence[float]

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "StudySettings":
        """Read the config section `explain`."""
        names = ("steps", "top", "deleted_fraction", "fractions")
        return cls(**{name: section[name] for name in names})


@dataclass(frozen=True)
class Explanation:
    """Attribution and perturbations of one image.

    Attributes:
        attribution: Absolute attributions summed over the slices, (S, S), for the figure; empty
            for images that are no examples.
        gap: Completeness gap of the attribution, see `integrated_gradients`.
        labels: Top labels of each variant, (V, K).
        confidence: Probabilities of these labels, (V, K).
        followed: Probabilities of the original's top labels in each variant, (V, K).
        by_attribution: Mean probability of the original's top labels after deleting each fraction
            of the pixels, those first whose attribution, with its sign and summed over the slices,
            is largest, (F,).
        by_chance: The same after deleting as many random pixels that are not air, (F,).
        variants: Images of the variants, (V, 3, S, S); empty for images that are no examples.
    """

    attribution: NDArray[np.float32]
    gap: float
    labels: NDArray[np.int16]
    confidence: NDArray[np.float32]
    followed: NDArray[np.float32]
    by_attribution: NDArray[np.float32]
    by_chance: NDArray[np.float32]
    variants: NDArray[np.float32]


def explain_images(
    network: nn.Module, images: NDArray[np.uint8], regions: NDArray[np.bool_],
    settings: StudySettings, seed: int, device: torch.device, examples: Sequence[int],
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Attribute and perturb every image.

    Args:
        network: MAKNet or a baseline, left in evaluation mode.
        images: (N, 3, S, S) uint8.
        regions: Pixels that are replaced and blacked out, (N, S, S).
        settings: What is attributed and perturbed.
        seed: Seed of the random pixels.
        device: Device of the network.
        examples: Rows whose attribution and variants are returned as well.

    Returns:
        The fields of `Explanation` for all images, (N, ...); `attribution` and `variants` (uint8)
        for the examples only.
    """
    network.eval()
    explanations = []
    for row in tracked(range(len(images)), "explaining", "image"):
        image = images[row].astype(np.float32) / 255
        pixels = generator(seed, "random_pixels", row)
        shown = row in examples
        explanations.append(
            explain_image(network, image, regions[row], settings, pixels, device, shown=shown)
        )
    fields = ("gap", "labels", "confidence", "followed", "by_attribution", "by_chance")
    result = {
        name: np.stack([getattr(explanation, name) for explanation in explanations])
        for name in fields
    }
    result["attribution"] = np.stack([explanations[row].attribution for row in examples])
    variants = np.stack([explanations[row].variants for row in examples])
    result["variants"] = np.rint(variants * 255).astype(np.uint8)
    return result


def explain_image(
    network: nn.Module, image: NDArray[np.float32], region: NDArray[np.bool_],
    settings: StudySettings, rng: np.random.Generator, device: torch.device, *, shown: bool,
) -> Explanation:  # fmt: skip
    """Attribute and perturb one image.

    Args:
        network: MAKNet or a baseline, in evaluation mode.
        image: (3, S, S) in [0, 1].
        region: Pixels that are replaced and blacked out, (S, S).
        settings: What is attributed and perturbed.
        rng: Generator that draws the random pixels of the control.
        device: Device of the network.
        shown: Whether the attribution and the variants are kept.
    """
    original = _probabilities(network, image[None], device)[0]
    top = np.argsort(-original, kind="stable")[: settings.top]
    weights = np.zeros_like(original)
    weights[top] = 1
    attributions, gap = integrated_gradients(
        network, torch.from_numpy(image[None]).to(device),
        torch.from_numpy(weights[None]).to(device), settings.steps,
    )  # fmt: skip
    # With its sign, and summed over the slices: deleting what speaks against a label raises it, and
    # a pixel is deleted in all three slices at once.
    support = attributions[0].sum(0).cpu().numpy()
    deleted = black_out(image, most_influential(support, settings.deleted_fraction))
    variants = [image, replace_by_neighbors(image, region), black_out(image, region), deleted]
    curves = [
        black_out(image, most_influential(support, fraction))
        for fraction in settings.fractions
    ] + [
        black_out(image, random_pixels(image, fraction, rng))
        for fraction in settings.fractions
    ]  # fmt: skip
    scores = _probabilities(network, np.stack([*variants, *curves]), device)
    order = np.argsort(-scores[: len(variants)], axis=1, kind="stable")[:, : settings.top]
    drops = scores[len(variants) :, top].mean(1)
    nothing = np.empty(0, np.float32)
    return Explanation(
        attributions[0].abs().sum(0).cpu().numpy() if shown else nothing,
        float(gap[0]),
        order.astype(np.int16),
        np.take_along_axis(scores[: len(variants)], order, 1),
        scores[: len(variants)][:, top],
        drops[: len(settings.fractions)],
        drops[len(settings.fractions) :],
        np.stack(variants) if shown else nothing,
    )


def _probabilities(
    network: nn.Module, images: NDArray[np.float32], device: torch.device
) -> NDArray[np.float32]:
    """Return probabilities (N, L) in full precision, so that drops are not those of rounding."""
    with torch.inference_mode():
        logits = network(torch.from_numpy(np.ascontiguousarray(images)).to(device))[1]
        scores: NDArray[np.float32] = torch.sigmoid(logits).cpu().numpy()
    return scores
