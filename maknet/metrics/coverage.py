"""Which intervals are printed: those that hold the true value often enough.

`python -m benchmarks.coverage` draws test sets from the published label tables, with scores of
simulated networks, and counts how often a 95 % interval holds the true value, for the body parts
and for all labels, for both sizes of test set, for one seed and for five, which stand for several.
Where it does in fewer than 90 % of the draws in any of them, no interval is printed for that number
of seeds; a test holds these lists against the measured table, docs/coverage.csv.
"""

from maknet.metrics.multilabel import MEASURES

MIN_COVERAGE = 0.9
# Means of one run, and paired differences of two: of one seed, and of several.
_LEVELS = (
    ("auc_frequent", "recall_frequent"),
    ("auc_frequent", "f1", "recall_frequent"),
)
_DIFFERENCES = (
    ("auc_frequent", "f1", "f1_frequent", "recall_frequent", "average_precision_frequent"),
    MEASURES,
)
REASON = (
    "A mean without an interval is one whose 95 % intervals hold the true value in fewer than 90 % "
    "of simulated test sets (docs/statistics.md)."
)


def levels(seeds: int) -> tuple[str, ...]:
    """Return the measures of one run that have an interval.

    Args:
        seeds: Number of seeds that it was trained with.
    """
    return _LEVELS[seeds > 1]


def differences(seeds: int) -> tuple[str, ...]:
    """Return the measures whose paired differences have an interval.

    Args:
        seeds: Number of seeds that both runs were trained with.
    """
    return _DIFFERENCES[seeds > 1]
