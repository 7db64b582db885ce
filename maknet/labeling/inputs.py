"""Which CT series lie among files and folders of any kind, wherever each file is.

Files are put together by SeriesInstanceUID and not by folder. File names often hold the name of a
patient, so that nothing of them leaves: tables name series and images by their UIDs, and what has
none by its number.
"""

import filecmp
import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from maknet.data.ct.reasons import Reason, SeriesError, printable
from maknet.dicom.header import (
    BrokenHeaderError,
    Header,
    NotAnImageError,
    NotDicomError,
    read_header,
)
from maknet.errors import InputError
from maknet.progress import tracked

logger = logging.getLogger("maknet")


@dataclass(frozen=True)
class Refused:
    """A series, or a file that belongs to none, that is not labeled.

    Attributes:
        name: SeriesInstanceUID, or `file 7` for the seventh file that was looked at.
        files: Number of files.
        reason: The rule that refused it.
        detail: What was found, without names of files.
    """

    name: str
    files: int
    reason: Reason
    detail: str


@dataclass
class FoundSeries:
    """The images of one series.

    Attributes:
        uid: SeriesInstanceUID, or `series 3` where the files lack it.
        headers: Their headers.
        left_out: Other files beside them, counted by kind.
    """

    uid: str
    headers: list[Header]
    left_out: Counter[str] = field(default_factory=Counter)
    _by_uid: dict[str, Header] = field(default_factory=dict)

    def add(self, header: Header) -> None:
        """Add an image; the very same file a second time is left out."""
        twin = self._by_uid.setdefault(header.sop_uid or str(header.path), header)
        if twin is not header and filecmp.cmp(twin.path, header.path, shallow=False):
            self.left_out["repeated"] += 1
        else:
            self.headers.append(header)


def find_series(paths: Sequence[Path]) -> tuple[list[FoundSeries], list[Refused]]:
    """Read the headers of all files below `paths`.

    Args:
        paths: Files and folders; folders are searched to any depth, but for hidden files.

    Returns:
        The series in the order in which they were met, and the files that belong to none.

    Raises:
        InputError: A path is missing, or there is no file.
    """
    files = list(dict.fromkeys(_files(paths)))
    if not files:
        raise InputError(f"{', '.join(map(str, paths))}: there is no file; name a folder with CT.")
    series: dict[str, FoundSeries] = {}
    refused: list[Refused] = []
    beside: dict[Path, Counter[str]] = defaultdict(Counter)
    for number, path in enumerate(tracked(files, "headers", "file"), start=1):
        try:
            header = read_header(path)
        except NotAnImageError:
            beside[path.parent]["not_an_image"] += 1
        except (NotDicomError, BrokenHeaderError, OSError) as error:
            reason = _reason(path, error)
            beside[path.parent]["not_dicom" if reason is None else "unreadable"] += 1
            if reason is not None:
                logger.warning("file %d, %s: %s", number, printable(str(path)), _words(error))
                refused.append(Refused(f"file {number}", 1, reason, _words(error)))
        else:
            key = header.series_uid or f"in {header.path.parent}"
            uid = printable(header.series_uid) or f"series {len(series) + 1}"
            series.setdefault(key, FoundSeries(uid, [])).add(header)
    for found in series.values():
        for folder in {header.path.parent for header in found.headers}:
            found.left_out.update(beside[folder])
    return list(series.values()), refused


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    seen: set[str] = set()
    for path in paths:
        if path.is_file():
            yield path
        elif not path.is_dir():
            raise InputError(f"{path} is missing; name a folder or files of CT.")
        for folder, folders, names in os.walk(path, followlinks=True):
            folders.sort()
            if os.path.realpath(folder) in seen:
                folders.clear()  # a link back to where we were
                continue
            seen.add(os.path.realpath(folder))
            yield from (Path(folder, name) for name in sorted(names) if name[0] != ".")


def _reason(path: Path, error: Exception) -> Reason | None:
    """Return why a file is refused; None where it does not claim to be DICOM."""
    if isinstance(error, BrokenHeaderError):
        return Reason.TRUNCATED
    if isinstance(error, OSError):
        return Reason.UNREADABLE
    claims = path.suffix.lower() == ".dcm" and not path.name.startswith("._")
    return Reason.NOT_DICOM if claims else None


def _words(error: Exception) -> str:
    """Return what is wrong; the system's errors name the file, of which only the cause is kept."""
    return str(error.strerror) if isinstance(error, OSError) else printable(str(error))


def without_names(error: SeriesError, headers: Sequence[Header]) -> str:
    """Return what is wrong with a series, its images named by their UIDs and not by their files."""
    detail = error.detail
    for header in sorted(headers, key=lambda h: -len(h.path.name)):
        name = printable(header.path.name)
        if name in detail:
            detail = detail.replace(name, printable(header.sop_uid) or "an image")
    return detail


def body_part_examined(header: Header) -> str:
    """Return BodyPartExamined as an image's header has it, in capitals, empty where it is not."""
    tags = ["BodyPartExamined"]
    dataset = pydicom.dcmread(header.path, stop_before_pixels=True, specific_tags=tags, force=True)
    return str(dataset.get("BodyPartExamined", "") or "").strip().upper()
