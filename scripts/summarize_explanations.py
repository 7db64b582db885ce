"""Rule summarize_explanations: figures 3 and 4 in numbers, over the whole hand-labeled set."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.arrays import load_arrays
from maknet.files import write_frame
from maknet.jobs.script import run_script
from maknet.reporting.figures.deletion import deletion_table, draw_deletion, perturbation_table
from maknet.reporting.figures.style import save_figure


def main(
    titles: Sequence[str], studies: Sequence[Path], dataset: str, confidence: float,
    perturbations: Path, deletion: Path, png: Path, pdf: Path,
) -> None:  # fmt: skip
    arrays = {title: load_arrays(path) for title, path in zip(titles, studies, strict=True)}
    write_frame(perturbations, perturbation_table(dataset, arrays, confidence))
    fractions = arrays[titles[0]]["fractions"].tolist()
    curves = deletion_table(dataset, arrays, fractions, confidence)
    write_frame(deletion, curves)
    save_figure(draw_deletion(curves), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
