"""Figures 1 to 4 are written as PNG and PDF, the same bytes for the same values."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maknet.reporting.figures.architecture import draw_architecture
from maknet.reporting.figures.deletion import deletion_table, draw_deletion, perturbation_table
from maknet.reporting.figures.explanations import Explained, draw_attributions, draw_perturbations
from maknet.reporting.figures.label_lists import label_colors
from maknet.reporting.figures.noisy_student import draw_noisy_student
from maknet.reporting.figures.style import FALSE, TRUE, UNKNOWN


def study() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(1)
    labels = np.array([[[0, 1], [0, 1], [2, 0], [3, 2]]] * 3, np.int16)
    followed = np.array([[[0.9, 0.8], [0.9, 0.7], [0.5, 0.2], [0.1, 0.1]]] * 3)
    return {
        "gap": np.array([0.01, 0.02, 0.03]), "labels": labels, "followed": followed,
        "confidence": np.sort(generator.random((3, 4, 2)))[..., ::-1],
        "by_attribution": np.array([[0.8, 0.1]] * 3), "by_chance": np.array([[0.8, 0.6]] * 3),
        "attribution": generator.random((2, 8, 8)).astype(np.float32),
        "variants": generator.integers(0, 256, (2, 4, 3, 8, 8)).astype(np.uint8),
    }  # fmt: skip


def explained() -> Explained:
    positive = np.array([[1, 0, 0, 0]] * 3, bool)
    exclusive = np.zeros((4, 4), bool)
    exclusive[0, 1] = exclusive[1, 0] = True
    return Explained({"MAKNet": study(), "VGG16": study()}, [2, 0], np.arange(3), list("abcd"),
                     positive, exclusive, "phantom")  # fmt: skip


def twice(draw: Any, folder: Path) -> None:
    for attempt in ("1", "2"):
        draw([folder / f"{attempt}.png", folder / f"{attempt}.pdf"])
    for kind, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        first, second = ((folder / f"{n}.{kind}").read_bytes() for n in (1, 2))
        assert first.startswith(start)
        assert first == second
    assert b"/FontFile2" in (folder / "1.pdf").read_bytes()  # fonts are embedded


def test_figures_3_and_4(tmp_path: Path) -> None:
    twice(lambda paths: draw_attributions(explained(), paths), tmp_path)
    twice(lambda paths: draw_perturbations(explained(), paths), tmp_path)


def test_figure_1(tmp_path: Path) -> None:
    block = {"kind": "block", "output": [8, 4, 4], "parameters": 9, "layers": 3, "growth": 8,
             "kernel_size": 3, "closing_kernel": 3, "hidden_attention": 2}  # fmt: skip
    stem = {"kind": "stem", "output": [4, 8, 8], "parameters": 3}
    described = {"size": 16, "parameters": 12, "labels": 2, "parts": [stem, block]}
    twice(lambda paths: draw_architecture(described, "phantom", 0.25, paths), tmp_path)


def test_figure_2(tmp_path: Path) -> None:
    rounds = pd.DataFrame({"round": [1, 2], "labeler": ["maknet", "student1"], "images": 9,
                           "labels_per_image": 3.0, "without_label": 1})  # fmt: skip
    settings = {
        "pseudo_labels": {"top": 15, "threshold": 0.5},
        "student": {"labeled_batch": 4, "unlabeled_batch": 4, "epochs": 2},
        "augmentation": {"rotation_deg": 8, "crop_area": [0.8, 1], "grayscale": 0,
                         "autocontrast": 0.1},
    }  # fmt: skip
    twice(lambda paths: draw_noisy_student(5, 2, rounds, settings, "phantom", paths), tmp_path)


def test_labels_are_true_surely_false_or_unknown() -> None:
    shown = explained()
    colors = label_colors(np.array([0, 1, 2]), shown.positive[0], shown.exclusive)
    assert colors == [TRUE, FALSE, UNKNOWN]


def test_the_numbers_behind_the_figures(tmp_path: Path) -> None:
    table = perturbation_table("phantom", {"MAKNet": study()}).set_index("change")
    assert table["confidence"].tolist() == pytest.approx([0.85] * 3)
    assert table["drop"].tolist() == pytest.approx([0.05, 0.5, 0.75])
    assert table["top_kept"].tolist() == pytest.approx([1.0, 0.5, 0.0])
    curves = deletion_table("phantom", {"MAKNet": study()}, [0.0, 0.1])
    assert curves["confidence"].tolist() == pytest.approx([0.8, 0.1, 0.8, 0.6])
    assert curves["chosen_by"].tolist() == ["attribution"] * 2 + ["chance"] * 2
    twice(lambda paths: draw_deletion(curves, paths), tmp_path)
