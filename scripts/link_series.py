"""Rule link_series: one batch of the user's CT series as links, with its receipt."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from maknet.files import md5
from maknet.jobs.script import run_script
from maknet.provenance.receipts import write_receipt

_MAX_NAME = 255  # bytes, of every file system


def main(root: str, names: Sequence[str], series: Path, receipt: Path) -> None:
    series.mkdir(parents=True)
    links = []
    for name in names:
        link = series / _link_name(name)
        link.symlink_to((Path(root) / name).resolve(), target_is_directory=True)
        links.append(link)
    write_receipt(receipt, links)


def _link_name(name: str) -> str:
    """Return the path below the root as one name, cut where a file system would not take it."""
    quoted = quote(name, safe="")
    if len(quoted) <= _MAX_NAME:
        return quoted
    return f"{quoted[: _MAX_NAME - 17]}-{md5(name.encode())[:16]}"


if __name__ == "__main__":
    run_script(snakemake, main)
