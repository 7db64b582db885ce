from typing import Any

from maknet.provenance.job_graph import JobGraph, steps_of
from maknet.provenance.records import Record


def job(rule: str, inputs: list[str], outputs: list[str], number: int, **wildcards: str) -> Record:
    empty: dict[str, Any] = {
        "params": {}, "script": f"scripts/{rule}.py", "code": "", "code_files": {}, "config": "",
        "environment": {}, "device": {}, "run": {}, "folders": [], "made_from": {}, "exit": 0,
        "started": f"2026-01-01T00:00:{number:02d}", "ended": "",
    }  # fmt: skip
    return Record(rule=rule, wildcards=wildcards, inputs=dict.fromkeys(inputs, "d"),
                  outputs=dict.fromkeys(outputs, "d"), **empty)  # fmt: skip


JOBS = [
    job("draw_phantom_series", [], ["raw"], 1),
    job("prepare_series", ["raw"], ["a.npy", "a.csv"], 2, batch="a"),
    job("prepare_series", ["raw"], ["b.npy", "b.csv"], 3, batch="b"),
    job("train_network", ["user.csv"], ["w"], 4),
    job("pseudo_label", ["a.npy", "b.npy", "w"], ["p"], 5),
    job("make_table2", ["p", "w"], ["results/table2.csv"], 6),
    job("draw_architecture", ["w"], ["results/figure1.png"], 7),
]
GRAPH = JobGraph({path: one for one in JOBS for path in one.outputs})


def names(numbers: set[int]) -> list[str]:
    return sorted(GRAPH.jobs[number].rule for number in numbers)


def test_jobs_know_what_they_read_from() -> None:
    assert [one.rule for one in GRAPH.jobs] == [one.rule for one in JOBS]
    assert GRAPH.before == [[], [0], [0], [], [1, 2, 3], [3, 4], [3]]
    assert "user.csv" not in GRAPH.makers


def test_upstream_is_all_that_a_job_rests_on() -> None:
    assert names(GRAPH.upstream([6])) == ["draw_architecture", "train_network"]
    assert len(GRAPH.upstream([5])) == 6
    without = GRAPH.upstream([5], lambda one: one.rule != "pseudo_label")
    assert names(without) == ["make_table2", "train_network"]


def test_steps_are_in_order_and_counted() -> None:
    steps = steps_of(GRAPH, ["results/table2.csv", "results/figure1.png", "results/gone.csv"])
    assert steps == [
        ("Unlabeled series, raw", "2", 1, []),
        ("Unlabeled images", "4.1", 2, ["Unlabeled series, raw"]),
        ("Networks on labels", "4.3", 1, []),
        ("Pseudo-labels and students", "4.4", 1, ["Networks on labels", "Unlabeled images"]),
        ("Table 2", "", 1, ["Networks on labels", "Pseudo-labels and students"]),
        ("Figures", "", 1, ["Networks on labels"]),
    ]
