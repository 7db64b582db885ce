"""What was fetched: one row per file, so that a result can be traced to the bytes it came from.

The receipt of the folder `series/<batch>` of a source is its `receipts/<batch>.csv`.
"""

from collections.abc import Sequence
from pathlib import Path

from maknet.files import file_md5, md5, read_rows, write_rows

COLUMNS = ("series_uid", "file", "bytes", "md5")


def write_receipt(path: str | Path, folders: Sequence[Path]) -> None:
    """List every file of the series folders with its size and MD5 sum, which archives publish."""
    rows = []
    for folder in folders:
        for file in sorted(p for p in folder.iterdir() if p.is_file()):
            content = file.read_bytes()
            rows.append(
                {"series_uid": folder.name, "file": file.name, "bytes": len(content),
                 "md5": md5(content)}
            )  # fmt: skip
    write_rows(path, COLUMNS, rows)


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
    for row in read_rows(receipt) if receipt else []:
        path = folder / row["series_uid"] / row["file"]
        if not path.is_file():
            return f"{path} is missing; {receipt} lists it"
        if file_md5(path) != row["md5"]:
            return f"{path} has another MD5 sum than in {receipt}"
    return ""
