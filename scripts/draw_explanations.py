"""Rules figure3 and figure4: integrated gradients, and perturbations, side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.data.arrays import load_arrays
from maknet.data.labeled import select_lesions
from maknet.data.labels import load_table
from maknet.data.ontology import exclusive_matrix
from maknet.files import read_json
from maknet.jobs import job
from maknet.reporting.explain_figures import Explained, draw_attributions, draw_perturbations


def main(
    figure: str, titles: Sequence[str], studies: Sequence[str], hand_labels: str, relations: str,
    dataset: str, outputs: Mapping[str, str],
) -> None:  # fmt: skip
    arrays = {title: load_arrays(path) for title, path in zip(titles, studies, strict=True)}
    first = arrays[titles[0]]
    labels = select_lesions(load_table(hand_labels), first["lesions"], studies[0])
    known = read_json(relations)
    shown = Explained(
        arrays, first["examples"].tolist(), first["lesions"], known["names"], labels.positive,
        exclusive_matrix(known["exclusive_pairs"], len(known["names"])), dataset,
    )  # fmt: skip
    draw = draw_attributions if figure == "figure3" else draw_perturbations
    draw(shown, [Path(outputs["png"]), Path(outputs["pdf"])])


if __name__ == "__main__":
    with job(snakemake, "draw_explanations.py"):
        main(
            snakemake.rule,
            snakemake.params.titles,
            snakemake.input.studies,
            snakemake.input.hand_labels,
            snakemake.input.relations,
            snakemake.params.dataset,
            dict(snakemake.output.items()),
        )
