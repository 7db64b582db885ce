"""Which settings a rule depends on: `workflow/settings.yaml` lists them.

Parameters alone do not tell: a job may hold a setting under another name, and two settings of one
name may have one value.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from maknet.config.settings import Setting
from maknet.files import ROOT

_LIST = ROOT / "workflow/settings.yaml"
NUMERICS = "jobs.numerics"  # a parameter of every rule that computes, see rules/code.smk
_OWN, _FIRST = "seeds:own", "seeds:first"


@cache
def settings_by_rule() -> dict[str, list[Any]]:
    """Return the entries of the list by rule."""
    import yaml

    return dict(yaml.safe_load(_LIST.read_text(encoding="utf-8")))


def holds(entry: str | Mapping[str, Any], known: Mapping[str, Any], setting: Setting) -> bool:
    """Return whether an entry of the list stands for a setting that has changed.

    Args:
        entry: The entry.
        known: Wildcards and parameters of the job.
        setting: The setting.
    """
    if not isinstance(entry, str):
        when = entry["when"].items()
        return holds(entry["key"], known, setting) and all(
            re.fullmatch(pattern, str(known.get(name, ""))) for name, pattern in when
        )
    if entry in (_OWN, _FIRST):
        seed = str(known.get("seed", "")) if entry == _OWN else ""
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
