"""Rule link_series: one batch of the user's CT series as links, with its receipt."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from maknet.jobs.script import run_script
from maknet.provenance.receipts import write_receipt


def main(root: str, names: Sequence[str], series: Path, receipt: Path) -> None:
    series.mkdir(parents=True)
    links = []
    for name in names:
        link = series / quote(name, safe="")
        link.symlink_to((Path(root) / name).resolve(), target_is_directory=True)
        links.append(link)
    write_receipt(receipt, links)


if __name__ == "__main__":
    run_script(snakemake, main)
