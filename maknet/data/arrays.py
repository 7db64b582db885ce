"""Named arrays in one file, written atomically, the same bytes for the same values."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.files import atomic_path, existing_file

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold: no clock in the bytes


def save_arrays(path: str | Path, **arrays: NDArray[Any]) -> None:
    """Write arrays of any shape as an `.npz` that `numpy.load` reads; objects are refused."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), buffer.getvalue())


def load_arrays(path: str | Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an `.npz`, by name.

    Raises:
        InputError: The file is missing, damaged or holds pickles.
    """
    try:
        with np.load(existing_file(path), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a usable array file ({error}); make it anew.") from error
