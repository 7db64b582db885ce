"""Rule release: all that is given to others, with a signed statement of what it was made from."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.provenance.lineage import recorded_name, result_roots, results_folder
from maknet.provenance.records import read_records
from maknet.provenance.statement import sign, write_statement, write_verification
from maknet.release.index import write_index
from maknet.release.origin import commits, require_unchanged
from maknet.release.sums import SUMS, require_intact


def main(
    results: Sequence[Path], bundles: Sequence[Path], dataset: str, key: str | None, release: Path
) -> None:
    names = [recorded_name(str(path)) for path in results]
    folders = [recorded_name(str(path)) for path in bundles]
    folder = results_folder(Path(names[0]))
    records = read_records(folder)
    require_unchanged([*names, *folders])
    run = {"dataset": dataset, **commits([*names, *folders], records)}
    for bundle in bundles:
        require_intact(bundle)
        hidden = shutil.ignore_patterns(".snakemake*")
        shutil.copytree(bundle, release / bundle.name, ignore=hidden)
    sums = [release / bundle.name / SUMS for bundle in bundles]
    statement = release / "statement.json"
    write_statement(statement, folder, result_roots([*names, *folders], records), run, sums)
    write_verification(release / "VERIFY.md")
    if key is not None:
        sign(statement, key, release / "statement.json.sig")
    write_index(release / "README.md", [b.name for b in bundles], key is not None)


if __name__ == "__main__":
    run_script(snakemake, main)
