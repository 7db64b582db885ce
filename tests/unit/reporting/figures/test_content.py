"""Every figure shows what its data say, and a figure that lacks a part is noticed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maknet.reporting.figures import (
    architecture,
    contact_sheet,
    explanations,
    noisy_student,
    pseudo_labels,
    training_curves,
)
from maknet.reporting.figures.style import save_figure
from tests.unit.reporting.figures import checks_curves, checks_drawings
from tests.unit.reporting.figures.examples import FIGURES
from tests.unit.reporting.figures.picture import Picture

Draw = Callable[..., object]
CHECKS: dict[str, Callable[[Picture], None]] = {
    name: getattr(module, f"check_{name}")
    for name in FIGURES
    for module in (checks_curves, checks_drawings)
    if hasattr(module, f"check_{name}")
}
# The functions that draw a part, by figure: with any of them empty the figure's check must fail.
PARTS: dict[str, list[tuple[object, str]]] = {
    "architecture": [
        (architecture, "_draw_row"), (architecture, "_draw_block"), (architecture, "box"),
        (architecture, "arrow"), (Axes, "plot"), (Axes, "text"),
    ],
    "noisy_student": [(noisy_student, "box"), (noisy_student, "arrow"), (Axes, "text")],
    "attributions": [
        (explanations, "_images"), (explanations, "_map"), (explanations, "_list"),
        (explanations, "write_labels"), (Axes, "imshow"), (Axes, "text"), (Axes, "set_title"),
    ],
    "perturbations": [
        (explanations, "_images"), (explanations, "_list_followed"),
        (explanations, "write_labels"), (Axes, "imshow"), (Axes, "set_title"),
    ],
    "deletion": [(Axes, "errorbar"), (Axes, "legend"), (Axes, "set_xlabel")],
    "training_curves": [(training_curves, "_draw"), (Axes, "plot"), (Axes, "set_ylabel")],
    "pseudo_labels": [
        (pseudo_labels, "_line"), (pseudo_labels, "_by_label"), (Axes, "plot"), (Axes, "legend"),
    ],
    "label_rounds": [
        (Axes, "set_yticks"), (Axes, "set_xticks"), (Axes, "set_title"), (Figure, "suptitle"),
    ],
    "contact_sheet": [(contact_sheet, "_show"), (Axes, "imshow"), (Axes, "set_title")],
}  # fmt: skip


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_figure_shows_its_data(tmp_path: Path, name: str) -> None:
    CHECKS[name](Picture(FIGURES[name](tmp_path), tmp_path))


@pytest.mark.filterwarnings("ignore:No artists with labels")
@pytest.mark.parametrize(
    ("name", "owner", "part"),
    [(name, owner, part) for name, parts in PARTS.items() for owner, part in parts],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_figure_without_a_part_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, owner: object, part: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(owner, part, lambda *_, **__: None)
        figure = FIGURES[name](tmp_path)
    with pytest.raises(AssertionError):
        CHECKS[name](Picture(figure, tmp_path))


def moved(draw: Draw) -> Draw:
    """Return a function that draws half a unit to the right."""
    return lambda axes, x, *rest: draw(axes, x + 0.5, *rest)


def turned(draw: Draw) -> Draw:
    """Return a function that draws an arrow from its end to its start."""
    return lambda axes, start, end: draw(axes, end, start)


def transposed(draw: Draw) -> Draw:
    """Return a function that draws a map with rows and columns exchanged."""
    return lambda axes, attribution, pixels: draw(axes, attribution.T, pixels)


def one_late(draw: Draw) -> Draw:
    """Return a function that plots each value at the place of the one before."""
    return lambda axes, x, y, *rest, **how: draw(axes, x, np.roll(y, 1), *rest, **how)


def upside_down(draw: Draw) -> Draw:
    """Return a function that shows a picture from below."""
    return lambda axes, pixels, **how: draw(axes, pixels[::-1], **how)


def transposed_colors(draw: Draw) -> Draw:
    """Return a function that shows a matrix with rows and columns exchanged."""
    return lambda axes, values, *rest, **how: draw(axes, values.T, *rest, **how)


def other_names(draw: Draw) -> Draw:
    """Return a function that lists the labels in the opposite order."""
    return lambda axes, names, *rest: draw(axes, names[::-1], *rest)


@pytest.mark.parametrize(
    ("name", "owner", "part", "change"),
    [
        ("architecture", architecture, "box", moved),
        ("architecture", architecture, "arrow", turned),
        ("noisy_student", noisy_student, "box", moved),
        ("noisy_student", noisy_student, "arrow", turned),
        ("attributions", explanations, "_map", transposed),
        ("attributions", explanations, "write_labels", other_names),
        ("perturbations", explanations, "write_labels", other_names),
        ("perturbations", Axes, "imshow", upside_down),
        ("deletion", Axes, "errorbar", one_late),
        ("training_curves", Axes, "plot", one_late),
        ("pseudo_labels", Axes, "plot", one_late),
        ("label_rounds", Axes, "imshow", transposed_colors),
        ("contact_sheet", Axes, "imshow", upside_down),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_part_at_the_wrong_place_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, owner: object, part: str, change: Callable[[Draw], Draw],
) -> None:  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(owner, part, change(getattr(owner, part)))
        figure = FIGURES[name](tmp_path)
    with pytest.raises(AssertionError):
        CHECKS[name](Picture(figure, tmp_path))


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_blank_figure_is_noticed(tmp_path: Path, name: str) -> None:
    """The artists are all there, and nothing of them reaches the pixels."""
    figure = FIGURES[name](tmp_path)
    for axes in figure.axes:
        for artist in axes.get_children():
            if artist is not axes.patch:
                artist.set_visible(False)
    with pytest.raises(AssertionError):
        CHECKS[name](Picture(figure, tmp_path))


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_figure_has_the_same_bytes_every_time(tmp_path: Path, name: str) -> None:
    for attempt in ("1", "2"):
        paths = [tmp_path / f"{attempt}.png", tmp_path / f"{attempt}.pdf"]
        save_figure(FIGURES[name](tmp_path), paths, dpi=50)
    for kind, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        first, second = ((tmp_path / f"{n}.{kind}").read_bytes() for n in (1, 2))
        assert first.startswith(start)
        assert first == second
    assert b"/FontFile2" in (tmp_path / "1.pdf").read_bytes()  # fonts are embedded
