"""What was fetched: one row per file, so that a result can be traced to the bytes it came from.

The receipt of the folder `series/<batch>` of a source is its `receipts/<batch>.csv`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from maknet.errors import InputError
from maknet.files import file_md5, is_utf8, md5, read_rows, write_rows

COLUMNS = ("series_uid", "file", "bytes", "md5")


def write_receipt(path: str | Path, folders: Sequence[Path]) -> None:
    """List every file of the series folders with its size and MD5 sum, which archives publish.

    What may not be read or has a name that no table holds is left out: its series is refused.
    """
    rows = []
    for folder in folders:
        for file in _readable(folder):
            content = file.read_bytes()
            rows.append(
                {"series_uid": folder.name, "file": file.name, "bytes": len(content),
                 "md5": md5(content)}
            )  # fmt: skip
    write_rows(path, COLUMNS, rows)


def _readable(folder: Path) -> list[Path]:
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [path for path in files if is_utf8(path.name) and os.access(path, os.R_OK)]


def receipt_path(folder: str | Path) -> Path:
    """Return where the receipt of a batch's folder of series is, whether or not it exists."""
    folder = Path(folder)
    return folder.parent.parent / "receipts" / f"{folder.name}.csv"


def receipt_of(folder: Path) -> Path | None:
    """Return the receipt of a batch's folder of series, None for other folders."""
    receipt = receipt_path(folder)
    return receipt if folder.parent.name == "series" and receipt.is_file() else None


def compare_with_receipt(folder: Path) -> str:
    """Return what differs between a folder of series and its receipt, empty if nothing does."""
    receipt = receipt_of(folder) if folder.is_dir() else None
    try:
        rows = read_rows(receipt) if receipt else []
        listed = [(row["series_uid"], row["file"], row["md5"]) for row in rows]
    except (InputError, KeyError):
        return f"its receipt {receipt} is damaged"
    for series, file, recorded in listed:
        path = folder / series / file
        if not path.is_file():
            return f"{path} is missing; {receipt} lists it"
        if file_md5(path) != recorded:
            return f"{path} does not have the MD5 sum that {receipt} lists"
    return ""
