"""Why a series is refused."""

from enum import StrEnum

from maknet.errors import InputError


class Reason(StrEnum):
    """Why a series is refused: the values of the column `reason` in `rejected.csv`."""

    NO_IMAGES = "no_images"
    UNREADABLE = "unreadable"
    NOT_DICOM = "not_dicom"
    NOT_CT = "not_ct"
    MIXED_SERIES = "mixed_series"
    MULTIFRAME = "multiframe"
    LOCALIZER = "localizer"
    REFORMATTED = "reformatted"
    NOT_MONOCHROME2 = "not_monochrome2"
    MISSING_GEOMETRY = "missing_geometry"
    MISSING_RESCALE = "missing_rescale"
    IMPLAUSIBLE_HEADER = "implausible_header"
    NOT_AXIAL = "not_axial"
    MIXED_GEOMETRY = "mixed_geometry"
    SHIFTED_SLICES = "shifted_slices"
    DUPLICATE_POSITIONS = "duplicate_positions"
    MISSING_SLICES = "missing_slices"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    TOO_FEW_SLICES = "too_few_slices"
    BAD_SPACING = "bad_spacing"
    SMALL_MATRIX = "small_matrix"
    NO_BODY = "no_body"
    IMPLAUSIBLE_HU = "implausible_hu"
    NOISY = "noisy"
    REPEATED_SERIES = "repeated_series"
    INTERNAL_ERROR = "internal_error"


class SeriesError(InputError):
    """A series that is not a usable axial CT volume.

    Attributes:
        reason: The rule that refused it.
        detail: What was found, for people.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = printable(detail)
        super().__init__(f"{reason}: {self.detail}")


def printable(text: str) -> str:
    """Return a text on one line that any table takes: names of files and headers hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
