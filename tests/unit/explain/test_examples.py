import numpy as np
import pytest

from maknet.data.labels.label_table import LabelTable
from maknet.errors import InputError
from maknet.explain.examples import choose_examples

POSITIVE = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1], [0, 1, 1]], bool)
TABLE = LabelTable(
    ("a", "b", "c"), np.array([10, 11, 12, 13, 14]), POSITIVE, np.ones_like(POSITIVE)
)
PATIENTS = np.array([1, 2, 3, 4, 3])


def test_the_rule_looks_at_labels_alone() -> None:
    # 12 has the most labels; 13 has the same ones; 11 and 14 have two, 14 is of 12's patient.
    assert choose_examples(TABLE, PATIENTS, 3, None) == [2, 1, 0]
    assert choose_examples(TABLE, PATIENTS, 1, None) == [2]


def test_wanted_lesions_are_taken_in_their_order() -> None:
    assert choose_examples(TABLE, PATIENTS, 9, [14, 10]) == [4, 0]
    with pytest.raises(InputError, match="names lesion 99, which is not in the hand-labeled set"):
        choose_examples(TABLE, PATIENTS, 9, [99])
