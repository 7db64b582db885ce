"""Rule ro_crate: the run as a Workflow Run RO-Crate, with a copy of the workflow that made it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from maknet.files import read_rows
from maknet.jobs import job
from maknet.places import ROOT, portable
from maknet.records import read_records
from maknet.reporting.crate import Publication, lineage_records, write_crate


def main(
    results: Sequence[str], sources: Path, citation: Path, dataset: str,
    rules: Mapping[str, str], workflow: Path, target: Path,
) -> None:  # fmt: skip
    workflow.mkdir(parents=True)
    for path in (ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk")),
                 *sorted((ROOT / "config").glob("*.yaml"))):  # fmt: skip
        copy = workflow / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    cited = yaml.safe_load(citation.read_text())
    publication = Publication(
        title=f"{cited['title']} ({dataset})",
        dataset=dataset,
        authors=[author["name"] for author in cited["authors"]],
        home=cited.get("repository-code", ""),
        paper="https://doi.org/10.48550/arXiv.2005.11746",
        sources=read_rows(sources),
    )
    records = read_records(target.parent)
    write_crate(target, lineage_records(map(portable, results), records), publication, rules)


if __name__ == "__main__":
    with job(snakemake, "write_crate.py"):
        main(
            [*snakemake.input.results, snakemake.input.readme],
            Path(snakemake.input.sources),
            Path(snakemake.input.citation),
            snakemake.params.dataset,
            snakemake.params.rules,
            Path(snakemake.output.workflow),
            Path(snakemake.output.crate),
        )
