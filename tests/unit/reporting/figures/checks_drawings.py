"""What must be seen in the diagrams and in the pictures of images: boxes, arrows, texts, pixels."""

import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Annotation

from maknet.reporting.figures.style import FALSE, TRUE, UNKNOWN
from tests.unit.reporting.figures.examples import (
    HOT,
    PARTS,
    ROUNDS,
    SERIES,
    STUDIES,
    explained,
    thumbnail,
)
from tests.unit.reporting.figures.picture import Picture, assert_not_blank

Box = tuple[float, float, float, float]


def boxes(axes: Axes) -> list[tuple[Box, str]]:
    """Return the edges (x, y, width, height) of all boxes and the text in the middle of each."""
    found = []
    for patch in axes.patches:
        if isinstance(patch, FancyBboxPatch):
            x, y, width, height = patch.get_bbox().bounds
            middle = (x + width / 2, y + height / 2)
            inside = [t.get_text() for t in axes.texts if np.allclose(t.get_position(), middle)]
            assert len(inside) == 1, f"{len(inside)} texts in the middle of a box"
            found.append(((x, y, width, height), inside[0]))
    return found


def arrows(axes: Axes) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return start and end of all arrows."""
    marks = [text for text in axes.texts if isinstance(text, Annotation)]
    assert all(mark.arrow_patch is not None for mark in marks)
    return [(mark.xyann, mark.xy) for mark in marks]  # type: ignore[misc] # tuples of two


def texts(axes: Axes) -> list[str]:
    """Return all texts of a panel but those of arrows."""
    return [text.get_text() for text in axes.texts if not isinstance(text, Annotation)]


def touches(edges: Box, point: tuple[float, float], gap: float = 0.06) -> bool:
    """Return whether a point lies on the edge of a box, or nearly."""
    x, y, width, height = edges
    (left, below), (right, above) = (x - gap, y - gap), (x + width + gap, y + height + gap)
    within = left <= point[0] <= right and below <= point[1] <= above
    deep = x + gap < point[0] < x + width - gap and y + gap < point[1] < y + height - gap
    return within and not deep


def assert_boxes_are_seen(picture: Picture, axes: Axes) -> None:
    """Hold that each box is there in the pixels: its edge, and its paler face within."""
    assert boxes(axes)
    for (x, y, width, height), text in boxes(axes):
        patch = next(p for p in axes.patches if isinstance(p, FancyBboxPatch)
                     and np.allclose(p.get_bbox().bounds, (x, y, width, height)))  # fmt: skip
        edge, face = patch.get_edgecolor(), patch.get_facecolor()
        assert picture.shows(axes, x, y + height / 2, edge[:3], 120), text  # type: ignore[arg-type]
        pale = tuple(1 - face[3] * (1 - value) for value in face[:3])
        assert picture.shows(axes, x + 0.06 * width, y + 0.85 * height, pale, 20), text  # type: ignore[arg-type]


def check_architecture(picture: Picture) -> None:
    top, bottom = picture.figure.axes
    assert_not_blank(picture, [top, bottom], 0.1)
    placed = boxes(top)
    assert [edges for edges, _ in placed] == [(i * 1.85, 0, 1.5, 1) for i in range(len(PARTS))]
    for (_, text), word in zip(placed, ("Stem", "MixPool", "Dense", "Global", "Dropout", "Score"),
                               strict=True):  # fmt: skip
        assert text.startswith(word)
    assert "3 x MAKConv\n(+8 each)\nconv 3x3" in placed[2][1]
    for place, part in enumerate(PARTS):
        middle = place * 1.85 + 0.75
        below = [text for text in top.texts if abs(text.get_position()[0] - middle) < 1e-6
                 and text.get_position()[1] < 0]  # fmt: skip
        shape = "x".join(map(str, part["output"]))  # type: ignore[call-overload]
        assert [text.get_text() for text in below] == [shape, f"{part['parameters']:,}"]
    ends = [place * 1.85 for place in range(len(PARTS))]
    assert [end for _, end in arrows(top)] == [(x, 0.5) for x in ends]
    assert [start for start, _ in arrows(top)] == [
        (-0.2, 0.5),
        *((x - 0.35, 0.5) for x in ends[1:]),
    ]
    assert [text for _, text in boxes(bottom)] == [
        "5x5  ->  2", "1x5  ->  2", "5x1  ->  2", "1x1  ->  2", "concat\nBN, Mish",
        "MAKConv", "MAKConv", "MAKConv", "conv 3x3\nBN, Mish", "CBAM",
    ]  # fmt: skip
    lane = [0.2, 0.2]  # what was made so far runs along below all layers
    assert any(np.allclose(line.get_ydata(), lane) for line in bottom.lines)
    for edges, _ in boxes(bottom)[5:8]:
        ends_here = [ends for ends in arrows(bottom) if any(touches(edges, end) for end in ends)]
        assert len(ends_here) == 2  # one in and one out
    for axes in (top, bottom):
        assert_boxes_are_seen(picture, axes)
    title = picture.figure.get_suptitle()
    assert "phantom data: 100,960 parameters, channels scaled by 0.25" in title


def check_noisy_student(picture: Picture) -> None:
    (axes,) = picture.figure.axes
    assert_not_blank(picture, [axes], 0.1)
    assert_boxes_are_seen(picture, axes)
    named = {text.split("\n")[0].split(",")[0]: edges for edges, text in boxes(axes)}
    labeled, teacher, unlabeled, pseudo, student = named.values()
    assert list(named) == ["1", "Teacher", "200", "Pseudo-labels", "Student"]
    written = "\n".join(text for _, text in boxes(axes))
    for words in ("1,234 labeled images\n7 labels", "200\nunlabeled images", "top 15, p > 0.5",
                  "rotation 8°", "crops of 0.7 to 1,", "grayscale 0.2, auto-contrast 0.1",
                  "64 labeled + 32 unlabeled images a step, 9 epochs"):  # fmt: skip
        assert words in written
    flows = [(labeled, teacher), (teacher, pseudo), (pseudo, student), (unlabeled, pseudo),
             (labeled, student), (unlabeled, student), (student, pseudo)]  # fmt: skip
    assert len(arrows(axes)) == len(flows)
    for (start, end), (origin, target) in zip(arrows(axes), flows, strict=True):
        assert touches(origin, start)
        assert touches(target, end)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        assert picture.around(axes, *middle).min() < 150, "an arrow is not seen"
    (table,) = [text for text in texts(axes) if "round 1" in text]
    for line, row in zip(table.split("\n"), ROUNDS.to_dict("records"), strict=True):
        assert line == (
            f"round {row['round']}, by {row['labeler']}: {row['labels_per_image']:.2f} an image, "
            f"{row['without_label']} without"
        )
    assert "becomes the teacher,\n2 rounds" in texts(axes)


def shown_image(axes: Axes, number: int = 0) -> np.ndarray:
    """Return the array of a picture in a panel."""
    assert len(axes.images) > number, "a picture is missing"
    array = axes.images[number].get_array()
    assert array is not None
    return np.asarray(array)


def assert_gray_is_seen(picture: Picture, axes: Axes, pixels: np.ndarray) -> None:
    """Hold that the saved pixels of a panel are those of a picture, place by place."""
    for row, column in np.ndindex(*pixels.shape):
        seen = picture.around(axes, column, row, 1).mean()
        assert abs(seen - int(pixels[row, column])) < 6, (row, column)


def assert_beside(picture: Picture, axes: Axes, pixels: np.ndarray) -> None:
    """Hold that a panel shows a picture, and the same in a soft-tissue window right of it."""
    both = shown_image(axes)
    side = pixels.shape[1]
    assert np.array_equal(both[:, :side], pixels)
    hu = -1024 + pixels.astype(float) * 4095 / 255
    assert np.abs(both[:, side:] - np.clip((hu + 160) / 400, 0, 1) * 255).max() <= 0.5
    assert np.ptp(both[:, side:]) == 255
    assert_gray_is_seen(picture, axes, both)
    assert "soft-tissue window (-160 to 240 HU)" in picture.figure.get_suptitle()


def assert_list(axes: Axes, lines: list[str], colors: list[str]) -> None:
    """Hold that a panel lists labels from the top down."""
    assert [text.get_text() for text in axes.texts] == lines
    assert [text.get_color() for text in axes.texts] == colors
    heights = [text.get_position()[1] for text in axes.texts]
    assert heights == sorted(heights, reverse=True)


def check_attributions(picture: Picture) -> None:
    shown = explained()
    grid = np.array(picture.figure.axes).reshape(2, 5)
    assert_not_blank(picture, list(grid.ravel()))
    for row, example in enumerate(shown.examples):
        assert grid[row, 0].get_title() == f"lesion {shown.lesions[example]}"
        first = STUDIES["MAKNet"]["variants"][row, 0, 1]
        assert_beside(picture, grid[row, 0], first)
        for place, (title, arrays) in enumerate(STUDIES.items()):
            panel, names = grid[row, 1 + 2 * place : 3 + 2 * place]
            gap = 0.01 * (example + 1)
            assert panel.get_title() == f"{title}, gap {gap:.1g}"
            assert np.array_equal(shown_image(panel), arrays["variants"][row, 0, 1])
            share = shown_image(panel, 1)
            assert np.argwhere(share > 0).tolist() == [list(HOT)]
            hot, cold = ((HOT[1], HOT[0]), (HOT[1], HOT[0] + 1))
            red, _, blue = picture.around(panel, *hot, 1).mean((0, 1))
            assert red > blue + 50, "the attribution is not seen at its pixel"
            assert np.ptp(picture.around(panel, *cold, 1).mean((0, 1))) < 6
            first, second = arrays["confidence"][example, 0]
            assert_list(names, [f"✓ {first:.2f} liver", f"✗ {second:.2f} lung"], [TRUE, FALSE])


def check_perturbations(picture: Picture) -> None:
    grid = np.array(picture.figure.axes).reshape(4, 4)
    assert_not_blank(picture, list(grid.ravel()))
    followed = [("0.90", "0.80"), ("0.90", "0.70"), ("0.50", "0.20"), ("0.10", "0.10")]
    lost = [(False, False), (False, False), (False, True), (True, True)]  # from the top labels
    words = ["original", "neighbors", "black", "deleted"]
    for place, (title, arrays) in enumerate(STUDIES.items()):
        for variant in range(4):
            panel, names = grid[2 * place, variant], grid[2 * place + 1, variant]
            pixels = arrays["variants"][0, variant, 1]
            assert_beside(picture, panel, pixels)
            assert words[variant] in panel.get_title()
            assert panel.get_title().startswith(f"{title}: ") == (variant == 0)
            marks = ["✗" if gone else " " for gone in lost[variant]]
            values = followed[variant]
            assert_list(
                names,
                [f"{marks[0]} {values[0]} liver", f"{marks[1]} {values[1]} lung"],
                [FALSE if gone else UNKNOWN for gone in lost[variant]],
            )
    assert "lesion 42" in picture.figure.get_suptitle()


def check_contact_sheet(picture: Picture) -> None:
    axes = picture.figure.axes
    accepted, refused = axes[:8], axes[8:]
    seen = {"accepted": accepted[:3], "refused": refused[:2]}
    for status, panels in seen.items():
        assert_not_blank(picture, panels)
        numbers = []
        for panel in panels:
            folder, _, caption = panel.get_title().partition("\n")
            assert folder, "a title is missing"
            number = int(re.sub(r".*\.", "", folder))
            assert SERIES[number]["status"] == status
            assert caption == (SERIES[number]["reason"] or f"{SERIES[number]['slices']} slices")
            assert np.array_equal(shown_image(panel), thumbnail(number))
            assert_gray_is_seen(picture, panel, thumbnail(number))
            numbers.append(number)
        assert numbers == sorted(set(numbers))
    assert not any(panel.images for panel in (*accepted[3:], *refused[2:]))
    titles = [part.get_suptitle() for part in picture.figure.subfigs]
    assert titles == ["accepted: 3 of 5", "refused: 2 of 2"]
