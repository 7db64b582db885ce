"""The settings of a job as people check them: key, value, and the section of the paper."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.config.arithmetic import PRECISION
from maknet.config.rule_settings import NUMERICS, keys_of, settings_by_rule
from maknet.config.settings import leaves
from maknet.files import read_json
from maknet.provenance.code import RECORDS
from maknet.provenance.records import Record

_LINE = re.compile(r"^( *)([a-z][a-z0-9_]*):\s*([^#]*)(?:#\s*(.*))?$")


def sections_of(config_file: Path) -> dict[str, str]:
    """Return what a configuration file's comments say of each key: its section, or `open`."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in config_file.read_text(encoding="utf-8").splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        depth, name, _, comment = match.groups()
        above = [item for item in above if item[0] < len(depth)]
        above.append((len(depth), name))
        if comment:
            found[".".join(part for _, part in above)] = comment.strip()
    return found


def job_settings(job: Record, results: Path) -> list[tuple[str, str]]:
    """Return the settings that a job depends on, by key, as they were when it ran."""
    kept = results / RECORDS / "config" / f"{job.config}.json"
    config = read_json(kept)["resolved"] if kept.is_file() else {}
    known = {**job.params, **job.wildcards}
    keys = keys_of(job.rule, known) if job.rule in settings_by_rule() else []
    found: dict[str, str] = {}
    for key in keys:
        if key.startswith("seeds:"):
            found["seeds"] = str(job.params.get("seed", config.get("seeds")))
        elif key == PRECISION and "precision" in job.params:
            found[PRECISION] = str(job.params["precision"])  # null in the configuration, as a rule
        else:
            found.update((name, str(value)) for name, value in leaves({key: _at(config, key)}))
    if "numerics" in job.params:
        found[NUMERICS] = str(job.params["numerics"])
    return sorted(found.items())


def _at(config: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - any JSON value
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
