"""Independent implementations give the same: scikit-learn, timm, the published per-label table."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from maknet.metrics.multilabel import evaluate
from maknet.metrics.thresholds import calibrate_thresholds
from maknet.models.layers import CBAM


def drawn(seed: int, images: int = 200, labels: int = 30) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(seed)
    rate = generator.uniform(0, 0.3, labels)
    positive = generator.random((images, labels)) < rate
    positive[:, 0] = False  # not evaluable
    scores = 0.6 * generator.random((images, labels)) + 0.35 * positive
    scores[:, 1] = 0.1 * scores[:, 1]  # never predicted
    known = generator.random((images, labels)) < 0.9
    return np.round(scores, 3), positive, known


@pytest.mark.parametrize("seed", range(5))
def test_metrics_label_by_label(seed: int) -> None:
    scores, positive, known = drawn(seed)
    thresholds = calibrate_thresholds(*drawn(seed + 100))
    labels = scores.shape[1]
    parents = [[j - 1] if j % 3 == 2 else [] for j in range(labels)]
    result = evaluate(scores, positive, known, thresholds, parents).per_label
    present = [positive[known[:, j], j] for j in range(labels)]
    evaluable = np.array([truth.any() and not truth.all() for truth in present])
    predicted = (scores >= thresholds) & known & evaluable
    for child in range(labels):
        for parent in parents[child]:
            predicted[:, parent] |= predicted[:, child]
    for j in range(labels):
        rows = known[:, j]
        truth, guess = positive[rows, j], predicted[rows, j]
        if truth.all() or not truth.any():
            assert np.isnan(result["auc"][j])
            continue
        assert result["auc"][j] == pytest.approx(roc_auc_score(truth, scores[rows, j]))
        assert result["precision"][j] == pytest.approx(
            precision_score(truth, guess, zero_division=1.0)
        )
        assert result["recall"][j] == pytest.approx(recall_score(truth, guess))
        assert result["f1"][j] == pytest.approx(f1_score(truth, guess, zero_division=0.0))


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_convention(seed: int) -> None:
    scores, positive, known = drawn(seed)
    known[:] = True
    thresholds = np.full(scores.shape[1], 0.5)
    result = evaluate(scores, positive, known, thresholds, [[]] * scores.shape[1])
    kept = result.per_label["auc"].notna().to_numpy()
    expected = precision_score(
        positive[:, kept], scores[:, kept] >= 0.5, average="macro", zero_division=0.0
    )
    assert result.means["precision_standard"] == pytest.approx(expected)
    assert result.never_predicted == int((~(scores[:, kept] >= 0.5).any(0)).sum())


@pytest.mark.parametrize("seed", range(3))
def test_thresholds_maximize_f1(seed: int) -> None:
    scores, positive, known = drawn(seed)
    thresholds = calibrate_thresholds(scores, positive, known)
    grid = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    for j, threshold in enumerate(thresholds):
        rows = known[:, j]
        f1 = [f1_score(positive[rows, j], scores[rows, j] >= t, zero_division=0.0) for t in grid]
        best = max(f1)
        assert threshold == (grid[f1.index(best)] if best > 0 else 1.0)


def test_cbam_equals_timm() -> None:
    from timm.layers import create_attn

    ours, theirs = CBAM(64, 16), create_attn("cbam", 64)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(2, 64, 9, 9)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.real
def test_the_published_per_label_table_has_lesanets_means(real_data: Path) -> None:
    """The released model's per-label results average to the numbers of its paper's abstract."""
    import pandas as pd

    table = pd.read_excel(real_data / "labels" / "labels_for_demo.xlsx")
    evaluable = table[(table["test_positive"] > 0) & (table["test_negative"] > 0)]
    assert len(evaluable) == 149
    means = evaluable[["auc", "precision", "recall", "f1"]].apply(pd.to_numeric).mean()
    assert means.round(4).tolist() == [0.9392, 0.4734, 0.5466, 0.4313]
