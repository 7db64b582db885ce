"""Rule make_table3: LesaNet by what it starts from, and the paired difference of the transfers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.paper_tables import (
    METHODS,
    by_seed,
    load_repeated,
    paired_difference,
    table3,
)
from maknet.reporting.tables.writer import write_table

_NOTE = (
    "'Random weights' is what LesaNet's released code does; the paper has no such row. The paired "
    "bootstrap of the two transfers is in table3_difference.csv."
)


def main(
    dataset: str, methods: Sequence[str], network: Path, metrics: Sequence[Path],
    bootstrap: Sequence[Path], seeds: Sequence[int], confidence: float, outputs: Mapping[str, Path],
) -> None:  # fmt: skip
    runs = load_repeated(metrics, bootstrap, len(seeds))
    table = table3(dataset, methods, read_json(network)["width"], runs, confidence)
    title = f"Table 3: LesaNet by what it started from ({dataset})"
    write_table(table, title, [_NOTE], outputs["csv"], outputs["markdown"], outputs["html"])
    write_frame(outputs["by_seed"], by_seed(table, "method", runs, seeds, confidence))
    generic, domain = (METHODS[method] for method in methods[:2])
    difference = paired_difference(dataset, runs[1], runs[0], (domain, generic), confidence)
    write_frame(outputs["difference"], difference)


if __name__ == "__main__":
    run_script(snakemake, main)
