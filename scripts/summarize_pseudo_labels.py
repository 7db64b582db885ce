"""Rule summarize_pseudo_labels: the labels of all rounds side by side, as tables and as a plot."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.data.labels.pseudo_summary import count_by_label, summarize_rounds
from maknet.files import write_frame
from maknet.jobs.script import run_script
from maknet.reporting.figures.pseudo_labels import draw_pseudo_labels


def main(
    labels: Sequence[Path], labelers: Sequence[str], dataset: str, rounds: Path, by_label: Path,
    png: Path, pdf: Path,
) -> None:  # fmt: skip
    loaded = [load_pseudo_labels(path) for path in labels]
    summary, counts = summarize_rounds(loaded, labelers), count_by_label(loaded)
    summary.insert(0, "dataset", dataset)
    write_frame(rounds, summary)
    write_frame(by_label, counts)
    draw_pseudo_labels(summary, counts, dataset, [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
