"""Rule table1: the networks side by side."""

from collections.abc import Mapping, Sequence

from maknet.files import read_json, write_frame
from maknet.jobs import job
from maknet.reporting.table_files import write_table
from maknet.reporting.tables import by_seed, load_repeated, table1


def main(
    dataset: str, networks: Sequence[str], metrics: Sequence[str], bootstrap: Sequence[str],
    seeds: Sequence[int], confidence: float, outputs: Mapping[str, str],
) -> None:  # fmt: skip
    runs = load_repeated(metrics, bootstrap, len(seeds))
    table = table1(dataset, [read_json(path) for path in networks], runs, confidence)
    title = f"Table 1: multi-label classification ({dataset})"
    write_table(table, title, [], outputs["csv"], outputs["markdown"], outputs["html"])
    write_frame(outputs["by_seed"], by_seed(table, "arch", runs, seeds, confidence))


if __name__ == "__main__":
    with job(snakemake, "make_table1.py"):
        main(
            snakemake.params.dataset,
            snakemake.input.networks,
            snakemake.input.metrics,
            snakemake.input.bootstrap,
            snakemake.params.seeds,
            snakemake.params.confidence,
            dict(snakemake.output.items()),
        )
