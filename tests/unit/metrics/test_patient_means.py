"""Intervals by patient: the textbook's where images are independent, honest where they are not."""

import math

import numpy as np
import pytest
from scipy import stats

from maknet.metrics.patient_means import patient_mean


def test_with_one_image_a_patient_it_is_students_interval() -> None:
    values = np.random.default_rng(1).normal(2, 1, 12)
    found = patient_mean(values, np.arange(12), 0.9)
    low, high = stats.t.interval(0.9, 11, values.mean(), stats.sem(values))
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), low, high))
    assert found.patients == 12


def test_copies_of_images_add_nothing() -> None:
    """What an error bar over images would narrow by the root of five."""
    values, patients = np.random.default_rng(2).normal(0, 1, 20), np.arange(20)
    once = patient_mean(values, patients, 0.95)
    copied = patient_mean(np.repeat(values, 5), np.repeat(patients, 5), 0.95)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert copied.patients == 20


def test_the_order_of_rows_and_the_names_of_patients_do_not_matter() -> None:
    generator = np.random.default_rng(3)
    values, patients = generator.random(30), generator.integers(0, 9, 30)
    order = generator.permutation(30)
    first = patient_mean(values, patients, 0.95)
    second = patient_mean(values[order], 1000 - 7 * patients[order], 0.95)
    assert (first.low, first.high) == pytest.approx((second.low, second.high))


@pytest.mark.parametrize("patients", [15, 150])
def test_it_holds_the_true_mean_as_often_as_it_says(patients: int) -> None:
    """Patients with one to five images each, that share most of their scatter."""
    generator = np.random.default_rng(4)
    held = by_image = 0
    for _ in range(1000):
        place = np.repeat(np.arange(patients), generator.integers(1, 6, patients))
        values = generator.normal(0, 1, patients)[place] + generator.normal(0, 0.5, len(place))
        found = patient_mean(values, place, 0.95)
        held += found.low < 0 < found.high
        alone = patient_mean(values, np.arange(len(values)), 0.95)
        by_image += alone.low < 0 < alone.high
    assert 0.92 < held / 1000 < 0.97
    assert by_image / 1000 < 0.85


def test_one_patient_has_no_interval() -> None:
    found = patient_mean(np.array([1.0, 2.0]), np.array([5, 5]), 0.95)
    assert found.value == 1.5
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("trainings", [2, 5])
def test_trainings_that_differ_widen_it_as_student_says(trainings: int) -> None:
    """Without any scatter of patients it is Student's interval over the trainings."""
    of_training = np.random.default_rng(trainings).normal(0.3, 0.1, trainings)
    values = np.repeat(of_training[:, None], 12, axis=1)
    found = patient_mean(values, np.arange(12), 0.95)
    low, high = stats.t.interval(0.95, trainings - 1, of_training.mean(), stats.sem(of_training))
    assert (found.value, found.low, found.high) == pytest.approx((of_training.mean(), low, high))


def test_equal_trainings_change_nothing() -> None:
    values = np.random.default_rng(1).normal(2, 1, 12)
    once = patient_mean(values, np.arange(12), 0.9)
    twice = patient_mean(np.stack([values, values]), np.arange(12), 0.9)
    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))


def test_with_trainings_too_it_holds_the_true_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    held = []
    for _ in range(400):
        of_patient = generator.normal(0, 1, 40)
        of_training = generator.normal(0, 0.3, (5, 1))
        values = of_patient + of_training + generator.normal(0, 0.2, (5, 40))
        found = patient_mean(values, np.arange(40), 0.95)
        held.append(found.low <= 0 <= found.high)
    assert np.mean(held) > 0.92
