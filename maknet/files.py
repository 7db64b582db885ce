"""Files that are either whole or absent.

Every output of a job is written beside its target and renamed into place, so that a kill or a
full disk never leaves half a file under a final name. `tempfile` is not used: its files have mode
0600, which locks out the rest of a group on a shared cluster.
"""

import csv
import errno
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from maknet.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

LIBRARY = Path(__file__).resolve().parent


def _checkout() -> Path:
    """Return the root of the checkout that this library lies in.

    Where the library is installed by itself, it is the checkout around the working folder: what
    was done there is audited and compared.
    """
    here, below = LIBRARY.parent, Path.cwd()
    if not (here / "Snakefile").is_file():
        for folder in (below, *below.parents):
            if (folder / "Snakefile").is_file() and (folder / "maknet").is_dir():
                return folder
    return here


ROOT = _checkout()
_BLOCK_BYTES = 1 << 20
_SWEPT: set[Path] = set()
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that becomes `target` when the block succeeds.

    The temporary file is removed when the block raises, and an older `target` is left as it was.
    Leftovers of the same target from killed processes on this node are removed, too.
    """
    target = Path(target)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    temporary = target.with_name(f".{target.name}.{_node()}.{os.getpid()}.tmp")
    try:
        with writing(target, temporary):
            yield temporary
            with temporary.open("rb+") as handle:
                os.fsync(handle.fileno())
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_leftovers(target: Path) -> None:
    """Remove the temporary files of this target whose process on this node is dead."""
    if target in _SWEPT:
        return
    _SWEPT.add(target)
    ours = re.compile(re.escape(f".{target.name}.{_node()}.") + r"(\d+)\.tmp")
    for path in target.parent.iterdir():
        found = ours.fullmatch(path.name)
        if found and not _is_alive(int(found[1])):
            path.unlink(missing_ok=True)


@cache
def _node() -> str:
    """Return a name for the processes that see one another: of the host and, in it, a container."""
    space = Path("/proc/self/ns/pid")
    return short_sha256(f"{platform.node()} {space.readlink() if space.is_symlink() else ''}")[:8]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def full_disk(error: BaseException | None) -> OSError | None:
    """Return the error of a full disk, or of a quota, that an exception is or came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and error.errno in _FULL:
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def full_disk_in(words: str, path: str | Path) -> OSError | None:
    """Return the error of a full disk that a program reported in words.

    Args:
        words: What it said.
        path: File or folder that it wrote.
    """
    for number in _FULL:
        if os.strerror(number).lower() in words.lower():
            return OSError(number, os.strerror(number), str(path))
    return None


@contextmanager
def writing(path: str | Path, temporary: Path | None = None) -> Iterator[None]:
    """Add the file's name to an error of a full disk, since the system does not always give it.

    Args:
        path: File or folder that the block writes.
        temporary: File that stands for it until it is whole.
    """
    try:
        yield
    except Exception as error:
        full = full_disk(error)
        if full is not None:
            named = full.filename2 or full.filename  # `filename2` is where a copy writes
            unknown = named in (None, str(temporary))
            full.filename, full.filename2 = str(path) if unknown else named, None
        raise


@contextmanager
def parsing(path: str | Path, kind: str, advice: str) -> Iterator[None]:
    """Turn whatever a parser raises into one sentence: damaged bytes raise errors of any kind.

    Args:
        path: File that the block parses; the block does nothing else.
        kind: What the file should be, such as `a CSV file`.
        advice: What to do about it.

    Raises:
        InputError: The block raised, or the file could not be read.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, no parser's
            raise InputError(
                f"{path} cannot be read ({error.strerror}); check its permissions and its disk."
            ) from error
        words = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path} is not {kind} ({words}); {advice}.") from error


def is_utf8(name: str) -> bool:
    """Return whether the name of a file can be written into tables and logs."""
    return name.encode("utf-8", "ignore").decode() == name


def write_text(target: str | Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: str | Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write JSON atomically with sorted keys, so that equal values give equal bytes."""
    write_text(target, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Read a JSON file.

    Raises:
        InputError: The file is missing, is not JSON, or says something twice.
    """
    path = existing_file(path)
    with parsing(path, "JSON", "replace the file"):
        text = path.read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_unique)


def _no_number(name: str) -> None:
    raise ValueError(f"it holds {name}, which is not a JSON number")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def write_rows(
    target: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Write rows as CSV atomically; a row with a key outside `columns` is a programming error."""
    with atomic_path(target) as temporary, temporary.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_frame(target: str | Path, table: "pd.DataFrame") -> None:
    """Write a pandas table as CSV atomically, whole numbers whole, others with six digits."""
    with atomic_path(target) as temporary:
        table.to_csv(temporary, index=False, float_format=_digits, lineterminator="\n")


def _digits(number: object) -> str:
    # A count in a column with undefined cells is a float, and keeps its digits.
    value = float(number)  # type: ignore[arg-type] # pandas passes floats
    return f"{value:.0f}" if value.is_integer() and abs(value) < 2**53 else f"{value:.6g}"


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """Read a CSV file as dictionaries of strings.

    Raises:
        InputError: The file is missing or is no CSV, a column's name stands there twice, or a row
            is shorter or longer than the header.
    """
    path = existing_file(path)
    with parsing(path, "a CSV file", "replace the file"):
        rows = csv_rows(path.open(newline="", encoding="utf-8-sig"))
    for number, row in enumerate(rows):
        if None in row or None in row.values():
            raise InputError(f"{path}: row {number} has fewer or more cells than the header.")
    return rows


def csv_rows(opened: TextIO) -> list[dict[str, str]]:
    """Return the rows of a CSV file, and close it.

    Raises:
        ValueError: Two columns have one name.
    """
    with opened:
        reader = csv.DictReader(opened)
        rows = list(reader)
    names = list(reader.fieldnames or ())
    if len(set(names)) < len(names):
        raise ValueError("two columns have one name")
    return rows


def sha256(path: str | Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def short_sha256(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def md5(content: bytes) -> str:
    """Return the hexadecimal MD5 sum of some bytes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def file_md5(path: str | Path) -> str:
    """Return the hexadecimal MD5 sum of a file, which archives publish."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def existing_file(path: str | Path) -> Path:
    """Return `path` if it is a file.

    Raises:
        InputError: There is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is missing; check the path or produce the file first.")
    return path
