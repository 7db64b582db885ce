"""Which settings a rule depends on: `workflow/settings.yaml` lists them.

Parameters alone do not tell: a job may hold a setting under another name, and two settings of one
name may have one value.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from maknet.config.arithmetic import PRECISION, precision_on
from maknet.config.settings import Setting
from maknet.errors import InputError
from maknet.files import ROOT

_LIST = ROOT / "workflow/settings.yaml"
NUMERICS = "jobs.numerics"  # a parameter of every rule that computes, see rules/code.smk
_OWN, _FIRST = "seeds:own", "seeds:first"


@cache
def settings_by_rule() -> dict[str, list[Any]]:
    """Return the entries of the list by rule.

    Raises:
        InputError: The library was started outside a checkout, which has the list.
    """
    import yaml

    if not _LIST.is_file():
        raise InputError(
            f"{_LIST} is missing: settings are compared by the list of a checkout; run this in one."
        )
    return dict(yaml.load(_LIST.read_text(encoding="utf-8"), yaml.CSafeLoader))


def own_name(rule: str, script: str) -> str:
    """Return the name that a rule has here: a workflow that imports it may have named it anew.

    Args:
        rule: Name of the rule where it runs.
        script: Path of its script, whose name most rules bear.
    """
    own = Path(script).stem
    if rule == own:
        return rule
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    others = settings_by_rule().keys() - scripts  # rules that run the script of another
    if rule in scripts | others:
        return rule
    return next((name for name in sorted(others) if name in rule), own)


def keys_of(rule: str, known: Mapping[str, Any]) -> list[str]:
    """Return the keys that a job depends on; `seeds:own` and `seeds:first` stand for its seed.

    Args:
        rule: Name of its rule, which the list has.
        known: Wildcards and parameters of the job.
    """
    keys = []
    for entry in settings_by_rule()[rule]:
        key, when = (entry, {}) if isinstance(entry, str) else (entry["key"], entry["when"])
        if all(re.fullmatch(p, str(known.get(name, ""))) for name, p in when.items()):
            keys.append(key.format_map(known))
    return keys


def depends(rule: str, known: Mapping[str, Any], setting: Setting) -> bool:
    """Return whether a job depends on a setting that has changed.

    Args:
        rule: Name of its rule, which the list has.
        known: Wildcards and parameters of the job.
        setting: The setting.
    """
    return any(_stands_for(key, known, setting) for key in keys_of(rule, known))


def _stands_for(key: str, known: Mapping[str, Any], setting: Setting) -> bool:
    if key in (_OWN, _FIRST):
        seed = str(known.get("seed", "")) if key == _OWN else ""
        return setting.key == "seeds" and _other_seed(seed, setting)
    if key == setting.key == PRECISION and "device" in known:
        recorded = precision_on(known["device"], setting.recorded)
        return recorded != precision_on(known["device"], setting.found)
    return setting.key == key or setting.key.startswith(f"{key}.")


def _other_seed(name: str, setting: Setting) -> bool:
    """Return whether a run, by its name's end such as `-seed4`, has another seed or is gone."""
    recorded, found = (
        v if isinstance(v, Sequence) else [] for v in (setting.recorded, setting.found)
    )
    if not name:
        return list(recorded[:1]) != list(found[:1])
    return int(name.removeprefix("-seed")) not in found[1:]
