"""Rule make_factors: the student's noise, epochs and pseudo-labels, each with and without."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.figures.factors import draw_factors
from maknet.reporting.figures.style import save_figure
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.factors import NOTE, Cell, factor_columns, factor_pairs
from maknet.reporting.tables.paper_tables import Line, line_table
from maknet.reporting.tables.runs import by_seed, load_repeated
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table


def main(
    dataset: str, runs: Sequence[str], cells: Sequence[Sequence[str]], network: Path,
    metrics: Sequence[Path], bootstrap: Sequence[Path], seeds: Sequence[int], confidence: float,
    outputs: Mapping[str, Path], root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    found = [Cell(*cell) for cell in cells]
    described = read_json(network)
    lines = [
        Line(cell.title, run, scored, described)
        for cell, run, scored in zip(found, runs, scores, strict=True)
    ]
    table = factor_columns(line_table("cell", dataset, lines, confidence), found)
    by_title = {line.title: line.scores for line in lines}
    differences = paired_differences(dataset, by_title, factor_pairs(found), confidence)
    title = f"What makes the student better ({dataset})"
    notes = [*arithmetic_notes([described]), NOTE]
    write_table(TablePage(title, table, differences, notes), outputs, root_of)
    write_frame(outputs["by_seed"], by_seed(table, "cell", scores, seeds, confidence))
    save_figure(draw_factors(table, dataset), [outputs["png"], outputs["pdf"]])


if __name__ == "__main__":
    run_script(snakemake, main)
