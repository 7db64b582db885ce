"""Rule link_series: one batch of the user's CT series as links, with its receipt."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from maknet.data.receipts import write_receipt
from maknet.jobs import job


def main(root: Path, names: Sequence[str], folder: Path, receipt: Path) -> None:
    folder.mkdir(parents=True)
    links = []
    for name in names:
        link = folder / quote(name, safe="")
        link.symlink_to((root / name).resolve(), target_is_directory=True)
        links.append(link)
    write_receipt(receipt, links)


if __name__ == "__main__":
    with job(snakemake, "link_series.py"):
        main(
            Path(snakemake.params.root),
            snakemake.params.folders,
            Path(snakemake.output.series),
            Path(snakemake.output.receipt),
        )
