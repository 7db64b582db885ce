"""Where a release comes from: files as their jobs wrote them, and the commits of these jobs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from maknet.errors import InputError
from maknet.provenance.lineage import audit
from maknet.provenance.links import CHANGED, MISSING
from maknet.provenance.records import Record
from maknet.provenance.ro_crate import lineage_records


def require_unchanged(names: Sequence[str]) -> None:
    """Refuse to release results of which a file is not what its job wrote, at any depth.

    Changed code, settings or packages are no reason: a record names those that made the file.

    Args:
        names: Results, in one results folder.

    Raises:
        InputError: A file was changed, or is missing.
    """
    kinds = ("file", "record")
    faults = [f for f in audit(*names) if f.kind in kinds and f.status in (CHANGED, MISSING)]
    if faults:
        first = faults[0]
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise InputError(
            f"{first.path} is not what its job wrote ({first.status}{more}), so nothing is "
            "released. `python -m maknet.audit RESULT` names every such file; make it anew with "
            f"`snakemake --forcerun {first.rule or 'RULE'}`."
        )


def commits(names: Iterable[str], records: Mapping[str, Record]) -> dict[str, Any]:
    """Return the commits that all jobs behind results ran, and whether none had other changes."""
    found = [record.environment for record in lineage_records(names, records)]
    return {
        "commits": sorted({str(environment["commit"] or "unknown") for environment in found}),
        "clean": all(environment["clean"] for environment in found),
    }
