"""Named arrays in one file, written atomically, the same bytes for the same values."""

import io
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.files import atomic_path, existing_file, parsing

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold: no clock in the bytes


def save_arrays(path: str | Path, **arrays: NDArray[Any]) -> None:
    """Write arrays of any shape as an `.npz` that `numpy.load` reads; objects are refused."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), buffer.getvalue())


def load_arrays(path: str | Path, needed: Collection[str] = ()) -> dict[str, NDArray[Any]]:
    """Read all arrays of an `.npz`, by name.

    Args:
        path: File to read.
        needed: Names of arrays that must be there.

    Raises:
        InputError: The file is missing, damaged or holds pickles, or an array is missing.
    """
    path = existing_file(path)
    with (
        parsing(path, "a usable array file", "make it anew"),
        path.open("rb") as handle,
        np.load(handle, allow_pickle=False) as archive,
    ):
        arrays = {name: archive[name] for name in archive.files}
    missing = sorted(set(needed) - set(arrays))
    if missing:
        raise InputError(f"{path} has no array {missing[0]!r}; make it anew.")
    return arrays
