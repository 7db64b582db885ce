"""Scenarios: one choice made differently, everything else as configured.

A scenario is an entry of the section `scenarios`: what it sets, and why. Its files are in a folder
of its own, `scenarios/<name>/` below the results and the data; whatever its choice does not affect
is shared with the base and not made again.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any

from maknet.config.check import Config, check_config
from maknet.config.rule_settings import NUMERICS, depends
from maknet.config.settings import Setting, differences, merge
from maknet.config.stages import stage, stage_of
from maknet.errors import InputError

FOLDER = "scenarios"
# No scenario can set these: all scenarios share what they decide.
_SHARED = ("student.rounds", "generic", "device")


def name_of(folder: str) -> str:
    """Return a scenario's name by its folder, `scenarios/<name>/`; empty for the base."""
    return folder.removeprefix(f"{FOLDER}/").rstrip("/")


def folder_of(name: str) -> str:
    """Return a scenario's folder, empty for the base."""
    return f"{FOLDER}/{name}/" if name else ""


def with_scenario(config: Mapping[str, Any], name: str) -> Config:
    """Return a configuration with a scenario's choice made, the base's own without a name.

    Args:
        config: The configuration.
        name: Name of the scenario.

    Raises:
        InputError: The configuration has no such scenario.
    """
    if not name:
        return dict(config)
    known = config.get(FOLDER, {})
    if name not in known:
        raise InputError(
            f"There is no scenario {name!r} in the configuration's section {FOLDER!r}; there are: "
            f"{', '.join(sorted(known)) or 'none'}."
        )
    found = deepcopy({key: value for key, value in config.items() if key != FOLDER})
    merge(found, known[name]["set"])
    return found | {"scenario": name}


def watched_runs(conclusions: Sequence[Mapping[str, Any]], last: str) -> list[str]:
    """Return the runs that conclusions compare.

    Args:
        conclusions: The configuration's section `conclusions`.
        last: Name of the last student's run, which a conclusion calls `last`.
    """
    named = [run for c in conclusions for run in c.get("higher", {}).get("runs", [])]
    return list(dict.fromkeys(last if run == "last" else run for run in named))


class Scenarios:
    """The scenarios of a configuration.

    Args:
        config: The checked configuration.
        schema: JSON schema that the configuration of every scenario meets, as YAML.
    """

    def __init__(self, config: Config, schema: str) -> None:
        self._config, self._schema = config, schema
        self._configs: dict[str, Config] = {"": config}
        self._changed: dict[str, list[Setting]] = {"": []}
        self._reached: dict[tuple[str, str], bool] = {}

    @cached_property
    def names(self) -> list[str]:
        """The scenarios that are compared: those for these data that change a setting.

        `varied` may name them. Those of another seed are left out where the configuration has
        several itself.

        Raises:
            InputError: `varied` names a scenario that does not exist.
        """
        dataset, repeated = self._config["dataset"], len(self._config["seeds"]) > 1
        known, chosen = self._config.get(FOLDER, {}), self._config.get("varied")
        names = known if chosen is None else chosen
        for name in names:
            with_scenario(self._config, name)
        fitting = [
            name for name in names
            if known[name].get("only", dataset) == dataset
            and not (repeated and "seeds" in known[name]["set"])
        ]  # fmt: skip
        return [name for name in fitting if self.changed(name)]

    def config(self, folder: str) -> Config:
        """Return the checked configuration of a scenario by its folder.

        Raises:
            InputError: There is no such scenario, or what it sets is wrong.
        """
        name = name_of(folder)
        if name not in self._configs:
            found = with_scenario(self._config, name)
            del found["scenario"]
            try:
                check_config(found | {FOLDER: {}}, self._schema)
            except InputError as error:
                raise InputError(f"Scenario {name!r}: {error}") from None
            changed = [s for s in differences(self._config, found) if s.key.split(".")[0] != FOLDER]
            _check_shared(name, changed)
            self._configs[name], self._changed[name] = found, changed
        return self._configs[name]

    def changed(self, name: str) -> list[Setting]:
        """Return the settings that a scenario changes."""
        self.config(folder_of(name))
        return self._changed[name]

    def path(self, pattern: str, folder: str) -> str:
        """Return a file of a scenario: the base's where the scenario's choice does not reach it.

        Args:
            pattern: Path with `{scenario}` where the scenario's folder stands.
            folder: The scenario's folder.
        """
        below = pattern.partition("{scenario}")[2]
        reached = self._is_reached(stage_of(below), name_of(folder))
        return pattern.replace("{scenario}", folder if reached else "")

    def _is_reached(self, name: str, scenario: str) -> bool:
        if not scenario:
            return False
        if (name, scenario) not in self._reached:
            found = stage(name, self._config)
            own = any(_reaches(s, found.rule, found.known) for s in self.changed(scenario))
            before = any(self._is_reached(other, scenario) for other in found.before)
            self._reached[name, scenario] = own or before
        return self._reached[name, scenario]


def _reaches(setting: Setting, rule: str, known: Mapping[str, str]) -> bool:
    return setting.key == NUMERICS or depends(rule, known, setting)


def _check_shared(name: str, changed: list[Setting]) -> None:
    """Refuse a scenario of a setting that decides what all scenarios share."""
    rules = (
        "build_labels", "prepare_lesions", "prepare_patches", "prepare_series", "draw_textures",
        "exclude_series", "pretrain_textures", "train_network", "pseudo_label", "train_student",
        "pretrain_vgg16", "train_lesanet", "predict_scores", "compute_metrics", "explain_run",
    )  # fmt: skip
    wildcards = [
        {"arch": arch, "kind": kind, "init": init, "run": "lesanet", "dataset": "deeplesion"}
        for arch in ("maknet", "vgg16", "resnet18")
        for kind in ("label", "lesion_label")
        for init in ("tcia", "scratch")
    ]
    for setting in changed:
        if setting.key == "seeds" and len(setting.found) != 1:
            raise InputError(
                f"Scenario {name!r}: 'seeds' must hold one seed, that of its runs; only the "
                "configuration itself can have several."
            )
        known = any(_reaches(setting, rule, each) for rule in rules for each in wildcards)
        if setting.key in _SHARED or not known:
            raise InputError(
                f"Scenario {name!r}: {setting.key} cannot be varied, since all scenarios share "
                "what it decides; set it in a configuration of its own with other 'paths', and "
                "compare the two with python -m maknet.compare."
            )
