"""Rule draw_explanations: figure 3, integrated gradients, or figure 4, perturbations."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.arrays import load_arrays
from maknet.data.labels.label_table import load_table, select_lesions
from maknet.data.labels.ontology import exclusive_matrix
from maknet.files import read_json
from maknet.jobs.script import run_script
from maknet.reporting.figures.explanations import (
    Explained,
    draw_attributions,
    draw_perturbations,
)
from maknet.reporting.figures.style import save_figure


def main(
    number: str, titles: Sequence[str], studies: Sequence[Path], hand_labels: Path,
    relations: Path, dataset: str, window_hu: tuple[float, float], png: Path, pdf: Path,
) -> None:  # fmt: skip
    arrays = {title: load_arrays(path) for title, path in zip(titles, studies, strict=True)}
    first = arrays[titles[0]]
    labels = select_lesions(load_table(hand_labels), first["lesions"], studies[0])
    known = read_json(relations)
    shown = Explained(
        arrays, first["examples"].tolist(), first["lesions"], known["names"], labels.positive,
        exclusive_matrix(known["exclusive_pairs"], len(known["names"])), dataset,
        window_hu,
    )  # fmt: skip
    draw = {"3": draw_attributions, "4": draw_perturbations}[number]
    save_figure(draw(shown), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
