"""Rule summarize_labels: every label, of all runs as a table, over the rounds as a heat map."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.files import write_frame
from maknet.jobs.script import run_script
from maknet.reporting.figures.label_rounds import draw_label_rounds
from maknet.reporting.figures.style import save_figure
from maknet.reporting.tables.per_label import label_results


def main(
    per_label: Sequence[Path], runs: Sequence[str], rounds: Mapping[str, str], seeds: int,
    dataset: str, csv: Path, png: Path, pdf: Path,
) -> None:  # fmt: skip
    files = {run: per_label[place * seeds :][:seeds] for place, run in enumerate(runs)}
    table = label_results(dataset, files)
    write_frame(csv, table)
    save_figure(draw_label_rounds(table, rounds, dataset), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
