"""Rule draw_phantom_series: one batch of synthetic CT series as DICOM, with its receipt."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.jobs.script import run_script
from maknet.phantom.archive import planned_archive, write_series
from maknet.phantom.deeplesion import planned_patients
from maknet.provenance.receipts import write_receipt


def main(numbers: Sequence[str], phantom: Mapping[str, Any], series: Path, receipt: Path) -> None:
    seed = phantom["seed"]
    patients = planned_patients(
        seed, phantom["patients"], phantom["lesions_per_patient"], phantom["matrix"]
    )
    tested = [patient for patient in patients if patient.split == "test"]
    archive = planned_archive(seed, phantom["clean_series"], phantom["nuisances"], tested)
    folders = []
    for number in numbers:
        planned = archive[int(number)]
        folders.append(series / planned.series_uid)
        write_series(planned, folders[-1], phantom["matrix"])
    write_receipt(receipt, folders)


if __name__ == "__main__":
    run_script(snakemake, main)
