"""Rule make_table1: the networks side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.paper_tables import by_seed, load_repeated, table1
from maknet.reporting.tables.writer import write_table


def main(
    dataset: str, networks: Sequence[Path], metrics: Sequence[Path], bootstrap: Sequence[Path],
    seeds: Sequence[int], confidence: float, outputs: Mapping[str, Path],
) -> None:  # fmt: skip
    runs = load_repeated(metrics, bootstrap, len(seeds))
    table = table1(dataset, [read_json(path) for path in networks], runs, confidence)
    title = f"Table 1: multi-label classification ({dataset})"
    write_table(table, title, [], outputs["csv"], outputs["markdown"], outputs["html"])
    write_frame(outputs["by_seed"], by_seed(table, "arch", runs, seeds, confidence))


if __name__ == "__main__":
    run_script(snakemake, main)
