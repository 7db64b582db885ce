"""Rule make_table2: the teacher and the student of every round."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, read_rows, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.paper_tables import by_seed, load_repeated, table2
from maknet.reporting.tables.writer import write_table


def main(
    dataset: str, network: Path, metrics: Sequence[Path], bootstrap: Sequence[Path], paper: Path,
    seeds: Sequence[int], confidence: float, outputs: Mapping[str, Path],
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
    run_script(snakemake, main)
