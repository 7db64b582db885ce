"""Which CT series lie among files and folders of any kind, wherever each file is.

Files are put together by SeriesInstanceUID and not by folder. File names often hold the name of a
patient, so that nothing of them leaves: tables and logs name series and images by their UIDs, and
what has none by its number; `tell` hears which file that was.
"""

import filecmp
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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

Tell = Callable[[str], None]
UID_FORM = re.compile(r"[0-9.]{1,64}")  # scanners also write some that the standard forbids
_OTHER = {Reason.NOT_CT: "another modality", Reason.REFORMATTED: "the image type is of no slice"}


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


def find_series(
    paths: Sequence[Path], without: Path | None = None, tell: Tell = lambda _: None
) -> tuple[list[FoundSeries], list[Refused]]:
    """Read the headers of all files below `paths`.

    Args:
        paths: Files and folders; folders are searched to any depth, but for hidden files.
        without: A folder that is left out, that of the outputs.
        tell: Is told which file a number stands for; the words must not be written anywhere.

    Returns:
        The series in the order in which they were met, and what belongs to none.

    Raises:
        InputError: A path is missing, or there is no file.
    """
    refused: list[Refused] = []
    files = list(dict.fromkeys(_files(paths, without, refused, tell)))
    if not files and not refused:
        raise InputError(f"{', '.join(map(str, paths))}: there is no file; name a folder with CT.")
    series: dict[str, FoundSeries] = {}
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
                tell(f"file {number} is {path}")
                refused.append(Refused(f"file {number}", 1, reason, _words(error)))
        else:
            _add(series, header)
    for found in series.values():
        for folder in {header.path.parent for header in found.headers}:
            found.left_out.update(beside[folder])
    return list(series.values()), refused


def _files(
    paths: Sequence[Path], without: Path | None, refused: list[Refused], tell: Tell
) -> Iterator[Path]:
    seen = {os.path.realpath(without)} if without else set[str]()

    def refuse(error: OSError) -> None:
        name = f"folder {len(refused) + 1}"
        tell(f"{name} is {error.filename}")
        refused.append(Refused(name, 0, Reason.UNREADABLE, _words(error)))

    for path in paths:
        if path.is_file():
            yield path
            continue
        if not path.is_dir():
            raise InputError(f"{path} is missing; name a folder or files of CT.")
        for folder, folders, names in os.walk(path, onerror=refuse, followlinks=True):
            folders.sort()
            if os.path.realpath(folder) in seen:
                folders.clear()  # a link back to where we were, or the outputs
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


def _add(series: dict[str, FoundSeries], header: Header) -> None:
    """Put an image to its series; what stands where a UID should may be a patient's name."""
    key = header.series_uid or f"in {header.path.parent}"
    uid = (
        header.series_uid if UID_FORM.fullmatch(header.series_uid) else f"series {len(series) + 1}"
    )
    sop = header.sop_uid if UID_FORM.fullmatch(header.sop_uid) else ""
    found = series.setdefault(key, FoundSeries(uid, []))
    found.add(replace(header, sop_uid=sop, alias=sop or "an image"))


def without_words(error: SeriesError) -> str:
    """Return what is wrong with a series, without words of its header: they may be anything."""
    return _OTHER.get(error.reason, error.detail)


def body_part_examined(header: Header) -> str:
    """Return BodyPartExamined as an image's header has it, in capitals, empty where it is not."""
    tags = ["BodyPartExamined"]
    dataset = pydicom.dcmread(header.path, stop_before_pixels=True, specific_tags=tags, force=True)
    return str(dataset.get("BodyPartExamined", "") or "").strip().upper()
