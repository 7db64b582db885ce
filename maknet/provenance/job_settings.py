"""Which settings a job depends on: `workflow/settings.yaml` lists them by rule.

Parameters alone do not tell: a job may hold a setting under another name, and two settings of one
name may have one value.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from maknet.files import ROOT
from maknet.provenance.records import Record
from maknet.provenance.settings import Setting, uses

_LIST = ROOT / "workflow/settings.yaml"
_NUMERICS = "jobs.numerics"  # a parameter of every rule that computes, see rules/code.smk
_OWN, _FIRST = "seeds:own", "seeds:first"


def depends_on(record: Record, setting: Setting) -> bool:
    """Return whether a job would give another result, or be planned anew, by a changed setting.

    Args:
        record: The job's record.
        setting: A setting whose value has changed since.
    """
    if setting.key == _NUMERICS:
        return "numerics" in record.params
    listed = settings_by_rule().get(record.rule)
    if listed is None:  # a rule of the user's own
        return uses(record.params, setting)
    return any(_holds(entry, record, setting) for entry in listed)


@cache
def settings_by_rule() -> dict[str, list[Any]]:
    """Return the entries of the list by rule."""
    import yaml

    return dict(yaml.safe_load(_LIST.read_text(encoding="utf-8")))


def _holds(entry: str | Mapping[str, Any], record: Record, setting: Setting) -> bool:
    known = {**record.params, **record.wildcards}
    if not isinstance(entry, str):
        when = entry["when"].items()
        return _holds(entry["key"], record, setting) and all(
            re.fullmatch(pattern, str(known.get(name, ""))) for name, pattern in when
        )
    if entry in (_OWN, _FIRST):
        seed = str(record.wildcards.get("seed", "")) if entry == _OWN else ""
        return setting.key == "seeds" and _other_seed(seed, setting)
    key = entry.format_map(known)
    return setting.key == key or setting.key.startswith(f"{key}.")


def _other_seed(name: str, setting: Setting) -> bool:
    """Return whether a run, by its name's end such as `-seed4`, has another seed or is gone."""
    recorded, found = (
        v if isinstance(v, Sequence) else [] for v in (setting.recorded, setting.found)
    )
    if not name:
        return list(recorded[:1]) != list(found[:1])
    return int(name.removeprefix("-seed")) not in found[1:]
