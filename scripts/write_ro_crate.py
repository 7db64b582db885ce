"""Rule write_ro_crate: the run as a Workflow Run RO-Crate, with the workflow that made it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from maknet.files import ROOT, read_rows
from maknet.jobs.script import run_script
from maknet.provenance.paths import to_portable
from maknet.provenance.records import read_records
from maknet.provenance.ro_crate import Publication, lineage_records, write_ro_crate


def main(
    results: Sequence[Path], readme: Path, sources: Path, citation: Path, dataset: str,
    rules: Mapping[str, str], workflow: Path, crate: Path,
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
    records = read_records(crate.parent)
    lineage = lineage_records([to_portable(str(path)) for path in (*results, readme)], records)
    write_ro_crate(crate, lineage, publication, rules)


if __name__ == "__main__":
    run_script(snakemake, main)
