"""The paths and addresses of the configuration: variables expanded, folders in one spelling."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.errors import InputError

_REMOTE = ("http://", "https://")


def expand_paths(config: Mapping[str, Any]) -> None:
    """Expand `$VARIABLES` in place, and write the folders of `paths` as records name them.

    Raises:
        InputError: A variable is not set, or a folder of `paths` cannot be one.
    """
    _expand(config["paths"], "paths")
    _expand(config["tcia"], "tcia")
    _expand(config["deeplesion"], "deeplesion")
    if config["labeled"]["source"] == "folder":
        _expand(config["labeled"].get("folder", {}), "labeled.folder")
    if config["unlabeled"]["source"] == "folder":
        _expand(config["unlabeled"], "unlabeled")
    for key, folder in config["paths"].items():
        config["paths"][key] = _output_folder(f"paths.{key}", folder)
    results, data = config["paths"]["results"], config["paths"]["data"]
    if results == data:
        raise InputError(
            f"The configuration keys 'paths.results' and 'paths.data' are both {results}; name two "
            "folders."
        )


def check_places(config: Mapping[str, Any]) -> None:
    """Refuse a mirror's address that is none.

    Raises:
        InputError: The address of a mirror does not begin with http:// or https://.
    """
    mirrors = [("deeplesion", "files"), ("deeplesion", "zips")]
    mirrors += [("tcia", "nbia_url"), ("tcia", "idc_endpoint")]
    for section, key in mirrors:
        place = config[section][key]
        is_address = section == "tcia" or "://" in (place or "")
        if place is not None and is_address and not place.startswith(_REMOTE):
            other = " or a folder" if section == "deeplesion" else ""
            raise InputError(
                f"The configuration key '{section}.{key}' is {place}; name an address that begins "
                f"with http:// or https://{other}."
            )


def _expand(section: dict[str, Any], name: str) -> None:
    for key, value in section.items():
        if not isinstance(value, str) or "$" not in value:
            continue
        section[key] = os.path.expandvars(value)
        if "$" in section[key]:
            variable = section[key].split("$", 1)[1].split("/", 1)[0].strip("{}")
            raise InputError(
                f"The configuration key '{name}.{key}' uses the environment variable {variable}, "
                "which is not set; export it or write the path itself."
            )


def _output_folder(key: str, value: str) -> str:
    """Return a folder as Snakemake and the records name it: relative below where one works."""
    if value.startswith("~"):
        raise InputError(
            f"The configuration key {key!r} is {value}, and ~ is not expanded; write $HOME."
        )
    folder = Path(os.path.normpath(value))
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    if folder in (Path(), Path("/")):
        raise InputError(
            f"The configuration key {key!r} names the folder {value}; name one of its own, such as "
            "results/mine."
        )
    _check_can_be_made(key, folder)
    return str(folder)


def _check_can_be_made(key: str, folder: Path) -> None:
    """Refuse a folder that cannot be made, since a file or a link to nowhere is in its place."""
    for path in (folder, *folder.parents):
        if path.is_dir():
            return
        if path.is_symlink() or path.exists():
            what = "a file" if path.exists() else "a broken link"
            raise InputError(
                f"The configuration key {key!r} names the folder {folder}, but {path} is {what}; "
                "remove it or name another folder."
            )
