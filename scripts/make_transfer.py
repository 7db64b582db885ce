"""Rule make_transfer: LesaNet from VGG16s that saw other labels or other images."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.paper_tables import Line, line_table
from maknet.reporting.tables.runs import by_seed, load_repeated
from maknet.reporting.tables.transfer import NOTE, transfer_pairs, transfer_titles
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table


def main(
    dataset: str, runs: Sequence[str], generic: str, unlabeled: str, network: Path,
    metrics: Sequence[Path], bootstrap: Sequence[Path], seeds: Sequence[int], confidence: float,
    outputs: Mapping[str, Path], root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    titles = transfer_titles(runs, generic, unlabeled)
    described = read_json(network)
    lines = [Line(t, run, s, described) for t, run, s in zip(titles, runs, scores, strict=True)]
    table = line_table("start", dataset, lines, confidence)
    by_title = dict(zip(titles, scores, strict=True))
    differences = paired_differences(dataset, by_title, transfer_pairs(titles), confidence)
    title = f"Domain or labels: LesaNet by what its VGG16 saw ({dataset})"
    notes = [*arithmetic_notes([described]), NOTE]
    write_table(TablePage(title, table, differences, notes), outputs, root_of)
    write_frame(outputs["by_seed"], by_seed(table, "start", scores, seeds, confidence))


if __name__ == "__main__":
    run_script(snakemake, main)
