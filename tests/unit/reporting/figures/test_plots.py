"""Plots are PNG files with the same bytes for the same values."""

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from maknet.files import write_frame
from maknet.reporting.figures.pseudo_labels import draw_pseudo_labels
from maknet.reporting.figures.training_curves import draw_training_curves


def opened(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.size


def test_curves_of_runs_with_and_without_all_quantities(tmp_path: Path) -> None:
    epochs = {"epoch": [1, 2, 3], "loss": [0.3, 0.2, 0.1]}
    write_frame(tmp_path / "a.csv", pd.DataFrame({**epochs, "auc": [0.5, 0.6, 0.7], "f1": 0.1}))
    write_frame(tmp_path / "b.csv", pd.DataFrame(epochs))
    histories = {"maknet": tmp_path / "a.csv", "student1": tmp_path / "b.csv"}
    for name in ("1", "2"):
        paths = [tmp_path / f"{name}.png", tmp_path / f"{name}.pdf"]
        draw_training_curves(histories, "phantom", paths)
    assert opened(tmp_path / "1.png")[0] > 1000
    for kind in ("png", "pdf"):
        assert (tmp_path / f"1.{kind}").read_bytes() == (tmp_path / f"2.{kind}").read_bytes()


@pytest.mark.parametrize("count", [1, 3])
def test_rounds(tmp_path: Path, count: int) -> None:
    rounds = pd.DataFrame({
        "round": range(1, count + 1), "images": 10, "without_label": 2, "labels_per_image": 4.0,
        "removed_as_exclusive": 3, "changed_images": 0.5, "changed_labels": 0.2,
    })  # fmt: skip
    columns = {f"round{number}": [5, 0] for number in range(1, count + 1)}
    by_label = pd.DataFrame({"label": ["a", "b"], **columns})
    draw_pseudo_labels(rounds, by_label, "phantom", [tmp_path / "p.png"])
    assert opened(tmp_path / "p.png")[0] > 1000
