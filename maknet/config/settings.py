"""Settings as they are compared and merged: sections of sections, keys joined by dots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = object()


@dataclass(frozen=True)
class Setting:
    """One setting that has changed.

    Attributes:
        key: Key of the setting, sections joined by dots.
        recorded: Recorded value, any JSON.
        found: Value now, any JSON.
    """

    key: str
    recorded: Any
    found: Any


def differences(
    recorded: Any,  # noqa: ANN401 - any JSON value
    found: Any,  # noqa: ANN401
    prefix: str = "",
) -> Iterator[Setting]:
    """Yield what differs between two structures of settings; a key that one lacks is `ABSENT`."""
    if isinstance(recorded, Mapping) and isinstance(found, Mapping):
        for key in sorted({*recorded, *found}):
            name = f"{prefix}.{key}" if prefix else key
            yield from differences(recorded.get(key, ABSENT), found.get(key, ABSENT), name)
    elif recorded != found:
        yield Setting(prefix, recorded, found)


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Merge settings into others, in place: sections are merged, all else is replaced."""
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting with its key, sections joined by dots; an empty section is a setting.

    Args:
        settings: Sections of sections.
        prefix: Key of `settings` itself.
    """
    for name, value in settings.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Mapping) and value:
            yield from leaves(value, key)
        else:
            yield key, value
