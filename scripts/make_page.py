"""Rule make_page: one CSV as a page of the report."""

from pathlib import Path

import pandas as pd

from maknet.jobs.script import run_script
from maknet.reporting.tables.html_page import write_page


def main(csv: Path, note: str, dataset: str, html: Path) -> None:
    # As text: a page shows what the file says.
    table = pd.read_csv(csv, dtype=str, keep_default_na=False).replace("", "-")
    write_page(html, {"": table}, f"{csv.stem} ({dataset})", note)


if __name__ == "__main__":
    run_script(snakemake, main)
