"""Figures 3 and 4 in numbers: the confidence lost to each perturbation, over the whole test set.

Intervals are by patient and by training. With one training they hold the scatter of patients alone,
and another seed may give another difference. S trainings, N images, K top labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.metrics.patient_means import PatientMean, patient_mean
from maknet.reporting.figures.style import COLORS, MARKERS, paper_style

Study = Mapping[str, NDArray[Any]]  # of one training of a network
Studies = Mapping[str, Sequence[Study]]
_CHANGES = ("replaced", "black", "deleted")


@dataclass(frozen=True)
class _Effect:
    """What a perturbation does to each image, or by how much it differs between two networks.

    Attributes:
        confidence: Mean probability of the original's top labels before, (S, N).
        confidence_after: The same after, (S, N).
        drop: What is lost, (S, N); a gain is negative.
        moved: By how much it changes, up or down, (S, N).
        top_kept: Share of the top labels that stay among the top, (S, N).
    """

    confidence: NDArray[np.float64]
    confidence_after: NDArray[np.float64]
    drop: NDArray[np.float64]
    moved: NDArray[np.float64]
    top_kept: NDArray[np.float64]


def perturbation_table(dataset: str, studies: Studies, confidence: float) -> pd.DataFrame:
    """Return one row per network and perturbation, then the paired differences of two networks.

    Args:
        dataset: Name of the data.
        studies: Arrays of `explain_run` of each training, by network title, all of the same images
            and with the same seeds.
        confidence: Probability with which an interval is to hold the true mean.

    Returns:
        Columns: `confidence` and `confidence_after` (mean probability of the original's top
        labels), `drop` (mean loss, in which gains cancel losses), `moved` (mean change up or down)
        and `top_kept` (share of the top labels that stay) with `_low` and `_high`, `drop_sd` over
        images, and `trainings`. In a row `A minus B` each is the mean of the differences on the
        same image with the same seed.

    Raises:
        InputError: The studies are of different images.
    """
    _check_same_images(studies)
    rows = []
    for title, each in studies.items():
        rows += [(title, change, _effect(each, change)) for change in _CHANGES]
    for first, second in combinations(studies, 2):
        for change in _CHANGES:
            one, other = (asdict(_effect(studies[title], change)) for title in (first, second))
            difference = _Effect(**{name: one[name] - other[name] for name in one})
            rows.append((f"{first} minus {second}", change, difference))
    trained = next(iter(studies.values()))
    patients = trained[0]["patients"]
    return pd.DataFrame([
        {"dataset": dataset, "arch": title, "change": change, "trainings": len(trained),
         **_summary(effect, patients, confidence)}
        for title, change, effect in rows
    ])  # fmt: skip


def _effect(each: Sequence[Study], change: str) -> _Effect:
    place = 1 + _CHANGES.index(change)
    followed = np.stack([study["followed"] for study in each])
    labels = np.stack([study["labels"] for study in each])
    before, after = (followed[:, :, i].mean(2, dtype=np.float64) for i in (0, place))
    original, now = labels[:, :, 0], labels[:, :, place]
    kept = (original[..., :, None] == now[..., None, :]).any(3).mean(2)
    return _Effect(before, after, before - after, abs(before - after), kept)


def _summary(effect: _Effect, patients: NDArray[np.int64], confidence: float) -> dict[str, Any]:
    drop, moved, kept = (
        patient_mean(values, patients, confidence)
        for values in (effect.drop, effect.moved, effect.top_kept)
    )
    return {
        "images": len(patients), "patients": drop.patients,
        "confidence": effect.confidence.mean(), "confidence_after": effect.confidence_after.mean(),
        **_columns("drop", drop), "drop_sd": effect.drop.mean(0).std(), **_columns("moved", moved),
        **_columns("top_kept", kept),
    }  # fmt: skip


def _columns(name: str, mean: PatientMean) -> dict[str, float]:
    return {name: mean.value, f"{name}_low": mean.low, f"{name}_high": mean.high}


def _check_same_images(studies: Studies) -> None:
    lesions = [study["lesions"] for each in studies.values() for study in each]
    if any(not np.array_equal(lesions[0], other) for other in lesions[1:]):
        raise InputError(
            f"The studies of {' and '.join(studies)} are of different images; make them anew."
        )


def deletion_table(
    dataset: str, studies: Studies, fractions: Sequence[float], confidence: float
) -> pd.DataFrame:
    """Return one row per network, way of choosing pixels, and deleted fraction.

    Args:
        dataset: Name of the data.
        studies: Arrays of `explain_run` of each training, by network title.
        fractions: Deleted fractions of the pixels, in the order of the arrays.
        confidence: Probability with which an interval is to hold the true mean.

    Returns:
        Columns: `chosen_by` (`attribution`, or `chance` as a control: as many random pixels that
        are not air), `fraction`, `confidence`
        (mean over images) with `confidence_low` and `confidence_high`, `trainings`.
    """
    rows = []
    for title, each in studies.items():
        patients = each[0]["patients"]
        for field in ("by_attribution", "by_chance"):
            for place, fraction in sorted(enumerate(fractions), key=lambda pair: pair[1]):
                values = np.stack([study[field][:, place] for study in each])
                mean = patient_mean(values, patients, confidence)
                rows.append({
                    "dataset": dataset, "arch": title, "chosen_by": field.removeprefix("by_"),
                    "fraction": fraction, "trainings": len(each),
                    "images": len(patients), "patients": mean.patients,
                    **_columns("confidence", mean),
                })  # fmt: skip
    return pd.DataFrame(rows)


@paper_style()
def draw_deletion(table: pd.DataFrame) -> Figure:
    """Draw the confidence against the deleted fraction, by attribution and by chance.

    Args:
        table: Table that `deletion_table` returned.
    """
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    for place, (arch, lines) in enumerate(table.groupby("arch", sort=False)):
        for chosen, dash in (("attribution", "-"), ("chance", "--")):
            part = lines[lines["chosen_by"] == chosen]
            value = part["confidence"]
            bars = [value - part["confidence_low"], part["confidence_high"] - value]
            axes.errorbar(
                100 * part["fraction"], value, bars, ls=dash, color=COLORS[place],
                marker=MARKERS[place], ms=4, capsize=2, label=f"{arch}, by {chosen}",
            )  # fmt: skip
    axes.set_xlabel("deleted pixels in percent")
    axes.set_ylabel("mean confidence of the\noriginal's top labels")
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.suptitle(f"Deletion over the hand-labeled set (data: {table['dataset'].iloc[0]})")
    return figure
