"""Whether a downloaded series is whole: the one judge for every archive.

tcia_utils reports success for half a series, for another series' images and for damaged files, and
a second call then skips what "exists". So each series is looked at, file by file, before it counts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maknet.data.dicom_header import NotAnImageError, NotDicomError, read_header

MD5_LIST = "md5hashes.csv"
_NO_IMAGES = {"LICENSE", MD5_LIST}


class FetchError(Exception):
    """A series was not had, or is not what it should be.

    Attributes:
        reason: A word for tables.
        permanent: Whether asking again cannot help.
    """

    def __init__(self, reason: str, detail: str, permanent: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.permanent = permanent


@dataclass(frozen=True)
class Expected:
    """What the archive that is used says of a series.

    Attributes:
        images: How many there are now.
        md5: MD5 of each file by name; empty where the archive publishes none.
    """

    images: int
    md5: Mapping[str, str]


@dataclass(frozen=True)
class FileFact:
    """One verified file."""

    file: str
    bytes: int
    md5: str


def verify_series(folder: Path, series_uid: str, expected: Expected) -> list[FileFact]:
    """Check every file of a downloaded series.

    Raises:
        FetchError: Files are missing, too many, damaged, of another series, or not unique.
    """
    files = (
        sorted(p for p in folder.iterdir() if p.name not in _NO_IMAGES) if folder.is_dir() else []
    )
    if len(files) != expected.images:
        raise FetchError("incomplete", f"{len(files)} of {expected.images} images arrived")
    if expected.md5 and {p.name for p in files} != set(expected.md5):
        raise FetchError("incomplete", "the files are not those that the archive lists")
    seen: set[str] = set()
    facts = []
    for path in files:
        content = path.read_bytes()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if expected.md5 and md5 != expected.md5[path.name].lower():
            raise FetchError("wrong_md5", f"{path.name} differs from the archive's MD5")
        facts.append(FileFact(path.name, len(content), md5))
        _check_identity(path, series_uid, seen)
    return facts


def _check_identity(path: Path, series_uid: str, seen: set[str]) -> None:
    try:
        header = read_header(path)
    except (NotDicomError, NotAnImageError) as error:
        raise FetchError("damaged", f"{path.name} is no DICOM image") from error
    if header.series_uid != series_uid:
        raise FetchError("other_series", f"{path.name} belongs to series {header.series_uid}")
    if header.sop_uid in seen:
        raise FetchError("duplicates", f"{path.name} repeats another image")
    seen.add(header.sop_uid)
