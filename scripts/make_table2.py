"""Rule table2: the teacher and the student of every round."""

from collections.abc import Mapping, Sequence

from maknet.files import read_json, read_rows, write_frame
from maknet.jobs import job
from maknet.reporting.table_files import write_table
from maknet.reporting.tables import by_seed, load_repeated, table2


def main(
    dataset: str, network: str, metrics: Sequence[str], bootstrap: Sequence[str], paper: str,
    seeds: Sequence[int], confidence: float, outputs: Mapping[str, str],
) -> None:  # fmt: skip
    runs = load_repeated(metrics, bootstrap, len(seeds))
    table = table2(dataset, read_json(network)["width"], runs, confidence)
    paper_rounds = sum(row["table"] == "2" for row in read_rows(paper)) - 1
    rounds = len(runs) - 1
    notes = [f"{rounds} rounds, the paper has {paper_rounds}."] if rounds != paper_rounds else []
    title = f"Table 2: iterations of the noisy student ({dataset})"
    write_table(table, title, notes, outputs["csv"], outputs["markdown"], outputs["html"])
    write_frame(outputs["by_seed"], by_seed(table, "iteration", runs, seeds, confidence))


if __name__ == "__main__":
    with job(snakemake, "make_table2.py"):
        main(
            snakemake.params.dataset,
            snakemake.input.network,
            snakemake.input.metrics,
            snakemake.input.bootstrap,
            snakemake.input.paper,
            snakemake.params.seeds,
            snakemake.params.confidence,
            dict(snakemake.output.items()),
        )
