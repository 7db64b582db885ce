"""The numbers behind figures 3 and 4, with intervals by patient, and what is known of a label."""

import numpy as np
import pandas as pd
import pytest

from maknet.errors import InputError
from maknet.metrics.patient_means import patient_mean
from maknet.reporting.figures.deletion import deletion_table, perturbation_table
from maknet.reporting.figures.explanations import Explained
from maknet.reporting.figures.label_lists import label_colors
from maknet.reporting.figures.style import FALSE, TRUE, UNKNOWN
from tests.unit.reporting.figures.examples import explained, study


def test_labels_are_true_surely_false_or_unknown() -> None:
    shown: Explained = explained()
    colors = label_colors(np.array([0, 1, 2]), shown.positive[0], shown.exclusive)
    assert colors == [TRUE, FALSE, UNKNOWN]


def test_perturbations_in_numbers() -> None:
    table = perturbation_table("phantom", {"MAKNet": [study()]}, 0.95).set_index("change")
    assert table["arch"].tolist() == ["MAKNet"] * 3
    assert table["confidence"].tolist() == pytest.approx([0.85] * 3)
    assert table["drop"].tolist() == pytest.approx([0.05, 0.5, 0.75])
    assert table["top_kept"].tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert table["patients"].tolist() == [3] * 3
    assert table["images"].tolist() == [4] * 3


def test_the_difference_of_two_networks_is_paired_and_by_patient() -> None:
    """Images 0 and 1 are of one patient: three differences, not four."""
    one, other = study(), study()
    other["labels"] = one["labels"].copy()
    other["labels"][:2, 1] = [3, 2]  # both top labels of one patient are lost
    more = np.linspace(0, 0.3, 4)[:, None, None]  # lost by each image, whatever is changed
    other["followed"][:, 1:] = one["followed"][:, 1:] - more
    table = perturbation_table("phantom", {"MAKNet": [one], "VGG16": [other]}, 0.9)
    assert table["arch"].tolist() == ["MAKNet"] * 3 + ["VGG16"] * 3 + ["MAKNet minus VGG16"] * 3
    assert (table["trainings"] == 1).all()
    paired = table.set_index(["arch", "change"]).loc[("MAKNet minus VGG16", "replaced")]
    kept = patient_mean(np.array([1.0, 1, 0, 0]), one["patients"], 0.9)
    assert paired["top_kept"] == 0.5
    assert paired["patients"] == 3
    assert (paired["top_kept_low"], paired["top_kept_high"]) == pytest.approx((kept.low, kept.high))
    assert paired["drop"] == pytest.approx(-0.15)
    assert paired["confidence"] == pytest.approx(0.0)
    alone = perturbation_table("phantom", {"MAKNet": [one]}, 0.9)
    pd.testing.assert_frame_equal(table.iloc[:3], alone)


def test_rises_and_falls_cancel_in_a_drop_and_not_in_a_change() -> None:
    restless, steady = study(), study()
    before = restless["followed"][:, :1].copy()
    signs = np.array([1.0, -1, 1, -1])[:, None, None]
    restless["followed"][:, 1:] = before - 0.1 * signs
    steady["followed"][:, :1] = before
    steady["followed"][:, 1:] = before + 0.02
    found = perturbation_table("phantom", {"MAKNet": [restless], "VGG16": [steady]}, 0.95)
    table = found.set_index(["arch", "change"]).xs("replaced", level="change")
    assert table["drop"].tolist() == pytest.approx([0.0, -0.02, 0.02])
    assert table["moved"].tolist() == pytest.approx([0.1, 0.02, 0.08])


def test_several_trainings_are_averaged_and_their_scatter_widens_the_interval() -> None:
    one, two = study(), study()
    two["followed"][:, 1:] = one["followed"][:, 1:] - 0.1
    both = perturbation_table("phantom", {"MAKNet": [one, two]}, 0.95)
    alone = perturbation_table("phantom", {"MAKNet": [one]}, 0.95)
    assert both["trainings"].tolist() == [2] * 3
    assert (both["drop"] - alone["drop"]).tolist() == pytest.approx([0.05] * 3)
    wide, narrow = (table["drop_high"] - table["drop_low"] for table in (both, alone))
    assert (wide > narrow).all()


def test_studies_of_other_images_are_not_compared() -> None:
    other = {**study(), "lesions": np.array([40, 41, 42, 99])}
    with pytest.raises(InputError, match="of MAKNet and VGG16 are of different images; make them"):
        perturbation_table("phantom", {"MAKNet": [study()], "VGG16": [other]}, 0.95)


def test_deletion_curves_in_numbers_and_in_order() -> None:
    arrays = {name: np.array([[0.3, 0.9, 0.5], [0.5, 0.7, 0.3]])
              for name in ("by_attribution", "by_chance")}  # fmt: skip
    arrays["patients"] = np.array([3, 8])
    table = deletion_table("phantom", {"MAKNet": [arrays]}, [0.3, 0.0, 0.1], 0.95)
    assert table["chosen_by"].tolist() == ["attribution"] * 3 + ["chance"] * 3
    part = table[table["chosen_by"] == "chance"]
    assert part["fraction"].tolist() == [0.0, 0.1, 0.3]
    assert part["confidence"].tolist() == pytest.approx([0.8, 0.4, 0.4])
    whole = patient_mean(np.array([0.9, 0.7]), arrays["patients"], 0.95)
    assert part["confidence_low"].iloc[0] == pytest.approx(whole.low)
    assert part["confidence_high"].iloc[0] == pytest.approx(whole.high)
    assert part["patients"].tolist() == [2] * 3


def test_images_of_one_patient_widen_the_bars() -> None:
    arrays = study()
    arrays["by_chance"] = np.array([[0.9] * 3, [0.9] * 3, [0.5] * 3, [0.4] * 3])
    apart = {**arrays, "patients": np.arange(4)}
    together, images = (
        deletion_table("phantom", {"MAKNet": [arrays_]}, [0.0, 0.1, 0.3], 0.95)
        for arrays_ in (arrays, apart)
    )
    width = (together["confidence_high"] - together["confidence_low"]).iloc[3:]
    narrow = (images["confidence_high"] - images["confidence_low"]).iloc[3:]
    assert (width > narrow).all()
