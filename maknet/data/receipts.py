"""What was fetched: one row a file, so that a result can be traced to the bytes it came from."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from maknet.files import write_rows

COLUMNS = ("series_uid", "file", "bytes", "md5")


def write_receipt(path: str | Path, folders: Sequence[Path]) -> None:
    """List every file of the series folders with its size and MD5, which archives publish."""
    rows = []
    for folder in folders:
        for file in sorted(p for p in folder.iterdir() if p.is_file()):
            content = file.read_bytes()
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            rows.append(
                {"series_uid": folder.name, "file": file.name, "bytes": len(content),
                 "md5": digest}
            )  # fmt: skip
    write_rows(path, COLUMNS, rows)
