"""What a compressed frame says of itself, compared with the DICOM header before it is decoded.

Decoders believe the frame: one damaged byte makes them ask for gigabytes or return another matrix,
and a frame that breaks off may leave memory that nobody wrote to.
"""

import struct

from maknet.dicom.header import Header, PixelError

_START, _END = b"\xff\xd8", b"\xff\xd9"  # of JPEG and JPEG-LS; JPEG 2000 has the same end
_J2K_START = b"\xff\x4f\xff\x51"
_J2K_SIZE = ">HHIIIIIIIIHBBB"  # of the segment that follows its start
_MAX_TILES = 4096
# Start of frame of all kinds of JPEG: not the tables C4, C8 and CC; F7 is JPEG-LS.
_FRAMES = {0xC0 + kind for kind in range(16) if kind not in (4, 8, 12)} | {0xF7}
_SCAN = 0xDA
_RLE_HEADER, _RLE_NOTHING = 64, 128


def require_rle_of(header: Header, frame: bytes) -> None:
    """Compare the runs of an RLE frame with the header: decoders cut a last run that is too long.

    Raises:
        PixelError: A segment is not exactly full, or a run leaves it.
    """
    if len(frame) < _RLE_HEADER:
        raise PixelError("the RLE frame breaks off", truncated=True)
    count, *offsets = struct.unpack(f"<{_RLE_HEADER // 4}I", frame[:_RLE_HEADER])
    if count != header.bits_allocated // 8:
        raise PixelError(f"the RLE frame has {count} segments")
    ends = [*offsets[1:count], len(frame)]
    for start, end in zip(offsets[:count], ends, strict=True):
        if not _RLE_HEADER <= start <= end <= len(frame):
            raise PixelError("the RLE frame's segments lie outside of it")
        if not _is_full(frame, start, end, header.rows * header.columns):
            raise PixelError(
                "a run of the RLE frame leaves its segment, or the segment is not full"
            )


def _is_full(frame: bytes, start: int, end: int, pixels: int) -> bool:
    at, done = start, 0
    while at < end and done < pixels:
        head = frame[at]
        if head == _RLE_NOTHING:
            at += 1
        elif head < _RLE_NOTHING:  # so many bytes follow literally
            at, done = at + 2 + head, done + 1 + head
        else:
            at, done = at + 2, done + 257 - head
    return done == pixels and at <= end


def require_frame_of(header: Header, frame: bytes) -> None:
    """Compare a frame of JPEG, JPEG-LS or JPEG 2000 with the header.

    Raises:
        PixelError: The frame has another size, depth or number of components, or no end.
    """
    if frame.startswith(_START):
        found = _jpeg(frame)
    else:
        place = frame.find(_J2K_START, 0, 1024)  # some archives put it into a JP2 file
        if place < 0:
            raise PixelError("the compressed frame does not begin as JPEG or JPEG 2000")
        found = _jpeg2000(frame[place:])
    rows, columns, components, depth = found
    if (rows, columns, components) != (header.rows, header.columns, 1):
        raise PixelError(
            f"the compressed frame has {rows} x {columns} pixels of {components} samples, the "
            f"header {header.rows} x {header.columns} of 1"
        )
    if not 2 <= depth <= 16:
        raise PixelError(f"the compressed frame has {depth} bits")
    if not frame.rstrip(b"\0").endswith(_END):
        raise PixelError("the compressed frame has no end", truncated=True)


def _jpeg(frame: bytes) -> tuple[int, int, int, int]:
    """Return rows, columns, components and depth of JPEG or JPEG-LS."""
    place = 2
    while place + 10 <= len(frame) and frame[place] == 0xFF:
        marker, length = frame[place + 1], int.from_bytes(frame[place + 2 : place + 4], "big")
        if marker == 0xFF:  # a filling byte
            place += 1
            continue
        if marker in _FRAMES:
            depth, rows, columns, components = struct.unpack_from(">BHHB", frame, place + 4)
            return rows, columns, components, depth
        if marker == _SCAN:
            break
        place += 2 + length
    raise PixelError("the compressed frame has no header of its own")


def _jpeg2000(frame: bytes) -> tuple[int, int, int, int]:
    """Return rows, columns, components and depth of JPEG 2000."""
    try:
        (_, _, x, y, x_from, y_from, tile_x, tile_y, _, _, components, depth, step_x,
         step_y) = struct.unpack_from(_J2K_SIZE, frame, len(_J2K_START))  # fmt: skip
    except struct.error as error:
        raise PixelError("the compressed frame has no header of its own", truncated=True) from error
    if not tile_x or not tile_y or (step_x, step_y) != (1, 1):
        raise PixelError("the compressed frame has empty tiles or skips pixels")
    if -(-x // tile_x) * -(-y // tile_y) > _MAX_TILES:
        raise PixelError(f"the compressed frame has more than {_MAX_TILES} tiles")
    return y - y_from, x - x_from, components, (depth & 0x7F) + 1
