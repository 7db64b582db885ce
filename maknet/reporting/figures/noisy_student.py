"""Figure 2: the noisy student, with the numbers of this run."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from maknet.reporting.figures.style import COLORS, arrow, box, paper_style

_SHOWN_ROUNDS = 8


@paper_style()
def draw_noisy_student(
    labeled: int, labels: int, rounds: pd.DataFrame, settings: Mapping[str, Any], dataset: str
) -> Figure:
    """Draw the teacher, the pseudo-labels and the students.

    Args:
        labeled: Number of labeled images.
        labels: Number of labels.
        rounds: Table that `summarize_rounds` returned; its last row has no student.
        settings: Config sections `pseudo_labels`, `student` and `augmentation`.
        dataset: Name of the data, for the title.
    """
    rule, first = settings["pseudo_labels"], rounds.iloc[0]
    figure = Figure(figsize=(7.2, 3.9), layout="constrained")
    axes = figure.subplots()
    box(axes, 0.1, 2.9, 2.1, 0.8, f"{labeled:,} labeled images\n{labels} labels", COLORS[0])
    box(axes, 3.0, 2.9, 2.0, 0.8, "Teacher\n(iteration 0)", COLORS[2])
    box(axes, 0.1, 0.3, 2.1, 0.8, f"{int(first['images']):,}\nunlabeled images", COLORS[4])
    pseudo = (
        f"Pseudo-labels, noise off\ntop {rule['top']}, p > {rule['threshold']:g},\n"
        "without exclusive ones"
    )
    box(axes, 3.0, 1.5, 2.0, 0.9, pseudo, COLORS[1])
    box(axes, 3.0, 0.1, 4.5, 1.0, _student_text(settings), COLORS[3])
    axes.text(5.4, 3.72, "Labels by round", fontsize=8, va="top")
    axes.text(5.4, 3.47, _labels_by_round(rounds), fontsize=6.5, va="top", linespacing=1.5)
    arrow(axes, (2.2, 3.3), (3.0, 3.3))
    arrow(axes, (4.0, 2.9), (4.0, 2.4))
    arrow(axes, (4.0, 1.5), (4.0, 1.1))
    arrow(axes, (1.15, 1.1), (3.0, 1.85))
    arrow(axes, (1.15, 2.9), (3.0, 0.9))
    arrow(axes, (2.2, 0.6), (3.0, 0.6))
    arrow(axes, (6.2, 1.1), (5.0, 1.95))
    students = len(rounds) - 1
    axes.text(6.0, 1.6, f"becomes the teacher,\n{students} rounds", fontsize=7)
    axes.set_xlim(0, 8.4)
    axes.set_ylim(0, 3.9)
    axes.set_axis_off()
    figure.suptitle(f"Noisy student as it ran (data: {dataset})")
    return figure


def _student_text(settings: Mapping[str, Any]) -> str:
    student, noise = settings["student"], settings["augmentation"]
    return (
        f"Student, noise on: rotation {noise['rotation_deg']:g}°, crops of "
        f"{noise['crop_area'][0]:g} to {noise['crop_area'][1]:g},\ngrayscale "
        f"{noise['grayscale']:g}, auto-contrast {noise['autocontrast']:g}, dropout\n"
        f"{student['labeled_batch']} labeled + {student['unlabeled_batch']} unlabeled images "
        f"a step, {student['epochs']} epochs"
    )


def _labels_by_round(rounds: pd.DataFrame) -> str:
    lines = [
        f"round {int(r['round'])}, by {r['labeler']}: {r['labels_per_image']:.2f} an image, "
        f"{int(r['without_label']):,} without"
        for _, r in _first_and_last(rounds).iterrows()
    ]
    if len(rounds) > _SHOWN_ROUNDS:
        lines.append(f"({len(rounds)} rounds in all)")
    return "\n".join(lines)


def _first_and_last(rounds: pd.DataFrame) -> pd.DataFrame:
    """Return the rounds, or the first and the last few of many."""
    if len(rounds) <= _SHOWN_ROUNDS:
        return rounds
    half = _SHOWN_ROUNDS // 2 - 1
    return pd.concat([rounds.iloc[:half], rounds.iloc[-half:]])
