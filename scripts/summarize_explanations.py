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
    arrays = [load_arrays(path) for path in studies]
    seeds = len(studies) // len(titles)
    each = {title: arrays[i * seeds : (i + 1) * seeds] for i, title in enumerate(titles)}
    write_frame(perturbations, perturbation_table(dataset, each, confidence))
    fractions = arrays[0]["fractions"].tolist()
    curves = deletion_table(dataset, each, fractions, confidence)
    write_frame(deletion, curves)
    save_figure(draw_deletion(curves), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
