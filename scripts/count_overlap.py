"""Rule count_overlap: what the splits and test sets share, for the paper's labels and LesaNet's."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.deeplesion.info import load_info
from maknet.data.labels.label_table import SPLITS, load_table
from maknet.data.labels.splits import OVERLAP_COLUMNS, count_overlap
from maknet.files import write_rows
from maknet.jobs.script import run_script


def main(
    dl_info: Path, labels: Sequence[Path], lesion_labels: Sequence[Path], dataset: str, csv: Path
) -> None:
    info = load_info(dl_info)
    patients = [lesion.patient for lesion in info]
    slices = [(lesion.series, lesion.key_slice) for lesion in info]
    rows = []
    for name, paths in (("paper", labels), ("LesaNet", lesion_labels)):
        lesions = {
            split: load_table(path).lesion_index for split, path in zip(SPLITS, paths, strict=True)
        }
        counted = count_overlap(lesions, patients, slices)
        rows += [{"dataset": dataset, "labels": name, **row} for row in counted]
    write_rows(csv, OVERLAP_COLUMNS, rows)


if __name__ == "__main__":
    run_script(snakemake, main)
