import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.errors import InputError
from maknet.metrics.multilabel import evaluate
from maknet.metrics.ranking import area_under_curve
from maknet.metrics.thresholds import calibrate_thresholds, expand_to_parents, predict

# Five images, four labels: one ordinary, one never predicted, one without positives, one without
# known negatives.
SCORES = np.array([
    [0.9, 0.2, 0.1, 0.9],
    [0.6, 0.2, 0.2, 0.8],
    [0.7, 0.1, 0.3, 0.7],
    [0.2, 0.1, 0.9, 0.6],
    [0.1, 0.2, 0.1, 0.5],
])  # fmt: skip
POSITIVE = np.array([
    [1, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 1],
]).astype(bool)  # fmt: skip
KNOWN = np.ones_like(POSITIVE)
KNOWN[3, 3] = False
THRESHOLDS = np.array([0.5, 1.0, 0.5, 0.5])
NO_PARENTS: list[list[int]] = [[], [], [], []]


def test_by_hand() -> None:
    result = evaluate(SCORES, POSITIVE, KNOWN, THRESHOLDS, NO_PARENTS)
    # Label 0: predicted 0, 1, 2; hits 0, 1; three positives; one pair of six ranks wrong twice.
    assert result.per_label["precision"].tolist()[:2] == pytest.approx([2 / 3, 1.0])
    assert result.per_label["recall"].tolist()[:2] == pytest.approx([2 / 3, 0.0])
    assert result.per_label["f1"].tolist()[:2] == pytest.approx([2 / 3, 0.0])
    assert result.per_label["auc"].tolist()[:2] == pytest.approx([3 / 6, 5 / 6])
    assert result.per_label["auc"].isna().tolist() == [False, False, True, True]
    assert result.evaluable == 2
    assert result.never_predicted == 1
    assert result.means["precision"] == pytest.approx((2 / 3 + 1) / 2)
    assert result.means["precision_standard"] == pytest.approx((2 / 3 + 0) / 2)
    assert result.means["f1"] == pytest.approx(1 / 3)
    assert result.means["auc"] == pytest.approx((1 / 2 + 5 / 6) / 2)


def test_nothing_evaluable_gives_undefined_means() -> None:
    result = evaluate(SCORES[:1], POSITIVE[:1], KNOWN[:1], THRESHOLDS, NO_PARENTS)
    assert result.summary()["auc"] is None
    assert result.evaluable == result.never_predicted == result.frequent == 0


def test_a_score_that_is_no_number_is_refused() -> None:
    scores = SCORES.copy()
    scores[0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        evaluate(scores, POSITIVE, KNOWN, THRESHOLDS, NO_PARENTS)


def test_predicted_labels_switch_on_their_parents() -> None:
    predicted = np.array([[False, True, False], [False, False, True]])
    # One sweep in label order: 2 -> 1 -> 0 reaches 0 only if 1 comes after 2.
    assert expand_to_parents(predicted, [[], [0], [1]]).tolist() == [
        [True, True, False], [False, True, True],
    ]  # fmt: skip
    result = evaluate(SCORES, POSITIVE, KNOWN, THRESHOLDS, [[1], [], [], []])
    assert result.per_label["predicted"].tolist()[1] == 3
    assert result.never_predicted == 0


def test_thresholds_take_the_first_best_of_the_grid() -> None:
    scores = np.array([[0.95, 0.65, 0.2], [0.85, 0.65, 0.1], [0.1, 0.35, 0.9]])
    positive = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]]).astype(bool)
    known = np.ones_like(positive)
    assert calibrate_thresholds(scores, positive, known).tolist() == [0.3, 0.4, 1.0]
    known[:, 0] = False
    assert calibrate_thresholds(scores, positive, known)[0] == 1.0


def test_a_threshold_of_one_never_predicts() -> None:
    certain = np.array([[1.0, 1.0]], np.float32)
    assert predict(certain, np.array([1.0, 0.9])).tolist() == [[False, True]]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    shape = (30, 5)
    return (
        np.round(generator.random(shape), 2), generator.random(shape) < 0.3,
        generator.random(shape) < 0.8,
    )  # fmt: skip


@given(st.integers(0, 10**6))
def test_auc_follows_order_alone(seed: int) -> None:
    scores, positive, known = drawn(seed)
    auc = area_under_curve(scores, positive, known)
    np.testing.assert_allclose(area_under_curve(np.exp(3 * scores), positive, known), auc)
    np.testing.assert_allclose(area_under_curve(-scores, positive, known), 1 - auc)


@given(st.integers(0, 10**6))
def test_unknown_entries_change_nothing(seed: int) -> None:
    scores, positive, known = drawn(seed)
    parents = [[1], [], [0, 1], [], []]
    thresholds = calibrate_thresholds(scores, positive, known)
    result = evaluate(scores, positive, known, thresholds, parents)
    flipped = np.where(known, positive, ~positive)
    assert np.array_equal(calibrate_thresholds(scores, flipped, known), thresholds)
    assert evaluate(scores, flipped, known, thresholds, parents).summary() == result.summary()
