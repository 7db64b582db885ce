"""Resamples of patients, and intervals over patients and seeds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.files import ROOT
from maknet.metrics.bootstrap import patient_weights, resampled_means, seed_interval
from maknet.metrics.coverage import MIN_COVERAGE, differences, levels
from maknet.metrics.multilabel import MEASURES, evaluate

PATIENTS = np.repeat(np.arange(20), 3)
THRESHOLDS = np.full(5, 0.5)
PARENTS: list[list[int]] = [[1], [], [0, 1], [], []]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random((60, 5)) < 0.3
    scores = np.round((rng.random((60, 5)) + positive) / 2, 2)
    return scores, positive, rng.random((60, 5)) < 0.8


@given(st.integers(0, 10**6))
def test_equal_weights_give_the_means_of_the_evaluation(seed: int) -> None:
    scores, positive, known = drawn(seed)
    means = evaluate(scores, positive, known, THRESHOLDS, PARENTS).means
    part = (scores, positive, known, THRESHOLDS, PARENTS, PATIENTS)
    np.testing.assert_allclose(
        resampled_means(*part, np.ones((1, 60)))[0], [means[name] for name in MEASURES]
    )


def test_weights_belong_to_patients_and_repeat() -> None:
    weights = [patient_weights(PATIENTS, 50, np.random.default_rng(1)) for _ in range(2)]
    assert np.array_equal(*weights)
    by_patient = weights[0].reshape(50, 20, 3)
    assert (by_patient == by_patient[:, :, :1]).all()
    np.testing.assert_allclose(weights[0].mean(1), 1)
    assert (weights[0] > 0).all()


def test_no_label_drops_out_of_a_resample() -> None:
    scores, positive, known = drawn(3)
    positive[:, 0] = False
    positive[7, 0] = known[7, 0] = True  # a single positive
    part = (scores, positive, known, THRESHOLDS, PARENTS, PATIENTS)
    means = resampled_means(*part, patient_weights(PATIENTS, 300, np.random.default_rng(2)))
    assert np.isfinite(means).all()
    assert means[:, MEASURES.index("auc")].std() > 0


def test_few_patients_scatter_as_an_ordinary_mean_does() -> None:
    """The variance of the mean of n values of n patients, s^2 / n with s^2 over n - 1."""
    rng = np.random.default_rng(5)
    hit = rng.random(12) < 0.5
    scores = np.where(hit, 0.9, 0.1)[:, None]
    positive = np.ones((13, 1), bool)
    positive[12] = False
    scores = np.concatenate([scores, [[0.2]]])
    patients = np.arange(13)
    weights = patient_weights(patients, 40_000, rng)
    known = np.ones_like(positive)
    part = (scores, positive, known, np.array([0.5]), [[]], patients)
    recall = resampled_means(*part, weights)[:, MEASURES.index("recall")]
    assert recall.var() == pytest.approx(hit.var(ddof=1) / 12, rel=0.03)


def test_the_interval_adds_the_scatter_of_seeds_to_that_of_patients() -> None:
    resampled = np.random.default_rng(1).normal(0.8, 0.01, 20_000)
    alone = seed_interval([0.8], resampled, 0.95)
    assert alone.high - alone.value == pytest.approx(1.96 * 0.01, rel=0.02)
    assert np.isnan(alone.deviation)
    together = seed_interval([0.78, 0.80, 0.82, 0.80, 0.80], resampled, 0.95)
    assert together.deviation == pytest.approx(0.01414, rel=0.01)
    assert together.value == pytest.approx(0.8)
    half = together.high - together.value
    assert half > 1.96 * (0.01**2 + 0.01414**2 / 5) ** 0.5
    same = seed_interval([0.8] * 5, resampled, 0.95)
    assert same.high == pytest.approx(alone.high)


@pytest.mark.parametrize("resampled", [np.full(9, np.nan), np.array([0.5])])
def test_an_undefined_interval_is_nan(resampled: np.ndarray) -> None:
    found = seed_interval([0.5], resampled, 0.95)
    assert np.isnan([found.low, found.high]).all()


def test_only_intervals_that_were_measured_to_hold_are_printed() -> None:
    measured = pd.read_csv(ROOT / "docs/coverage.csv")
    assert set(measured["measure"]) == set(MEASURES)
    assert set(measured["seeds"]) == {1, 5}
    sizes = set(zip(measured["labels"], measured["lesions"], strict=True))
    assert sizes == {(115, 490), (115, 1640), (171, 500), (171, 1759)}
    worst = measured.groupby(["kind", "seeds", "measure"])["coverage"].min()
    for kind, printed in (("level", levels), ("difference", differences)):
        for seeds in (1, 5):
            holds = {name for name in MEASURES if worst[kind, seeds, name] >= MIN_COVERAGE}
            assert set(printed(seeds)) == holds, worst[kind, seeds]
