"""What a person reads in a second: each series from the front and the side, its parts beside it."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.files import write_text
from maknet.labeling.body_parts import HeaderCheck
from maknet.labeling.extents import Extent
from maknet.labeling.inputs import Refused
from maknet.labeling.series_labels import SeriesScores
from maknet.reporting.figures.style import COLORS, paper_style

_SHOWN = 24  # labels in a picture; series.csv has all
_DPI = 110
_HIGHEST, _LOWEST, _WIDEST, _BARS = 3.6, 1.2, 2.6, 5.6  # inches of the panels
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}h2{font-size:1rem;overflow-wrap:anywhere;margin:2.5rem 0 .3rem}"
    "img{max-width:100%;height:auto}p{margin:.3rem 0}table{border-collapse:collapse}"
    "td,th{border:1px solid #999;padding:.2rem .6rem;text-align:left;overflow-wrap:anywhere}"
    ".trained{border-left:.3rem solid #b34700;padding:.5rem 1rem;background:#fff4ec}"
)


@dataclass(frozen=True)
class Entry:
    """A series of the page.

    Attributes:
        uid: SeriesInstanceUID.
        facts: One line on it.
        png: Its picture.
        alt: The picture in words.
    """

    uid: str
    facts: str
    png: bytes
    alt: str


def draw_entry(
    scores: SeriesScores, extents: Sequence[Extent], check: HeaderCheck, trained_on: str
) -> Entry:
    """Draw a series: both projections, and a bar for each of its labels.

    Args:
        scores: The series.
        extents: Its labels, the most cranial first.
        check: What its header says.
        trained_on: What the weights were trained on.
    """
    chosen = sorted(extents, key=lambda e: -e.slices)[:_SHOWN]
    chosen = [extent for extent in extents if extent in chosen]
    count, (step, row, column) = len(scores.slices), scores.spacing_mm
    facts = f"{count} slices, {step:.2f} mm apart. " + _header_words(check)
    words = "; ".join(f"{e.label} from {e.from_mm:.0f} to {e.to_mm:.0f} mm" for e in chosen)
    top, bottom = scores.positions_mm[0] + step / 2, scores.positions_mm[-1] - step / 2
    sizes = [scores.coronal.shape[1] * column, scores.sagittal.shape[1] * row, top - bottom]
    with paper_style():
        figure, (front, side, bars) = _panels(*sizes)
        _project(front, scores.coronal, (0, sizes[0], bottom, top), "from the front")
        _project(side, scores.sagittal, (0, sizes[1], bottom, top), "from the side")
        _draw_bars(bars, chosen, len(extents))
        front.set_ylabel("position, mm, rising towards the head")
        for axes in (side, bars):
            axes.tick_params(axis="y", labelleft=False)
        for axes in (front, side, bars):
            axes.set_ylim(bottom, top)
        figure.text(0.5, 0.995, trained_on, ha="center", va="top", fontsize=8)
        stream = BytesIO()
        figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return Entry(scores.uid, facts, stream.getvalue(), f"Body parts: {words or 'none'}.")


def _header_words(check: HeaderCheck) -> str:
    if check.agrees == "no":
        return f"The header says {check.said}, but {check.disagreement}."
    if check.said == "other":
        return "The header's body part is not a term of the standard."
    if check.said:
        return f"The header says {check.said}."
    return "The header names no body part."


def _panels(front_mm: float, side_mm: float, height_mm: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of three panels of one height, the first two at one scale on both axes."""
    scale = min(_HIGHEST / height_mm, _WIDEST / max(front_mm, side_mm))
    height = max(_LOWEST, height_mm * scale)
    widths = (front_mm * scale, side_mm * scale, _BARS)
    left, above, below, gap = 0.7, 0.55, 1.35, 0.15
    figure = Figure((left + sum(widths) + 3 * gap, above + height + below))
    whole, axes = figure.get_size_inches(), []
    for width in widths:
        place = (left / whole[0], below / whole[1], width / whole[0], height / whole[1])
        axes.append(figure.add_axes(place))
        left += width + gap
    return figure, axes


def _project(
    axes: Axes, projection: NDArray[np.float32], sides: tuple[float, float, float, float],
    title: str,
) -> None:  # fmt: skip
    bright = float(np.percentile(projection, 99.5)) or 1.0
    axes.imshow(projection, cmap="gray", vmin=0, vmax=bright, extent=sides, aspect="auto")
    axes.set_title(title)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)


def _draw_bars(axes: Axes, extents: Sequence[Extent], found: int) -> None:
    for place, extent in enumerate(extents):
        color = COLORS[place % 6]
        height = extent.extent_mm
        low = (extent.from_mm + extent.to_mm - height) / 2
        axes.bar(place, height, 0.7, low, color=color, alpha=0.35 + 0.65 * extent.probability)
        marks = {"cranial": (low + height, "^"), "caudal": (low, "v")}
        for end in extent.cut_at:
            axes.plot(place, marks[end][0], marks[end][1], color=color, markersize=4, clip_on=False)
    axes.set_xticks(range(len(extents)), [e.label for e in extents], rotation=55, ha="right")
    axes.set_xlim(-0.7, max(len(extents), 1) - 0.3)
    more = f"; {found - len(extents)} more in series.csv" if found > len(extents) else ""
    axes.set_title(f"where each label holds (triangles: the scan ends there{more})")
    axes.grid(axis="y", linewidth=0.3)
    if not extents:
        axes.text(0.5, 0.5, "no label", transform=axes.transAxes, ha="center")


def write_page(
    path: Path, entries: Sequence[Entry], refused: Sequence[Refused], trained_on: str, root: str
) -> None:
    """Write all series of a run as one page that opens offline.

    Args:
        path: HTML file to write.
        entries: The labeled series.
        refused: What was not labeled.
        trained_on: What the weights were trained on.
        root: Root of the lineage of the weights.
    """
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Body parts of {len(entries)} CT series</title><style>{_STYLE}</style></head><body>"
        f"<main><h1>Body parts of {len(entries)} CT series</h1>"
        f'<p class="trained">The network was {html.escape(trained_on)}. '
        f"Root of its weights: <code>{html.escape(root[:16])}</code>.</p>"
    ]
    for entry in entries:
        image = base64.b64encode(entry.png).decode()
        parts.append(
            f"<section><h2>{html.escape(entry.uid)}</h2><p>{html.escape(entry.facts)}</p>"
            f'<img src="data:image/png;base64,{image}" alt="{html.escape(entry.alt)}"></section>'
        )
    if refused:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>"
                             for cell in (r.name, r.files, r.reason, r.detail)) + "</tr>"
            for r in refused
        )  # fmt: skip
        parts.append(
            f"<section><h2>Not labeled: {len(refused)}</h2><table><thead><tr><th>Name</th>"
            f"<th>Files</th><th>Reason</th><th>Detail</th></tr></thead><tbody>{rows}</tbody>"
            "</table></section>"
        )
    write_text(path, "\n".join([*parts, "</main></body></html>\n"]))
