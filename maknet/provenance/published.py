"""The digests of the demo's results as they are published, and which of a run's are the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import ROOT, read_rows, sha256, write_rows

PUBLISHED = ROOT / "config/demo_digests.csv"
# What the same input, code and settings give: no logs, no pictures, no records with times.
_PUBLISHED_FILES = ("*.csv", "runs/*/model.safetensors", "scores/*/*.npz", "pseudo/*.npz")
_COLUMNS = ("file", "sha256")


@dataclass(frozen=True)
class Agreement:
    """How far a run's results are the published ones.

    Attributes:
        same: Files with the published bytes.
        other: Files with other bytes.
        missing: Published files that the run lacks.
    """

    same: list[str]
    other: list[str]
    missing: list[str]


def digests(results: Path) -> dict[str, str]:
    """Return the SHA-256 of a run's tables, weights, scores and pseudo-labels, by path below it."""
    found = sorted(path for pattern in _PUBLISHED_FILES for path in results.glob(pattern))
    return {str(path.relative_to(results)): sha256(path) for path in found}


def publish(results: Path, target: Path = PUBLISHED) -> int:
    """Write the digests of a run as the published ones, and return how many there are.

    Raises:
        InputError: The folder holds no results.
    """
    rows = [{"file": name, "sha256": value} for name, value in _some(results).items()]
    write_rows(target, _COLUMNS, rows)
    return len(rows)


def agreement(results: Path, published: Path = PUBLISHED) -> Agreement:
    """Compare a run with the published digests.

    Raises:
        InputError: The folder holds no results.
    """
    found = _some(results)
    expected: Mapping[str, str] = {row["file"]: row["sha256"] for row in read_rows(published)}
    return Agreement(
        same=[name for name, value in expected.items() if found.get(name) == value],
        other=[n for n, value in expected.items() if n in found and found[n] != value],
        missing=[name for name in expected if name not in found],
    )


def _some(results: Path) -> dict[str, str]:
    found = digests(results)
    if not found:
        raise InputError(f"{results} holds no results; name the results folder of a run.")
    return found
