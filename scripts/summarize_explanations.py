"""Rule summarize_explanations: figures 3 and 4 in numbers, over the whole hand-labeled set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.data.arrays import load_arrays
from maknet.files import write_frame
from maknet.jobs import job
from maknet.reporting.explain_tables import deletion_table, perturbation_table, plot_deletion


def main(
    titles: Sequence[str], studies: Sequence[str], dataset: str, outputs: Mapping[str, str]
) -> None:
    arrays = {title: load_arrays(path) for title, path in zip(titles, studies, strict=True)}
    write_frame(outputs["perturbations"], perturbation_table(dataset, arrays))
    deletion = deletion_table(dataset, arrays, arrays[titles[0]]["fractions"].tolist())
    write_frame(outputs["deletion"], deletion)
    plot_deletion(deletion, [Path(outputs["png"]), Path(outputs["pdf"])])


if __name__ == "__main__":
    with job(snakemake, "summarize_explanations.py"):
        main(
            snakemake.params.titles,
            snakemake.input.studies,
            snakemake.params.dataset,
            dict(snakemake.output.items()),
        )
