"""Figures 3 and 4: what the networks look at, and what happens when it is taken away.

N images of the test set, E examples that are shown, L labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.reporting.figures.label_lists import LEGEND, MARKS, label_colors, write_labels
from maknet.reporting.figures.style import FALSE, UNKNOWN, paper_style

_VARIANT_TITLES = ("original", "replaced by neighbors", "black patch", "most influential deleted")
SOFT_TISSUE_HU = (-160, 240)  # the usual window of an abdomen; the networks' one looks all gray
_BESIDE = "left: what the network sees; right: the same in a soft-tissue window ({} to {} HU)"
_PERCENTILE = 99.0  # attributions above it are shown alike


@dataclass(frozen=True)
class Explained:
    """The study of all networks, and the labels of the test set.

    Attributes:
        studies: Arrays of `maknet.explain.study.explain_images` by network title.
        examples: Rows of the test set that are shown, (E,).
        lesions: Lesion numbers of all rows, (N,).
        names: Names of the labels, (L,).
        positive: Annotated labels of all rows, (N, L).
        exclusive: Whether two labels exclude each other, (L, L), symmetric.
        dataset: Name of the data, for the title.
        window_hu: HU of gray values 0 and 255 in the images.
    """

    studies: Mapping[str, Mapping[str, NDArray[Any]]]
    examples: Sequence[int]
    lesions: NDArray[np.int64]
    names: Sequence[str]
    positive: NDArray[np.bool_]
    exclusive: NDArray[np.bool_]
    dataset: str
    window_hu: tuple[float, float]


@paper_style()
def draw_attributions(shown: Explained) -> Figure:
    """Draw figure 3: one row per example with its image, and each network's map and top labels."""
    count = len(shown.examples)
    figure = Figure(figsize=(8.6, 1.55 * count + 0.9), layout="constrained")
    widths = [2] + 2 * len(shown.studies) * [1]
    grid: Any = figure.subplots(count, len(widths), squeeze=False, width_ratios=widths)
    for row, example in enumerate(shown.examples):
        first = next(iter(shown.studies.values()))
        _images(grid[row, 0], shown, first["variants"][row, 0], f"lesion {shown.lesions[example]}")
        for place, (title, arrays) in enumerate(shown.studies.items()):
            panel = grid[row, 1 + 2 * place]
            _map(panel, arrays["attribution"][row], arrays["variants"][row, 0])
            panel.set_title(f"{title}, gap {arrays['gap'][example]:.1g}", fontsize=7)
            _list(grid[row, 2 + 2 * place], shown, arrays, example, 0)
    title = f"Integrated gradients of the top labels (data: {shown.dataset})"
    figure.suptitle(f"{title}\n{LEGEND}\nImages, {_BESIDE.format(*SOFT_TISSUE_HU)}")
    return figure


@paper_style()
def draw_perturbations(shown: Explained) -> Figure:
    """Draw figure 4: each network's row of perturbed images of one example, with top labels."""
    example = shown.examples[0]
    figure = Figure(figsize=(8.6, 4.8), layout="constrained")
    rows = 2 * len(shown.studies)
    grid: Any = figure.subplots(rows, len(_VARIANT_TITLES))
    for place, (title, arrays) in enumerate(shown.studies.items()):
        for variant, name in enumerate(_VARIANT_TITLES):
            pixels = arrays["variants"][0, variant]
            heading = f"{title}: {name}" if variant == 0 else name
            _images(grid[2 * place, variant], shown, pixels, heading)
            _list_followed(grid[2 * place + 1, variant], shown, arrays, example, variant)
    figure.suptitle(
        f"Perturbations of lesion {shown.lesions[example]} (data: {shown.dataset})\n"
        f"The original's top labels; {MARKS[FALSE]}: no longer among the top\n"
        f"Images, {_BESIDE.format(*SOFT_TISSUE_HU)}"
    )
    return figure


def _images(axes: Axes, shown: Explained, pixels: NDArray[np.uint8], title: str) -> None:
    """Show the middle slice as the network sees it, and beside it in a soft-tissue window."""
    both = np.hstack([pixels[1], in_soft_tissue_window(pixels[1], shown.window_hu)])
    axes.imshow(both, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, fontsize=7)
    axes.set_axis_off()


def in_soft_tissue_window(
    pixels: NDArray[np.uint8], window_hu: tuple[float, float]
) -> NDArray[np.uint8]:
    """Return an image, of any shape, in a soft-tissue window.

    Args:
        pixels: Gray values from 0 to 255.
        window_hu: HU of gray values 0 and 255.
    """
    low, high = window_hu
    bottom, top = SOFT_TISSUE_HU
    hu = low + pixels.astype(np.float64) * (high - low) / 255
    return np.round(255 * np.clip((hu - bottom) / (top - bottom), 0, 1)).astype(np.uint8)


def _map(axes: Axes, attribution: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
    """Draw a map over the pale image, scaled to its own 99th percentile."""
    top = float(np.percentile(attribution, _PERCENTILE)) or 1.0
    axes.imshow(pixels[1], cmap="gray", vmin=0, vmax=500, interpolation="nearest")
    share = np.clip(attribution / top, 0, 1)
    axes.imshow(share, cmap="inferno", alpha=share, vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()


def _list(
    axes: Axes, shown: Explained, arrays: Mapping[str, NDArray[Any]], example: int, variant: int
) -> None:
    labels = arrays["labels"][example, variant]
    colors = label_colors(labels, shown.positive[example], shown.exclusive)
    names = [shown.names[i] for i in labels]
    marks = [MARKS[color] for color in colors]
    write_labels(axes, names, arrays["confidence"][example, variant], colors, marks)


def _list_followed(
    axes: Axes, shown: Explained, arrays: Mapping[str, NDArray[Any]], example: int, variant: int
) -> None:
    """List the original's top labels with their confidence in a variant; lost ones are marked."""
    original, now = arrays["labels"][example, 0], arrays["labels"][example, variant]
    lost = [label not in now for label in original]
    names = [shown.names[i] for i in original]
    colors = [FALSE if gone else UNKNOWN for gone in lost]
    marks = [MARKS[FALSE] if gone else " " for gone in lost]
    write_labels(axes, names, arrays["followed"][example, variant], colors, marks)
