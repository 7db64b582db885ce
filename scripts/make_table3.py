"""Rule make_table3: LesaNet by what it starts from."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.paper_tables import METHODS, Line, paper_table, scratch_title
from maknet.reporting.tables.runs import by_seed, load_repeated
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table

_NOTE = (
    "Random weights at the larger rate are what LesaNet's released code trains; the smaller rate, "
    "that of both transfers, tells the effects of start and rate apart. The paper has neither row."
)


def main(
    dataset: str, runs: Sequence[str], methods: Sequence[str], scratch_rates: Sequence[float],
    network: Path, metrics: Sequence[Path], bootstrap: Sequence[Path], seeds: Sequence[int],
    confidence: float, outputs: Mapping[str, Path],
    root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    titles = [*(METHODS[method] for method in methods), *map(scratch_title, scratch_rates)]
    described = read_json(network)
    lines = [Line(t, run, s, described) for t, run, s in zip(titles, runs, scores, strict=True)]
    table = paper_table(3, dataset, lines, confidence)
    generic, domain, own_rate, same_rate = titles
    pairs = [(domain, generic), (domain, same_rate), (generic, same_rate), (same_rate, own_rate)]
    by_title = dict(zip(titles, scores, strict=True))
    differences = paired_differences(dataset, by_title, pairs, confidence)
    title = f"Table 3: LesaNet by what it started from ({dataset})"
    notes = [*arithmetic_notes([described]), _NOTE]
    write_table(TablePage(title, table, differences, notes), outputs, root_of)
    write_frame(outputs["by_seed"], by_seed(table, "method", scores, seeds, confidence))


if __name__ == "__main__":
    run_script(snakemake, main)
