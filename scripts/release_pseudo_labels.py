"""Rule release_pseudo_labels: the pseudo-labels of a round, for others to use."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.files import read_json, read_rows
from maknet.jobs.script import run_script
from maknet.provenance.lineage import recorded_name, result_roots, results_folder
from maknet.provenance.records import read_records
from maknet.release.croissant import write_croissant
from maknet.release.datasheet import LabelSource, behind_labels, write_datasheet
from maknet.release.pseudo_labels import PARQUET, ReleasedLabels, write_pseudo_labels
from maknet.release.sums import write_sums


def main(
    labels: Path, network: Path, indices: Sequence[Path], licenses: Path, citation: Path,
    dataset: str, bundle: Path,
) -> None:  # fmt: skip
    name = recorded_name(str(labels))
    records = read_records(results_folder(Path(name)))
    root = result_roots([name], records)[name]
    sources = behind_labels(read_rows(licenses))
    facts = ReleasedLabels.from_record(
        records[name], name, root, dataset, network.parent.name, read_json(network), sources
    )
    loaded = load_pseudo_labels(labels)
    parquet = bundle / PARQUET
    series = write_pseudo_labels(parquet, loaded, indices, facts)
    cited = yaml.safe_load(citation.read_text(encoding="utf-8"))
    source = LabelSource(loaded, series, facts, sources, cited)
    write_croissant(bundle / "croissant.json", parquet, source)
    write_datasheet(bundle / "DATASHEET.md", source)
    write_sums(bundle)


if __name__ == "__main__":
    run_script(snakemake, main)
