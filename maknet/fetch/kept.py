"""Series that an earlier attempt verified: they wait beside the output, each with its list.

A list says what the files were and where they came from. What today's manifest says otherwise, or
what is not exactly as listed, is fetched again.
"""

import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from maknet.config.manifest import ManifestSeries
from maknet.errors import InputError
from maknet.fetch.verify import FetchError, FileChecksum, SeriesListing, verify_series
from maknet.files import parsing, read_json, write_json

logger = logging.getLogger("maknet")


@dataclass(frozen=True)
class KeptSeries:
    """A verified series, and the attempt that fetched it.

    Attributes:
        route: Name of the archive that it came from.
        address: Where its bytes came from.
        listed_at: Address that the manifest gave then: a new version has another.
        files: Its verified files.
    """

    route: str
    address: str
    listed_at: str
    files: list[FileChecksum]


def keep(folder: Path, partial: Path, kept: KeptSeries) -> None:
    """Move a verified series to `partial`; its list is written first."""
    names = {fact.file for fact in kept.files}
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    final = partial / folder.name
    shutil.rmtree(final, ignore_errors=True)
    write_json(_list_path(partial, folder.name), asdict(kept))
    shutil.move(folder, final)


def kept_before(partial: Path, item: ManifestSeries) -> KeptSeries | None:
    """Return a series that an earlier attempt kept, if it is whole and what the manifest lists."""
    listing = _list_path(partial, item.uid)
    if not listing.is_file() or not (partial / item.uid).is_dir():
        return None
    try:
        kept = _read(listing)
        _compare(kept, item)
        sums = {fact.file: fact.md5 for fact in kept.files}
        files = verify_series(partial / item.uid, item.uid, SeriesListing(len(sums), sums))
    except (InputError, FetchError) as fault:
        logger.info("%s was kept but is fetched again: %s", item.uid, fault)
        return None
    return KeptSeries(kept.route, kept.address, kept.listed_at, files)


def _list_path(partial: Path, uid: str) -> Path:
    return partial / f"{uid}.json"


def _read(listing: Path) -> KeptSeries:
    content = read_json(listing)
    with parsing(listing, "the list of a kept series", "delete it"):
        facts = [_fact(fact) for fact in content["files"]]
        route, address, listed_at = (str(content[n]) for n in ("route", "address", "listed_at"))
        return KeptSeries(route, address, listed_at, facts)


def _fact(values: Any) -> FileChecksum:  # noqa: ANN401 - any JSON value
    """Return one file of a list.

    Raises:
        TypeError: It is none.
    """
    if not (isinstance(values["file"], str) and isinstance(values["md5"], str)):
        raise TypeError("a file's name or sum is no text")
    return FileChecksum(**values)


def _compare(kept: KeptSeries, item: ManifestSeries) -> None:
    """Hold what was kept against today's manifest.

    Raises:
        FetchError: The manifest lists another number of images, or another version.
    """
    if item.images is not None and len(kept.files) != item.images:
        words = f"it has {len(kept.files)} images, the manifest now says {item.images}"
        raise FetchError("archive_changed", words)
    if kept.listed_at != item.address:
        raise FetchError("archive_changed", f"the manifest now says {item.address or 'no address'}")
