"""Rule summarize_pseudo_labels: the labels of all rounds side by side, as tables and as a plot."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.pseudo_labels import load_pseudo_labels
from maknet.data.pseudo_summary import count_by_label, summarize_rounds
from maknet.files import write_frame
from maknet.jobs import job
from maknet.reporting.pseudo_plot import plot_rounds


def main(
    labels: Sequence[str], labelers: Sequence[str], dataset: str, rounds_csv: Path,
    by_label_csv: Path, plots: Sequence[Path],
) -> None:  # fmt: skip
    loaded = [load_pseudo_labels(path) for path in labels]
    rounds, by_label = summarize_rounds(loaded, labelers), count_by_label(loaded)
    rounds.insert(0, "dataset", dataset)
    write_frame(rounds_csv, rounds)
    write_frame(by_label_csv, by_label)
    plot_rounds(rounds, by_label, dataset, plots)


if __name__ == "__main__":
    with job(snakemake, "summarize_pseudo_labels.py"):
        main(
            snakemake.input.labels,
            snakemake.params.labelers,
            snakemake.params.dataset,
            Path(snakemake.output.rounds),
            Path(snakemake.output.by_label),
            [Path(snakemake.output.png), Path(snakemake.output.pdf)],
        )
