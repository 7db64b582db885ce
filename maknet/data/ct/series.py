"""One DICOM CT series in a folder becomes a volume in HU, or is refused with one reason.

Slices are sorted along the slice normal; InstanceNumber, SliceLocation and file names are never
used, since archives get them wrong. HU equals what SimpleITK's readers return. A series reader that
builds volumes itself is not used: with a scout, a duplicate or a missing slice in the folder it
returns wrong geometry without an error. Z slices, Y rows, X columns.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.geometry import GeometryRules, common_geometry, sort_slices
from maknet.data.ct.header_rules import is_localizer, require_readable
from maknet.data.ct.reasons import Reason, SeriesError, printable
from maknet.dicom.header import (
    BrokenHeaderError,
    Header,
    NotAnImageError,
    NotDicomError,
    PixelError,
    read_header,
)
from maknet.dicom.limits import MAX_VOLUME_BYTES, pixel_bytes, require_plausible_size
from maknet.dicom.pixels import read_hu
from maknet.errors import InputError
from maknet.files import is_utf8


@dataclass(frozen=True)
class Scan:
    """What the headers of a series say of its scan; empty where they do not, or disagree.

    Attributes:
        study_uid: StudyInstanceUID.
        frame_uid: FrameOfReferenceUID.
        acquisition: Equal for equal times of acquisition, see `Header`; one time for all slices.
    """

    study_uid: str = ""
    frame_uid: str = ""
    acquisition: str = ""

    @classmethod
    def of(cls, headers: Sequence[Header]) -> "Scan":
        """Return what all headers agree on."""
        kinds = ("study_uid", "frame_uid", "acquisition")
        found = [{getattr(header, kind) for header in headers} for kind in kinds]
        return cls(*(printable(values.pop()) if len(values) == 1 else "" for values in found))


@dataclass(frozen=True)
class Volume:
    """A CT volume, slices in ascending position along the slice normal.

    Attributes:
        hu: (Z, Y, X) int16 in HU, as stored: rows and columns are not turned.
        spacing_mm: (z, y, x); z is the median step along the normal.
        positions_mm: (Z,) along the normal, strictly increasing.
        direction: DICOM ImageOrientationPatient: row direction, then column direction, in LPS.
        series_uid: SeriesInstanceUID.
        left_out: Files of the folder that are not slices of the volume, counted by kind.
        sop_uids: SOPInstanceUID of each slice, (Z,), or none.
        scan: What its headers say of the scan that it is a reconstruction of.
    """

    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]
    positions_mm: NDArray[np.float64]
    direction: tuple[float, ...]
    series_uid: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    sop_uids: tuple[str, ...] = ()
    scan: Scan = Scan()


@dataclass(frozen=True)
class SortedSeries:
    """A CT series whose headers are known and whose pixels are still on disk.

    Attributes:
        slices: Headers in ascending position along the slice normal, (Z,).
        spacing_mm: As in `Volume`, and so are the others.
    """

    slices: tuple[Header, ...]
    spacing_mm: tuple[float, float, float]
    positions_mm: NDArray[np.float64]
    direction: tuple[float, ...]
    series_uid: str
    left_out: Mapping[str, int]
    scan: Scan

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.slices)

    def read(
        self, start: int = 0, stop: int | None = None, max_bytes: int = MAX_VOLUME_BYTES
    ) -> Volume:
        """Read slices from `start` up to `stop`, all by default.

        Args:
            start: First slice.
            stop: The slice after the last.
            max_bytes: Memory that these slices may take.

        Raises:
            SeriesError: A slice is damaged, or they would take more memory.
        """
        chosen = self.slices[start:stop]
        return Volume(
            _read_pixels(chosen, max_bytes), self.spacing_mm, self.positions_mm[start:stop],
            self.direction, self.series_uid, self.left_out,
            tuple(printable(header.sop_uid) for header in chosen), self.scan,
        )  # fmt: skip


def read_series(
    folder: str | Path, rules: GeometryRules | None = None, max_bytes: int = MAX_VOLUME_BYTES
) -> Volume:
    """Read the CT series in `folder`.

    Localizers inside the series, RTSTRUCT and other objects without pixels, and files that are not
    DICOM and do not claim to be (no `.dcm` suffix, or macOS's `._` before the name) are left out
    and counted.

    Args:
        folder: The folder.
        rules: Limits on the geometry.
        max_bytes: Memory that the volume may take.

    Raises:
        SeriesError: The folder does not hold exactly one usable axial CT volume.
    """
    headers, left_out = _read_headers(Path(folder))
    return sort_series(headers, rules, left_out, Path(folder).name).read(max_bytes=max_bytes)


def sort_series(
    headers: Sequence[Header],
    rules: GeometryRules | None = None,
    left_out: Mapping[str, int] | None = None,
    name: str = "",
) -> SortedSeries:
    """Find the one CT volume that headers describe, its localizers left out.

    Args:
        headers: Headers of images, in any order.
        rules: Limits on the geometry.
        left_out: Other files beside them, counted by kind.
        name: What stands for a SeriesInstanceUID where the files, once anonymized, lack it.

    Raises:
        SeriesError: They are not exactly one usable axial CT volume.
    """
    rules, left_out = rules or GeometryRules(), dict(left_out or {})
    _require_one_ct_series(headers)
    slices = [h for h in headers if not is_localizer(h)]
    left_out["localizer"] = len(headers) - len(slices)
    if not slices:
        raise SeriesError(Reason.LOCALIZER, f"all {len(headers)} images are localizers")
    for header in slices:
        require_readable(header)
    direction, normal = common_geometry(slices, rules)
    slices, positions, step = sort_slices(slices, normal, rules)
    spacing = (step, slices[0].pixel_spacing[0], slices[0].pixel_spacing[1])
    return SortedSeries(
        tuple(slices),
        spacing,
        positions,
        direction,
        slices[0].series_uid or name,
        {kind: count for kind, count in left_out.items() if count},
        Scan.of(slices),
    )


def _read_headers(folder: Path) -> tuple[list[Header], Counter[str]]:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; name the folder of one CT series.")
    headers: list[Header] = []
    left_out: Counter[str] = Counter()
    for path in _files(folder):
        try:
            headers.append(read_header(path))
        except BrokenHeaderError as error:
            raise SeriesError(Reason.TRUNCATED, f"{path.name}: {error}") from error
        except NotDicomError as error:
            if path.suffix.lower() == ".dcm" and not path.name.startswith("._"):
                raise SeriesError(Reason.NOT_DICOM, f"{path.name}: {error}") from error
            left_out["not_dicom"] += 1
        except NotAnImageError:
            left_out["not_an_image"] += 1
        except PermissionError as error:
            raise SeriesError(Reason.UNREADABLE, f"{path.name} may not be read") from error
    if not headers:
        raise SeriesError(Reason.NO_IMAGES, f"{sum(left_out.values())} files, no DICOM image")
    return headers, left_out


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder: no link to nowhere, and no name that a receipt cannot hold."""
    try:
        paths = sorted(folder.iterdir())
    except PermissionError as error:
        raise SeriesError(Reason.UNREADABLE, "the folder may not be read") from error
    for path in paths:
        if path.is_symlink() and not path.exists():
            raise SeriesError(Reason.UNREADABLE, f"{path.name} is a broken link")
        if not is_utf8(path.name):
            raise SeriesError(Reason.UNREADABLE, f"the name {path.name} is not UTF-8; rename it")
    return [path for path in paths if path.is_file()]


def _require_one_ct_series(headers: Sequence[Header]) -> None:
    for header in headers:
        if header.modality != "CT":
            detail = f"{header.name} has the modality {header.modality or 'none'}"
            raise SeriesError(Reason.NOT_CT, detail)
        if header.frames != 1:
            raise SeriesError(Reason.MULTIFRAME, f"{header.name} holds {header.frames} frames")
    series = sorted({h.series_uid for h in headers})
    if len(series) > 1:
        raise SeriesError(Reason.MIXED_SERIES, f"{len(series)} SeriesInstanceUIDs in one folder")


def _read_pixels(slices: Sequence[Header], max_bytes: int) -> NDArray[np.int16]:
    needed = pixel_bytes(slices)
    if needed > max_bytes:
        detail = f"{len(slices)} slices take {needed} bytes of memory, more than {max_bytes}"
        raise SeriesError(Reason.TOO_LARGE, detail)
    for header in slices:  # before any memory is asked for
        with _naming(header):
            require_plausible_size(header)
    hu = np.empty((len(slices), slices[0].rows, slices[0].columns), np.int16)
    for z, header in enumerate(slices):
        with _naming(header):
            read_hu(header, out=hu[z])
    return hu


@contextmanager
def _naming(header: Header) -> Iterator[None]:
    """Turn a fault of the pixels into the reason of the series."""
    try:
        yield
    except PixelError as error:
        reason = Reason.TRUNCATED if error.truncated else Reason.UNDECODABLE
        raise SeriesError(reason, f"{header.name}: {error}") from error
