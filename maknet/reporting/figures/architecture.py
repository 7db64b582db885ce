"""Figure 1: the architecture of the network that was trained, from its own description."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maknet.reporting.figures.style import COLORS, arrow, box, paper_style

_KIND_COLORS = {
    "stem": COLORS[0], "pool": COLORS[4], "block": COLORS[2], "global_pool": COLORS[4],
    "classifier": COLORS[3], "propagation": COLORS[1],
}  # fmt: skip
_WIDTH, _STEP = 1.5, 1.85


@paper_style()
def draw_architecture(described: Mapping[str, Any], dataset: str, width: float) -> Figure:
    """Draw the network as a row of parts, and one dense block in detail below.

    Args:
        described: Layer table that `describe_architecture` returned.
        dataset: Name of the data, for the title.
        width: Multiplier of the channels; 1 is the paper's size.
    """
    parts = described["parts"]
    figure = Figure(figsize=(0.92 * len(parts) + 0.4, 4.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1.35, 1))
    _draw_row(top, parts, described["size"])
    block = next(part for part in parts if part["kind"] == "block")
    _draw_block(bottom, block)
    scaled = "" if width == 1 else f", channels scaled by {width:g}"
    figure.suptitle(
        f"MAKNet as trained on {dataset} data: {described['parameters']:,} parameters{scaled}\n"
        "(a reconstruction: the paper gives no widths)"
    )
    return figure


def _draw_row(axes: Axes, parts: Sequence[Mapping[str, Any]], size: int) -> None:
    axes.text(-0.25, 0.5, f"CT\n3 slices\n{size}x{size}", ha="right", va="center", fontsize=7)
    for place, part in enumerate(parts):
        x = place * _STEP
        box(axes, x, 0, _WIDTH, 1, _part_text(part), _KIND_COLORS[part["kind"]])
        arrow(axes, (x - _STEP + _WIDTH if place else -0.2, 0.5), (x, 0.5))
        shape = "x".join(map(str, part["output"]))
        axes.text(x + _WIDTH / 2, -0.08, shape, ha="center", va="top", fontsize=6)
        axes.text(x + _WIDTH / 2, -0.26, f"{part['parameters']:,}", ha="center", va="top",
                  fontsize=6, color="#555555")  # fmt: skip
    axes.text(-0.25, -0.08, "output", ha="right", va="top", fontsize=6)
    axes.text(-0.25, -0.26, "parameters", ha="right", va="top", fontsize=6, color="#555555")
    axes.set_xlim(-1.2, len(parts) * _STEP)
    axes.set_ylim(-0.45, 1.1)
    axes.set_axis_off()


def _part_text(part: Mapping[str, Any]) -> str:
    if part["kind"] == "block":
        return (
            f"Dense block\n{part['layers']} x MAKConv\n(+{part['growth']} each)\n"
            f"conv {part['closing_kernel']}x{part['closing_kernel']}\nCBAM"
        )
    return {
        "stem": "Stem\nconv, stride 2\nBN, Mish", "pool": "MixPool\n2x2",
        "global_pool": "Global\nconcat pool\navg + max", "classifier": "Dropout\nLinear",
        "propagation": "Score\npropagation",
    }[part["kind"]]  # fmt: skip


def _draw_block(axes: Axes, block: Mapping[str, Any]) -> None:
    """Draw a MAKConv layer's four kernels, and how the layers of a block are joined."""
    k = block["kernel_size"]
    quarter = block["growth"] // 4
    kernels = (f"{k}x{k}", f"1x{k}", f"{k}x1", "1x1")
    axes.text(0.6, 1.62, "MAKConv", ha="center", fontsize=8)
    for place, kernel in enumerate(kernels):
        y = 1.15 - 0.38 * place
        box(axes, 0.1, y, 1.0, 0.3, f"{kernel}  ->  {quarter}", COLORS[0])
        arrow(axes, (1.1, y + 0.15), (1.55, 0.72))
    box(axes, 1.6, 0.5, 1.1, 0.45, "concat\nBN, Mish", COLORS[4])
    axes.text(6.3, 1.62, "Dense block: every layer sees all before it", ha="center", fontsize=8)
    for place in range(block["layers"]):
        box(axes, 4.0 + 1.05 * place, 0.5, 0.85, 0.45, "MAKConv", COLORS[2])
    end = 4.0 + 1.05 * block["layers"]
    # All that was made so far runs along below: each layer reads it, and adds to it.
    arrow(axes, (3.2, 0.2), (3.6, 0.2))
    axes.plot([3.6, end + 0.55], [0.2, 0.2], color="#444444", lw=1)
    for place in range(block["layers"]):
        arrow(axes, (4.2 + 1.05 * place, 0.2), (4.2 + 1.05 * place, 0.5))
        arrow(axes, (4.65 + 1.05 * place, 0.5), (4.65 + 1.05 * place, 0.2))
    closing = f"conv {block['closing_kernel']}x{block['closing_kernel']}\nBN, Mish"
    box(axes, end + 0.1, 0.5, 0.95, 0.45, closing, COLORS[3])
    arrow(axes, (end + 0.55, 0.2), (end + 0.55, 0.5))
    box(axes, end + 1.3, 0.5, 0.95, 0.45, "CBAM", COLORS[1])
    arrow(axes, (end + 1.05, 0.72), (end + 1.3, 0.72))
    axes.set_xlim(0, max(end + 2.5, 10))
    axes.set_ylim(-0.1, 1.8)
    axes.set_axis_off()
