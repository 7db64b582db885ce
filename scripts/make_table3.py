"""Rule table3: LesaNet by what it started from, and the paired difference of the two transfers."""

from collections.abc import Mapping, Sequence

from maknet.files import read_json, write_frame
from maknet.jobs import job
from maknet.reporting.table_files import write_table
from maknet.reporting.tables import METHODS, by_seed, load_repeated, paired_difference, table3

_NOTE = (
    "'Random weights' is what LesaNet's released code does; the paper has no such row. The paired "
    "bootstrap of the two transfers is in table3_difference.csv."
)


def main(
    dataset: str, methods: Sequence[str], network: str, metrics: Sequence[str],
    bootstrap: Sequence[str], seeds: Sequence[int], confidence: float, outputs: Mapping[str, str],
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
    with job(snakemake, "make_table3.py"):
        main(
            snakemake.params.dataset,
            snakemake.params.methods,
            snakemake.input.network,
            snakemake.input.metrics,
            snakemake.input.bootstrap,
            snakemake.params.seeds,
            snakemake.params.confidence,
            dict(snakemake.output.items()),
        )
