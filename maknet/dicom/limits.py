"""How much memory the file of a slice may ask for, judged before any is asked for.

A damaged header may claim 65,535 x 65,535 pixels. Uncompressed pixels are never more than the bytes
of their file; compressed ones at most MAX_EXPANSION times as many: a slice of nothing but air takes
some hundred bytes as JPEG 2000 or JPEG-LS, and RLE and JPEG reach 64 and 16.
"""

from collections.abc import Sequence

from maknet.dicom.header import Header, PixelError
from maknet.dicom.native import NATIVE

MAX_SIDE = 4096  # pixels; scanners have 512 to 2048
MAX_EXPANSION = 4096
# Half of what rule prepare_series asks for (4000 MB); the rest is for the decoder, for images and
# for the program. 4,096 slices of 512 x 512, more than two meters of them at 0.6 mm.
MAX_VOLUME_BYTES = 2 << 30


def pixel_bytes(slices: Sequence[Header]) -> int:
    """Return the memory that the volume of these slices takes."""
    return sum(2 * header.rows * header.columns for header in slices)


def require_plausible_size(header: Header) -> None:
    """Compare the matrix with the size of the file.

    Raises:
        PixelError: The matrix is larger than any scanner's, or than the file can hold.
    """
    shape = f"{header.rows} x {header.columns} pixels"
    if max(header.rows, header.columns) > MAX_SIDE:
        raise PixelError(f"its header claims {shape}, more than {MAX_SIDE} on a side")
    expansion = 1 if header.transfer_syntax in NATIVE else MAX_EXPANSION
    if pixel_bytes([header]) > expansion * header.file_bytes:
        raise PixelError(f"{header.file_bytes} bytes cannot hold {shape}", truncated=True)
