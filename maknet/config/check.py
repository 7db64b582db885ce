"""The configuration, checked before any job starts.

What is wrong with it ends in one sentence that names the key. Imported while the workflow is
parsed, so nothing heavy is imported here.
"""

import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.config.paths import check_places, expand_paths
from maknet.config.ranges import check_ranges
from maknet.errors import InputError
from maknet.files import ROOT

Config = dict[str, Any]
_MAX_DEPTH = 20
_TYPE_NAMES = {
    "integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false",
    "array": "a list", "object": "a section", "null": "null",
}  # fmt: skip


def check_config(config: Config, schema: str | Path) -> None:
    """Check a merged configuration, and bring its paths into one spelling in place.

    Args:
        config: The configuration.
        schema: JSON schema as YAML.

    Raises:
        InputError: The first thing that is wrong, with its key.
    """
    import yaml
    from jsonschema import Draft202012Validator

    rules = yaml.load(Path(schema).read_text(encoding="utf-8"), yaml.CSafeLoader)
    _check_plain(config, "")
    checker = _strict_validator(Draft202012Validator)
    errors = sorted(checker(rules).iter_errors(config), key=lambda e: [str(k) for k in e.path])
    if errors:
        raise InputError(_sentence(errors[0]))
    check_ranges(config)
    expand_paths(config)
    check_places(config)
    _check_sources(config)


def sorted_keys(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value whose sections have their keys in order."""
    if isinstance(value, Mapping):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return value


def _sentence(error: Any) -> str:  # noqa: ANN401 - jsonschema's error, untyped
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))[0]
        close = difflib.get_close_matches(unknown, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys are {', '.join(known)}."
        return f"Unknown configuration key {_joined(key, unknown)!r}; {hint}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"The configuration key {_joined(key, missing)!r} is missing; see config/README.md."
    if error.validator == "type":
        wanted = " or ".join(_TYPE_NAMES[name] for name in _listed(error.validator_value))
        return f"The configuration key {key!r} must be {wanted}, not {error.instance!r}."
    if error.validator == "not":
        return f"The configuration key {key!r} must be odd, not {error.instance!r}."
    return f"The configuration key {key!r} is out of range: {error.message}."


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _strict_validator(base: Any) -> Any:  # noqa: ANN401 - jsonschema is untyped
    """Return a validator for which 12.0 is no whole number: code would count with it."""
    from jsonschema.validators import extend

    def is_integer(_: object, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    return extend(  # type: ignore[no-untyped-call]
        base, type_checker=base.TYPE_CHECKER.redefine("integer", is_integer)
    )


def _check_plain(value: object, key: str, depth: int = 0) -> None:
    """Refuse what YAML can say and a setting cannot be: keys that are no text, .nan and .inf."""
    if depth > _MAX_DEPTH:
        raise InputError(f"The configuration key {key[:80]!r} holds itself, or far too much.")
    if isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str):
                raise InputError(f"The configuration key {name!r} below {key!r} is not text.")
            _check_plain(part, _joined(key, name), depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check_plain(part, key, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"The configuration key {key!r} must be finite, not {value}.")


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _check_sources(config: Config) -> None:
    for section, key in (("tcia", "manifest"), ("deeplesion", "sources")):
        config[section][key] = _shipped(config[section][key])
        _require(f"{section}.{key}", Path(config[section][key]), folder=False)
    for key in ("files", "zips"):
        place = config["deeplesion"][key]
        if place is not None and "://" not in place:
            _require(f"deeplesion.{key}", Path(place), folder=True)
    drawn = [s for s in ("labeled", "unlabeled") if config[s]["source"] == "phantom"]
    if drawn and config["dataset"] != "phantom":
        raise InputError(
            f"The configuration key 'dataset' is {config['dataset']}, but '{drawn[0]}.source' is "
            "phantom: synthetic data must be called phantom."
        )
    for section in ("labeled", "unlabeled"):
        source = config[section]["source"]
        if source == "phantom" and "phantom" not in config:
            raise InputError(
                f"The configuration key '{section}.source' is phantom, but there is no section "
                "'phantom'; see config/demo.yaml."
            )
        if source == "folder" and "folder" not in config[section]:
            raise InputError(
                f"The configuration key '{section}.folder' is missing; name your data there."
            )
    if config["labeled"]["source"] == "folder":
        for key, path in config["labeled"]["folder"].items():
            _require(f"labeled.folder.{key}", Path(path), folder=key == "images")
    if config["unlabeled"]["source"] == "folder":
        _require("unlabeled.folder", Path(config["unlabeled"]["folder"]), folder=True)


def _shipped(path: str) -> str:
    """Return a shipped file's path also when the working directory is another folder."""
    elsewhere = ROOT / path
    return str(elsewhere) if not Path(path).exists() and elsewhere.exists() else path


def _require(key: str, path: Path, folder: bool) -> None:
    if folder and not path.is_dir():
        raise InputError(
            f"The configuration key {key!r} names the folder {path}, which is missing; "
            "create it or name another."
        )
    if not folder and not path.is_file():
        raise InputError(
            f"The configuration key {key!r} names the file {path}, which is missing; "
            "put it there or name another."
        )
