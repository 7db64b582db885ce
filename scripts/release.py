"""Rule release: a signed statement of the results and of what they were made from."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.provenance.lineage import recorded_name, result_roots, results_folder
from maknet.provenance.records import read_records
from maknet.provenance.statement import sign, write_statement, write_verification


def main(
    results: Sequence[Path], dataset: str, key: str | None, statement: Path, signature: Path,
    howto: Path,
) -> None:  # fmt: skip
    names = [recorded_name(str(path)) for path in results]
    folder = results_folder(Path(names[0]))
    records = read_records(folder)
    environment = records[names[0]].environment
    run = {"dataset": dataset, "commit": environment["commit"], "clean": environment["clean"]}
    write_statement(statement, folder, result_roots(names, records), run)
    write_verification(howto)
    sign(statement, key, signature)


if __name__ == "__main__":
    run_script(snakemake, main)
