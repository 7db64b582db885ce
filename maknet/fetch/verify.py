"""Whether a downloaded series is whole: the one judge for every archive.

tcia_utils reports success for half a series, for another series' images and for damaged files, and
a second call then skips what "exists". So each series is looked at, file by file, before it counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from maknet.dicom.header import (
    BrokenHeaderError,
    NotAnImageError,
    NotDicomError,
    read_header,
)
from maknet.files import md5

MD5_LIST = "md5hashes.csv"
MD5 = re.compile(r"[0-9a-f]{32}")
_NO_IMAGES = {"LICENSE", MD5_LIST}


class FetchError(Exception):
    """A series could not be fetched, or is not what the archive lists.

    Attributes:
        reason: One word for tables.
        permanent: Whether another attempt cannot help.
    """

    def __init__(self, reason: str, detail: str, permanent: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.permanent = permanent


@dataclass(frozen=True)
class SeriesListing:
    """What the archive lists of a series.

    Attributes:
        images: Number of images that the archive has now.
        md5: MD5 sums by file name, for the files whose sum the archive publishes.
        sizes: Sizes in bytes by file name, where the archive lists them. Every file is in one of
            the two, or the series is not verified.
    """

    images: int
    md5: Mapping[str, str]
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FileChecksum:
    """One verified file.

    Attributes:
        file: File name.
        bytes: Size in bytes.
        md5: Hexadecimal MD5 sum.
    """

    file: str
    bytes: int
    md5: str


def verify_series(folder: Path, series_uid: str, expected: SeriesListing) -> list[FileChecksum]:
    """Check every file of a downloaded series.

    Args:
        folder: Folder of the series.
        series_uid: SeriesInstanceUID that every file must have.
        expected: What the archive lists of the series.

    Raises:
        FetchError: Files are missing, too many, not listed, damaged, of another series, or not
            unique.
    """
    files = (
        sorted(p for p in folder.iterdir() if p.name not in _NO_IMAGES) if folder.is_dir() else []
    )
    if len(files) != expected.images or not all(path.is_file() for path in files):
        raise FetchError("incomplete", f"{len(files)} of {expected.images} images arrived")
    _check_names({path.name for path in files}, {*expected.md5, *expected.sizes} - _NO_IMAGES)
    seen: set[str] = set()
    facts = []
    for path in files:
        facts.append(_file_checksum(path, expected))
        _check_identity(path, series_uid, seen)
    return facts


def _check_names(found: set[str], listed: set[str]) -> None:
    if listed - found:
        raise FetchError("incomplete", f"{min(listed - found)} did not arrive")
    if found - listed:
        words = f"the archive's list names {len(listed)} of {len(found)} files"
        raise FetchError("unverified", f"{words}: {min(found - listed)} cannot be checked")


def _file_checksum(path: Path, expected: SeriesListing) -> FileChecksum:
    content = path.read_bytes()
    if expected.sizes.get(path.name, len(content)) != len(content):
        raise FetchError("incomplete", f"{path.name} does not have the size that the archive lists")
    found = md5(content)
    if expected.md5.get(path.name, found).lower() != found:
        raise FetchError("wrong_md5", f"{path.name} differs from the archive's MD5")
    return FileChecksum(path.name, len(content), found)


def _check_identity(path: Path, series_uid: str, seen: set[str]) -> None:
    try:
        header = read_header(path)
    except (BrokenHeaderError, NotAnImageError, NotDicomError) as error:
        raise FetchError("damaged", f"{path.name} is not a DICOM image") from error
    if header.series_uid != series_uid:
        raise FetchError("other_series", f"{path.name} belongs to series {header.series_uid}")
    if header.sop_uid in seen:
        raise FetchError("duplicates", f"{path.name} repeats another image")
    seen.add(header.sop_uid)
