"""Where results lie, remembered beside them: a copy is told from what was always there."""

from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import ROOT, read_json, write_json
from maknet.provenance.code import RECORDS
from maknet.provenance.digests import where_allowed

_MARK, _PLACE = "state/place", "state/place.json"


def remember_new_place(folder: str) -> None:
    """Remember where results lie, before any is there."""
    results = Path(folder)
    if not (results / RECORDS).is_dir():
        remember_place(results)


def is_copied(folder: str) -> bool:
    """Return whether recorded results are not where they were seen last."""
    results = Path(folder)
    if not (results / RECORDS).is_dir():
        return False
    seen = _seen(results)
    return seen.get("mark") != _mark(results) or _checkout() not in seen.get("checkouts", [])


def remember_place(results: Path) -> None:
    """Remember a place, if that is allowed; otherwise the run is checked at each start."""
    with where_allowed():
        if _mark(results) is None:
            (results / _MARK).parent.mkdir(parents=True, exist_ok=True)
            (results / _MARK).touch()
        seen, mark = _seen(results), _mark(results)
        checkouts = seen.get("checkouts", []) if seen.get("mark") == mark else []
        write_json(results / _PLACE, {"mark": mark, "checkouts": sorted({*checkouts, _checkout()})})


def _seen(results: Path) -> dict[str, Any]:
    """Return where results were seen last; nothing where that is not known."""
    try:
        return dict(read_json(results / _PLACE))
    except (InputError, TypeError, ValueError):
        return {}


def _mark(results: Path) -> list[int] | None:
    """Return what a copy of an empty file has otherwise, and a moved one keeps.

    The number of its device says nothing: another node, or another start, may give it another one.
    """
    try:
        found = (results / _MARK).stat()
    except FileNotFoundError:
        return None
    return [found.st_ino, found.st_ctime_ns]


def _checkout() -> int:
    """Return what tells this checkout from another one, whose `.snakemake` is not this one's."""
    return ROOT.stat().st_ino
