"""The evaluation equals a literal transcription of LesaNet's, label by label, difference 0."""

from pathlib import Path

import numpy as np
import pytest

from maknet.data.labels.label_table import load_labels
from maknet.data.labels.ontology import load_ontology
from maknet.metrics.multilabel import evaluate
from maknet.metrics.thresholds import GRID, calibrate_thresholds
from tests.reference import lesanet_evaluation as lesanet


def test_the_grid_is_lesanets_for_every_score_of_a_network() -> None:
    """`arange` misses some decimals by a rounding; no float32 score lies in between."""
    for ours, theirs in zip(GRID, lesanet.GRID, strict=True):
        nearest = np.float32(ours)
        neighbors = np.array(
            [np.nextafter(nearest, np.float32(0)), nearest, np.nextafter(nearest, np.float32(1))]
        )
        assert np.array_equal(neighbors >= np.float64(ours), neighbors >= np.float64(theirs))


@pytest.mark.real
@pytest.mark.parametrize("classes", [("bodypart",), ("bodypart", "type", "attribute")])
@pytest.mark.parametrize("seed", range(3))
def test_every_metric_of_every_label_on_the_published_rows(
    real_data: Path, classes: tuple[str, ...], seed: int
) -> None:
    folder = real_data / "labels"
    ontology_file = folder / "lesion_ontology_181022.xlsx"
    tables = load_labels(
        folder / "text_mined_labels_171_and_split.json", folder / "hand_labeled_test_set.json",
        ontology_file, classes=classes,
    )  # fmt: skip
    parents = [list(p) for p in load_ontology(ontology_file, tables["val"].names).parents]
    rng = np.random.default_rng(seed)

    def scored(split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        table = tables[split]
        noise = rng.random(table.positive.shape)
        scores = (0.35 * table.positive + 0.65 * noise).astype(np.float32)
        return scores, table.positive, table.known

    val = scored("val")
    thresholds = calibrate_thresholds(*val)
    np.testing.assert_allclose(thresholds, lesanet.search_thresholds(*val), rtol=1e-12)
    for split in ("test", "hand"):
        part = scored(split)
        ours = evaluate(*part, thresholds, parents).per_label
        theirs = lesanet.evaluate(*part, thresholds, parents)
        assert ours["auc"].notna().sum() < len(ours) or split == "test"
        for name, values in theirs.items():
            gap = np.nan_to_num(ours[name].to_numpy() - values)
            assert np.array_equal(ours[name].isna(), np.isnan(values)), name
            assert np.abs(gap).max() < 1e-12, name
