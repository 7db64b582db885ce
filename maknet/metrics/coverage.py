"""Which intervals are printed: those that hold the true value often enough.

`python -m benchmarks.coverage` draws test sets from the published label tables, with scores of
simulated networks, and counts how often a 95 % interval holds the true value. Where it does in
fewer than 90 % of the draws for a size of test set or a number of seeds, no interval is printed; a
test holds these lists against the measured table, docs/coverage.csv.
"""

MIN_COVERAGE = 0.9
# Means of one run, and paired differences of two.
LEVELS = ("auc_frequent", "f1", "recall_frequent")
DIFFERENCES = (
    "auc_frequent", "f1", "recall_frequent", "average_precision_frequent", "average_precision",
)  # fmt: skip
REASON = (
    "The other means, precision among them, are given without an interval: on simulated test sets, "
    "their 95 % intervals hold the true value in fewer than 90 % (docs/statistics.md)."
)
