"""Settings of the command line, whose lists and sections Snakemake reads as text throughout.

`--config seeds=[1,2]` arrives as `["1", "2"]`: numbers, true, false and null get their types back.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from maknet.errors import InputError

# Options whose next word is a path, and no target.
_NAME_A_FILE = re.compile(
    r"-d|--(directory|report|report-stylesheet|shadow-prefix|cleanup-metadata|configfiles?|profile|"
    r"snakefile|conda-prefix|apptainer-prefix|generate-unit-tests|archive|logger-\S+)"
)
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")
_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")


def set_types(config: dict[str, Any], command_line: Mapping[str, Any]) -> None:
    """Give the values that the command line set their types, in place.

    Args:
        config: The merged configuration.
        command_line: What Snakemake parsed of `--config`, by key.
    """
    for key, value in command_line.items():
        if isinstance(value, Mapping) and isinstance(config.get(key), dict):
            set_types(config[key], value)
        else:
            config[key] = _typed(value)


def check_demo_targets(words: Sequence[str], results: str) -> None:
    """Refuse a file of another run if no configuration was named, so that the demo would run.

    Args:
        words: The command line; Snakemake tells no targets while it reads the rules.
        results: The demo's folder of results.

    Raises:
        InputError: A target lies below `results/`, but not below the demo's folder.
    """
    for before, target in pairwise(words):
        path = PurePath(target)
        if _NAME_A_FILE.fullmatch(before):
            continue
        if path.parts[:1] == ("results",) and not path.is_relative_to(results):
            raise InputError(
                f"{target} is not a file of the demo, which runs if no configuration is named and "
                f"makes {results}/{'/'.join(path.parts[1:])}; for the paper's run, add --profile "
                "slurm, or --configfile config/paper.yaml after the file."
            )


def check_executor(name: str) -> None:
    """Refuse to submit jobs where there is no Slurm.

    Raises:
        InputError: Jobs are for Slurm, and its commands are not found.
    """
    if name == "slurm" and shutil.which("sinfo") is None:
        raise InputError(
            "This machine has no Slurm: the command sinfo is not found. Run on the cluster's login "
            "node, load its module for Slurm, or leave out --profile slurm."
        )


def _typed(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _typed(item) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _WHOLE.fullmatch(value):
        return int(value)
    return float(value) if _NUMBER.fullmatch(value) else value
