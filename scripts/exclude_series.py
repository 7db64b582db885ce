"""Rule exclude_series: the unlabeled images that no network sees, each with the reason."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from maknet.config.manifest import series_facts
from maknet.files import write_rows
from maknet.jobs.script import run_script
from maknet.leakage.exclusion import (
    COLUMNS,
    Duplicates,
    Leakage,
    Verdict,
    excluded_images,
    excluded_series,
)
from maknet.leakage.image_sets import series_table

logger = logging.getLogger("maknet")


def main(
    pairs: Path, indices: Sequence[Path], tables: Sequence[Path], manifest: Path | None,
    leakage: Leakage, act_on: Verdict, duplicates: Duplicates, excluded: Path,
) -> None:  # fmt: skip
    found = pd.read_csv(pairs, dtype=str, keep_default_na=False)
    patients = {uid: item.patient for uid, item in series_facts(manifest).items()}
    series = excluded_series(found, series_table(tables), patients, leakage, duplicates, act_on)
    rows = excluded_images(series, indices)
    logger.info("%d series with %d images are left out", len(series), len(rows))
    write_rows(excluded, COLUMNS, rows)


if __name__ == "__main__":
    run_script(snakemake, main)
