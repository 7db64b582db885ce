"""The configuration of a run as it is kept beside its records, and what it would be now.

A record names its configuration by a digest. Beside the records stands, once for each digest, the
resolved configuration with the files that it was merged from and what the command line set.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.config.scenarios import with_scenario
from maknet.config.settings import ABSENT, Setting, differences
from maknet.config.yaml_files import with_defaults
from maknet.errors import InputError
from maknet.files import read_json, write_json
from maknet.provenance.paths import resolve

# How and where jobs run changes no result, but for what decides the arithmetic.
_NO_RESULT = (
    "jobs", "paths", "release", "label", "config_files", "software", "scenario", "not_varied",
)  # fmt: skip
_ARITHMETIC = ("numerics", "precision", "compile")


def keep_config(folder: Path, config: Mapping[str, Any]) -> str:
    """Keep a resolved configuration below the records' folder, and return its digest."""
    resolved = _resolved(config)
    files, scenario = list(config.get("config_files", [])), config.get("scenario", "")
    set_elsewhere = {
        setting.key: setting.found
        for setting in differences(merged_files(files, scenario), resolved)
        if setting.found is not ABSENT
    }
    kept = {"files": files, "set_elsewhere": set_elsewhere, "resolved": resolved}
    kept |= {"scenario": scenario} if scenario else {}
    name = _digest(kept)
    if not is_kept(folder, name):
        write_json(_path(folder, name), kept)
    return name


def is_kept(folder: Path, name: str) -> bool:
    """Return whether a kept configuration is there and is the one that its name stands for."""
    try:
        return _digest(read_json(_path(folder, name))) == name
    except (InputError, OSError):
        return False


def _resolved(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide results, as a file of them would be read."""
    return dict(json.loads(json.dumps(_deciding(config), sort_keys=True, default=str)))


def _deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide results; of how jobs run, only the arithmetic does."""
    deciding = {k: v for k, v in config.items() if k not in _NO_RESULT}
    jobs = dict(config.get("jobs") or {})
    arithmetic = {name: jobs[name] for name in _ARITHMETIC if name in jobs}
    return deciding | ({"jobs": arithmetic} if arithmetic else {})


def _digest(kept: object) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def changed_settings(
    folder: Path, name: str, config: Mapping[str, Any] | None = None
) -> list[Setting]:
    """Return the settings of a kept configuration that have another value now.

    Args:
        folder: Folder of the records.
        name: Digest of the kept configuration.
        config: The configuration now; by default what the same files and command line give.
    """
    kept = read_json(_path(folder, name))
    scenario = kept.get("scenario", "")
    if config is not None:
        now = _resolved(with_scenario(config, scenario))
    else:
        now = merged_files(kept["files"], scenario)
        for key, value in kept["set_elsewhere"].items():
            _put(now, key.split("."), value)
    return [
        Setting(s.key, *(None if v is ABSENT else v for v in (s.recorded, s.found)))
        for s in differences(kept["resolved"], now)
    ]


def uses(params: Any, setting: Setting) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether the parameters of a job hold a setting, by its key and its recorded value.

    A job may hold one item of a list under the singular of its key: `seed` of `seeds`.
    """
    name, recorded = setting.key.split(".")[-1], setting.recorded
    items = {name: [recorded]}
    if isinstance(recorded, list) and name.endswith("s"):
        items[name.removesuffix("s")] = recorded
    if isinstance(params, Mapping):
        return any(
            value in items.get(key, []) or uses(value, setting) for key, value in params.items()
        )
    return isinstance(params, list) and any(uses(value, setting) for value in params)


def merged_files(paths: Sequence[str], scenario: str = "") -> dict[str, Any]:
    """Return configuration files merged in order; a file that is gone counts as empty.

    Args:
        paths: The files.
        scenario: Name of the scenario whose choice is made, empty for none.
    """
    merged = with_defaults({}, [found for found in map(resolve, paths) if found.is_file()])
    return _deciding(with_scenario(json.loads(json.dumps(merged)), scenario))


def _path(folder: Path, name: str) -> Path:
    return folder / "config" / f"{name}.json"


def _put(into: dict[str, Any], keys: Sequence[str], value: Any) -> None:  # noqa: ANN401
    for place, key in enumerate(keys[:-1], 1):
        into = into.setdefault(key, {})
        if not isinstance(into, dict):
            raise InputError(
                f"The configuration key {'.'.join(keys[:place])} is no longer a section."
            )
    into[keys[-1]] = value
