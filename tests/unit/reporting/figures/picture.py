"""A figure as it was saved: the pixels of its panels, and those at a place of the data."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from maknet.reporting.figures.style import save_figure

_PAPER = 25  # darker than white by so much is ink
_FRAME = 4  # pixels along a panel's edge that its frame may cover


class Picture:
    """The saved PNG of a figure.

    Args:
        figure: Figure to save.
        folder: Folder to save it in.
    """

    def __init__(self, figure: Figure, folder: Path) -> None:
        save_figure(figure, [folder / "picture.png"], dpi=120)
        with Image.open(folder / "picture.png") as image:
            self.pixels = np.asarray(image.convert("RGB"), np.int16)  # (rows, columns, 3)
        self.figure = figure
        self._scale = self.pixels.shape[1] / figure.bbox.width

    def panel(self, axes: Axes) -> np.ndarray:
        """Return the pixels of a panel within its frame."""
        extent = axes.get_window_extent()
        left, right = round(extent.x0 * self._scale), round(extent.x1 * self._scale)
        bottom, top = (len(self.pixels) - round(y * self._scale) for y in (extent.y0, extent.y1))
        return self.pixels[top + _FRAME : bottom - _FRAME, left + _FRAME : right - _FRAME]

    def ink(self, axes: Axes) -> float:
        """Return the share of a panel's pixels that are not white."""
        return float((self.panel(axes).min(2) < 255 - _PAPER).mean())

    def around(self, axes: Axes, x: float, y: float, radius: int = 3) -> np.ndarray:
        """Return the pixels around a place given in the panel's data, (n, n, 3)."""
        across, up = axes.transData.transform((x, y)) * self._scale
        row, column = len(self.pixels) - round(up), round(across)
        rows = slice(max(row - radius, 0), row + radius + 1)
        return self.pixels[rows, max(column - radius, 0) : column + radius + 1]

    def shows(self, axes: Axes, x: float, y: float, color: str, near: int = 60) -> bool:
        """Return whether a color is seen at a place given in the panel's data."""
        wanted = np.array(to_rgb(color)) * 255
        return bool((np.abs(self.around(axes, x, y) - wanted).sum(2) < near).any())


def assert_not_blank(picture: Picture, panels: list[Axes], floor: float = 0.003) -> None:
    """Hold that each panel has ink; the thinnest line across one covers a hundredth of it."""
    for number, axes in enumerate(panels):
        assert picture.ink(axes) > floor, f"panel {number} is blank"
