"""The slices that are needed out of one of DeepLesion's 56 zips of 4 GB.

About 21 thousand key slices and their neighbors are needed of 928 thousand. A member whose name
leaves the folder, or is not a slice, is never written.
"""

import logging
import math
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from maknet.data.deeplesion.info import LesionRow
from maknet.data.labels.label_files import MINED_SPLITS, read_hand, read_mined
from maknet.errors import InputError
from maknet.files import parsing, write_rows, writing
from maknet.progress import tracked

logger = logging.getLogger("maknet")
_MEMBER = re.compile(r"(?:\./)?Images_png/(\d{6}_\d{2}_\d{2})/(\d{3,4})\.png")
_MAX_MEMBER_BYTES = 64 << 20
LISTING_COLUMNS = ("file", "bytes", "status")


def labeled_lesions(text_mined: str | Path, hand: str | Path) -> set[int]:
    """Return the lesion numbers that any split uses."""
    mined = read_mined(text_mined)
    lesions = {n for split in MINED_SPLITS for n in mined[f"{split}_lesion_idxs"]}
    return lesions | {item["lesion_idx"] for item in read_hand(hand)}


def needed_slices(info: Iterable[LesionRow], lesions: set[int], reach_mm: float) -> set[str]:
    """Return `<series>/<slice>` of every key slice and its neighbors.

    Args:
        info: Rows of `DL_info.csv`.
        lesions: Numbers of the lesions that are used.
        reach_mm: Distance in mm up to which neighbors are needed; at least one slice each way.
    """
    names: set[str] = set()
    for row in info:
        if row.lesion_index not in lesions:
            continue
        step = row.spacing_mm[2]
        reach = max(1, math.ceil(reach_mm / step)) if step > 0 else 1
        for number in range(row.key_slice - reach, row.key_slice + reach + 1):
            names.add(f"{row.series}/{number:03d}")
    return names


def extract_slices(
    archive: Path, needed: set[str], target: Path, listing: Path, max_damaged: int
) -> None:
    """Write the needed slices of a zip to `target/<series>/<slice>.png`, and a listing.

    Args:
        archive: One of DeepLesion's zips.
        needed: Slices to write, as `<series>/<slice>`.
        target: Folder to write to.
        listing: CSV to write, one row per slice, columns `LISTING_COLUMNS`.
        max_damaged: Largest number of slices that may be damaged.

    Raises:
        InputError: The file is no zip, a member's name leaves the folder, or more than
            `max_damaged` members cannot be read.
    """
    with parsing(archive, "a zip file", "fetch it again"):
        opened = zipfile.ZipFile(archive)
    rows: list[dict[str, object]] = []
    with opened:
        for member in tracked(opened.infolist(), archive.name, "file"):
            name = _slice_name(archive, member)
            if name in needed:
                rows.append(_extract(opened, member, target / f"{name}.png"))
    damaged = [row["file"] for row in rows if row["status"] != "whole"]
    if len(damaged) > max_damaged:
        shutil.rmtree(target, ignore_errors=True)
        raise InputError(
            f"{archive}: {len(damaged)} slices are damaged, more than deeplesion.max_damaged = "
            f"{max_damaged}; the first is {damaged[0]}."
        )
    target.mkdir(parents=True, exist_ok=True)
    write_rows(listing, LISTING_COLUMNS, rows)


def _slice_name(archive: Path, member: zipfile.ZipInfo) -> str | None:
    """Return `<series>/<slice>`, None for folders and other files inside the folder."""
    parts = member.filename.replace("\\", "/").split("/")
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0] or is_link:
        raise InputError(f"{archive}: member {member.filename!r} leaves the folder; do not use it.")
    match = _MEMBER.fullmatch(member.filename)
    return f"{match[1]}/{match[2]}" if match else None


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> dict[str, object]:
    row: dict[str, object] = {"file": member.filename, "bytes": member.file_size, "status": "whole"}
    if member.file_size > _MAX_MEMBER_BYTES:
        return {**row, "status": "too large"}
    try:
        with parsing(member.filename, "whole", "fetch its zip again"):
            content = opened.read(member)
    except InputError as error:
        logger.info("%s", error)
        return {**row, "status": "damaged"}
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return row
