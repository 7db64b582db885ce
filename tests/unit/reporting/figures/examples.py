"""One example of every figure, from data in which each value is told from each other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from maknet.data.arrays import save_arrays
from maknet.files import write_rows
from maknet.reporting.figures.architecture import draw_architecture
from maknet.reporting.figures.contact_sheet import draw_contact_sheet
from maknet.reporting.figures.deletion import deletion_table, draw_deletion
from maknet.reporting.figures.explanations import Explained, draw_attributions, draw_perturbations
from maknet.reporting.figures.label_rounds import draw_label_rounds
from maknet.reporting.figures.noisy_student import draw_noisy_student
from maknet.reporting.figures.pseudo_labels import draw_pseudo_labels
from maknet.reporting.figures.training_curves import draw_training_curves

BLOCK = {"kind": "block", "output": [64, 16, 16], "parameters": 98765, "layers": 3, "growth": 8,
         "kernel_size": 5, "closing_kernel": 3, "hidden_attention": 2}  # fmt: skip
PARTS = [
    {"kind": "stem", "output": [4, 32, 32], "parameters": 1234},
    {"kind": "pool", "output": [4, 16, 16], "parameters": 2},
    BLOCK,
    {"kind": "global_pool", "output": [128], "parameters": 0},
    {"kind": "classifier", "output": [7], "parameters": 903},
    {"kind": "propagation", "output": [7], "parameters": 56},
]
DESCRIBED = {"size": 64, "parameters": 100960, "labels": 7, "parts": PARTS}

ROUNDS = pd.DataFrame({
    "round": [1, 2, 3], "labeler": ["maknet", "student1", "student2"], "images": [200] * 3,
    "labels_per_image": [2.25, 3.5, 4.75], "without_label": [50, 20, 10],
    "removed_as_exclusive": [100, 300, 200], "changed_images": [np.nan, 0.6, 0.3],
    "changed_labels": [np.nan, 0.4, 0.2],
})  # fmt: skip
BY_LABEL = pd.DataFrame(
    {
        "label": list("abcd"),
        "round1": [5, 90, 0, 30],
        "round2": 1,
        "round3": [70, 10, 1, 40],
        "chance_at_threshold": 0.5,
    }
)
STUDENT = {
    "pseudo_labels": {"top": 15, "threshold": 0.5},
    "student": {"labeled_batch": 64, "unlabeled_batch": 32, "epochs": 9},
    "augmentation": {"rotation_deg": 8, "crop_area": [0.7, 1], "grayscale": 0.2,
                     "autocontrast": 0.1},
}  # fmt: skip

FRACTIONS = [0.0, 0.1, 0.3]
HOT = (2, 5)  # row and column of the pixel with all the attribution
SIDE = 8
NAMES = ("liver", "lung", "kidney", "spleen")


def study(seed: int = 1) -> dict[str, np.ndarray]:
    """Return the arrays of a study of four images of three patients."""
    start = 0.9 - 0.15 * seed  # curves that do not hide each other
    generator = np.random.default_rng(seed)
    labels = np.array([[[0, 1], [0, 1], [2, 0], [3, 2]]] * 4, np.int16)
    followed = np.array([[[0.9, 0.8], [0.9, 0.7], [0.5, 0.2], [0.1, 0.1]]] * 4)
    attribution = np.zeros((2, SIDE, SIDE), np.float32)
    attribution[:, HOT[0], HOT[1]] = 1
    return {
        "gap": np.array([0.01, 0.02, 0.03, 0.04]), "labels": labels, "followed": followed,
        "confidence": np.sort(generator.random((4, 4, 2)))[..., ::-1],
        "by_attribution": start - np.array([0, 0.3, 0.45]) + 0.1 * generator.random((4, 3)),
        "by_chance": start + 0.1 - np.array([0, 0.05, 0.1]) + 0.05 * generator.random((4, 3)),
        "attribution": attribution, "patients": np.array([7, 7, 8, 9]),
        "variants": generator.integers(0, 256, (2, 4, 3, SIDE, SIDE)).astype(np.uint8),
        "lesions": np.array([40, 41, 42, 43]),
    }  # fmt: skip


STUDIES = {"MAKNet": study(1), "VGG16": study(2)}


def explained() -> Explained:
    """Return two examples, of which liver is annotated and excludes lung."""
    positive = np.array([[1, 0, 0, 0]] * 4, bool)
    exclusive = np.zeros((4, 4), bool)
    exclusive[0, 1] = exclusive[1, 0] = True
    return Explained(
        STUDIES,
        [2, 0],
        STUDIES["MAKNet"]["lesions"],
        NAMES,
        positive,
        exclusive,
        "phantom",
        (-1024, 3071),
    )


def curves() -> pd.DataFrame:
    """Return the table of the deletion curves."""
    each = {title: [arrays] for title, arrays in STUDIES.items()}
    return deletion_table("phantom", each, FRACTIONS, 0.95)


def histories(folder: Path) -> dict[str, Path]:
    """Write the histories of a network of two seeds, and of a run without validation."""
    tables = {
        "maknet": {"loss": [0.9, 0.5, 0.3], "auc": [0.5, 0.6, 0.8], "f1": [0.1, 0.2, 0.4]},
        "maknet-seed2": {"loss": [0.8, 0.6, 0.2], "auc": [0.5, 0.7, 0.7], "f1": [0.1, 0.1, 0.3]},
        "vgg16": {"loss": [0.7, 0.4, 0.1]},
    }
    for run, columns in tables.items():
        table = pd.DataFrame({"epoch": [1, 2, 3], **columns})
        table.to_csv(folder / f"{run}.csv", index=False)
    return {run: folder / f"{run}.csv" for run in tables}


SERIES = [
    {"folder": f"1.2.840.{n:06d}", "status": "refused" if n % 3 == 2 else "accepted",
     "reason": "scout" if n % 3 == 2 else "", "slices": 10 + n}
    for n in range(7)
]  # fmt: skip


def thumbnail(number: int) -> np.ndarray:
    """Return the picture of a series: its brightness is its number."""
    picture = np.full((16, 16), 30 + 25 * number, np.uint8)
    picture[0] = 255
    return picture


def sheet(folder: Path) -> Figure:
    """Return the contact sheet of two batches."""
    tables, thumbnails = [], []
    for name, numbers in (("a", range(4)), ("b", range(4, 7))):
        tables.append(folder / f"{name}.csv")
        thumbnails.append(folder / f"{name}.npz")
        write_rows(tables[-1], tuple(SERIES[0]), [SERIES[n] for n in numbers])
        save_arrays(thumbnails[-1], thumbnails=np.stack([thumbnail(n) for n in numbers]))
    return draw_contact_sheet(tables, thumbnails, "phantom", 3, 1)


LABEL_ROUNDS = {"maknet": "teacher", "student1": "student 1"}
LABEL_AUC = pd.DataFrame(
    [
        (test_set, label, positives, run, auc)
        for test_set, label, positives, by_run in (
            ("text_mined", "lung", 30, (0.9, 1.0)), ("text_mined", "liver", 40, (0.5, 0.75)),
            ("text_mined", "rare", 0, (np.nan, np.nan)), ("hand_labeled", "lung", 7, (0.8, 0.6)),
            ("hand_labeled", "liver", 3, (np.nan, 0.7)), ("hand_labeled", "rare", 0, (np.nan,) * 2),
        )
        for run, auc in zip((*LABEL_ROUNDS, "vgg16"), (*by_run, 0.6), strict=True)
    ],
    columns=["test_set", "label", "positives", "run", "auc"],
)  # fmt: skip


FIGURES: dict[str, Callable[[Path], Figure]] = {
    "architecture": lambda _: draw_architecture(DESCRIBED, "phantom", 0.25),
    "noisy_student": lambda _: draw_noisy_student(1234, 7, ROUNDS, STUDENT, "phantom"),
    "attributions": lambda _: draw_attributions(explained()),
    "perturbations": lambda _: draw_perturbations(explained()),
    "deletion": lambda _: draw_deletion(curves()),
    "training_curves": lambda folder: draw_training_curves(
        histories(folder), "phantom", {"networks": (3, 15), "students": (2, 100)}
    ),
    "pseudo_labels": lambda _: draw_pseudo_labels(ROUNDS, BY_LABEL, "phantom"),
    "label_rounds": lambda _: draw_label_rounds(LABEL_AUC, LABEL_ROUNDS, "phantom"),
    "contact_sheet": sheet,
}
