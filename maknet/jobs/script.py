"""Runs a rule's script: its `main` is called with the values of the rule, by name.

A parameter of `main` bears the name of an input, an output, a parameter or a wildcard of the rule,
as a test of pytest names its fixtures; a wildcard gives way to the others. Paths arrive as `Path`.
A few names stand for more than one value: `inputs`, `outputs`, `wildcards`, `threads` (what one
computation may use), `workers` (the rule's threads), `config`, `resources`, `root_of` (the root of
an output that is written), and `training_job` in the scripts that train.
"""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import LIBRARY, ROOT
from maknet.jobs.job import ScriptJob, job, job_config
from maknet.jobs.numerics import compute_threads


def run_script(snakemake: ScriptJob, main: Callable[..., None]) -> None:
    """Run a script's `main` as a job, see `maknet.jobs.job.job`.

    Args:
        snakemake: The object that the workflow hands to the script.
        main: The script's `main` function.

    Raises:
        TypeError: The rule has no value, or two, of the name of a parameter.
    """
    with job(snakemake, script_path(main)) as record:
        main(**arguments(main, snakemake, root_of=record.root_of))


def script_path(main: Callable[..., None]) -> str:
    """Return the path, below the root of the checkout, of the script that defines `main`."""
    script = Path(main.__globals__["__file__"]).resolve()
    if not script.is_relative_to(LIBRARY.parent):
        raise InputError(
            f"The library that runs is {LIBRARY}, not the one beside {script}; remove "
            "it (`pip uninstall maknet-workflow`) or install the checkout (`pip install -e .`)."
        )
    return str(script.relative_to(ROOT))


def arguments(main: Callable[..., None], snakemake: ScriptJob, **more: object) -> dict[str, Any]:
    """Return the values of a job that `main` asks for; a default stands where a rule has none.

    Args:
        main: The script's `main` function.
        snakemake: The object that the workflow hands to the script.
        more: Further values by name.

    Raises:
        TypeError: The rule has no value, or two, of the name of a parameter.
    """
    inputs, outputs = _paths(snakemake.input), _paths(snakemake.output)
    wildcards, params = dict(snakemake.wildcards.items()), dict(snakemake.params.items())
    config = job_config(snakemake)
    whole = {
        "inputs": inputs, "outputs": outputs, "wildcards": wildcards,
        "threads": compute_threads(config, snakemake.threads), "workers": snakemake.threads,
        "config": config, "resources": snakemake.resources, **more,
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(main).parameters.items():
        homes = [whole] if name in whole else [v for v in (inputs, outputs, params) if name in v]
        homes = homes or [wildcards] * (name in wildcards)
        if len(homes) == 1:
            found[name] = homes[0][name]
        elif homes or parameter.default is parameter.empty:
            raise TypeError(
                f"rule {snakemake.rule} has {len(homes)} inputs, outputs, parameters or wildcards "
                f"named {name!r}; main of {script_path(main)} wants one"
            )
    return found


def _paths(section: Any) -> dict[str, Path | list[Path]]:  # noqa: ANN401 - Snakemake's Namedlist
    named: Mapping[str, Any] = dict(section.items())
    return {
        name: Path(value) if isinstance(value, str) else [Path(path) for path in value]
        for name, value in named.items()
    }
