"""Rule make_table2: the teacher, the control without pseudo-labels, the student of every round."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, read_rows, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.paper_tables import CONTROL, TEACHER, Line, paper_table
from maknet.reporting.tables.runs import by_seed, load_repeated
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table

_NOTE = (
    "The control is a student's network with its noise, epochs and batches on the labeled images "
    "alone: what a student gains over it comes from pseudo-labels; what the control gains over the "
    "teacher comes from noise and length."
)


def main(
    dataset: str, runs: Sequence[str], network: Path, metrics: Sequence[Path],
    bootstrap: Sequence[Path], paper: Path, seeds: Sequence[int], confidence: float,
    outputs: Mapping[str, Path],
    root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    students = [str(number) for number in range(1, len(runs) - 1)]
    titles = [TEACHER, CONTROL, *students]
    described = read_json(network)
    lines = [Line(t, run, s, described) for t, run, s in zip(titles, runs, scores, strict=True)]
    table = paper_table(2, dataset, lines, confidence)
    names = ["teacher", "control", *(f"student {number}" for number in students)]
    pairs = [("control", "teacher")]
    for student in names[2:]:
        pairs += [(student, "control"), (student, "teacher")]
    by_name = dict(zip(names, scores, strict=True))
    differences = paired_differences(dataset, by_name, pairs, confidence)
    rounds = sum(row["table"] == "2" for row in read_rows(paper)) - 1
    notes = [*arithmetic_notes([described]), _NOTE]
    if len(students) != rounds:
        notes.append(f"{len(students)} rounds, the paper has {rounds}.")
    title = f"Table 2: iterations of the noisy student ({dataset})"
    write_table(TablePage(title, table, differences, notes), outputs, root_of)
    write_frame(outputs["by_seed"], by_seed(table, "iteration", scores, seeds, confidence))


if __name__ == "__main__":
    run_script(snakemake, main)
