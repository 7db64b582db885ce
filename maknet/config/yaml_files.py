"""Configuration files, read a second time for what YAML silently accepts.

Snakemake's reader takes the last of two equal keys, and follows a section that contains itself
forever. Imported while the workflow is parsed, so nothing heavy is imported here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from maknet.config.settings import merge
from maknet.errors import InputError
from maknet.files import existing_file, parsing


def check_yaml_files(paths: Iterable[str | Path]) -> None:
    """Refuse a configuration file that says something twice, or refers to itself.

    Raises:
        InputError: The first such place, with its key and line.
    """
    for path in paths:
        root = _composed(existing_file(path))
        for where, key, line in _repeated(root):
            name = f"{where}.{key}" if where else key
            raise InputError(
                f"{path}: the key {name!r} occurs again in line {line}; keep only one."
            )


def with_defaults(config: Mapping[str, Any], paths: Iterable[str | Path]) -> dict[str, Any]:
    """Return merged settings: later files override earlier ones, and the mapping overrides all.

    Raises:
        InputError: A file does not hold settings.
    """
    import yaml

    merged: dict[str, Any] = {}
    for path in paths:
        with parsing(path, "a configuration file", "fix it"):
            content = yaml.safe_load(existing_file(path).read_text(encoding="utf-8")) or {}
            json.dumps(content)
            merge(merged, content)
    merge(merged, config)
    return merged


def _composed(path: Path) -> Any:  # noqa: ANN401 - a node of PyYAML, untyped
    """Return a file's tree of nodes, None for an empty file."""
    import yaml

    with parsing(path, "a usable YAML file", "fix it"):
        # Not libyaml's loader: deep nesting overflows its stack, which ends the process.
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        _refuse_circles(root)
    return root


def _refuse_circles(root: Any) -> None:  # noqa: ANN401
    """Raise a `ValueError` where a node holds itself, below any of its names."""
    above: set[int] = set()  # the nodes that hold the one that is looked at
    known: set[int] = set()
    steps = [(root, False)]
    while steps:
        node, left = steps.pop()
        if left:
            above.discard(id(node))
        elif id(node) in above:
            raise ValueError(f"what begins in line {node.start_mark.line + 1} holds itself")
        elif id(node) not in known:
            known.add(id(node))
            above.add(id(node))
            steps.append((node, True))
            steps += [(part, False) for _, part in _parts(node)]


def _repeated(root: Any) -> Iterator[tuple[str, str, int]]:  # noqa: ANN401
    """Yield section, key and line of each key that its section has already."""
    known: set[int] = set()
    waiting = [("", root)]
    while waiting:
        where, node = waiting.pop(0)
        if id(node) in known:
            continue
        known.add(id(node))
        keys: set[str] = set()
        for key, part in _parts(node):
            name = "" if key is None else str(key.value)
            if key is not None and name in keys:
                yield where, name, key.start_mark.line + 1
            keys.add(name)
            waiting.append((f"{where}.{name}".strip("."), part))


def _parts(node: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401
    """Return key and value of all that a node holds; the items of a list have no key."""
    value = getattr(node, "value", None)
    if not isinstance(value, list):
        return []
    return [part if isinstance(part, tuple) else (None, part) for part in value]
