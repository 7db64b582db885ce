"""The configuration, key by key, from its schema and from what the shipped files set.

`python -m docs.site.configuration` writes the tables of config/README.md; the site makes them anew.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from docs.site.value_words import followed, value_words
from maknet.files import ROOT
from maknet.reporting.audit_page.settings import sections_of

PAGE = ROOT / "config/README.md"
MARK = "<!-- Below: written by `python -m docs.site.configuration`; do not edit. -->\n"
# The first file that sets a key says what is shown of it.
_FILES = ("paper.yaml", "choices.yaml", "demo.yaml")
_HEAD = "| key | values | {} | section | meaning |\n| --- | --- | --- | --- | --- |\n"
_LONGEST = 90  # letters of a value in a table
# What a comment of paper.yaml begins with where it names a place of the paper, or none.
_PLACE = re.compile(r"section ([\d.]*\d)|(open|table \d|figure \d)", re.IGNORECASE)


@dataclass(frozen=True)
class Key:
    """One key of the configuration.

    Attributes:
        name: Dotted.
        node: What the schema says of it, its reference followed.
    """

    name: str
    node: Mapping[str, Any]

    @property
    def meaning(self) -> str:
        """What it means, as the schema has it; empty where the schema is silent."""
        return str(self.node.get("description", ""))

    @property
    def is_section(self) -> bool:
        """Whether it holds other keys."""
        return "properties" in self.node


class Configuration:
    """The schema, and what the shipped files set."""

    def __init__(self) -> None:
        self._schema = _read("workflow/schemas/config.schema.yaml")
        self._set = {name: _read(f"config/{name}") for name in _FILES}
        self._places = sections_of(ROOT / "config/paper.yaml")

    def by_section(self) -> dict[str, list[Key]]:
        """Return all keys that have a row, by their section; the first have none, `""`."""
        top = list(self._below(Key("", self._schema)))
        plain = {"": [key for key in top if not key.is_section]}
        return plain | {key.name: list(self._rows(key)) for key in top if key.is_section}

    def tables(self) -> str:
        """Return the tables of all sections as Markdown."""
        leads = {key.name: key.meaning for key in self._below(Key("", self._schema))}
        parts = []
        for section, keys in self.by_section().items():
            parts.append(f"## {section or 'Top level'}\n")
            if section:
                parts.append(f"{_linked(leads[section])}\n")
            head = _HEAD.format(_FILES[0] if self._is_in_paper(keys) else _FILES[-1])
            parts.append(head + "".join(map(self._row, keys)))
        return "\n".join(parts)

    def _below(self, section: Key) -> Iterator[Key]:
        prefix = f"{section.name}." if section.name else ""
        for name, node in section.node["properties"].items():
            yield Key(prefix + name, followed(node, self._schema))

    def _rows(self, section: Key) -> Iterator[Key]:
        """Yield the keys below a section; one with a meaning of its own stands for its parts."""
        for key in self._below(section):
            if key.is_section and not key.meaning:
                yield from self._rows(key)
            else:
                yield key

    def _is_in_paper(self, keys: list[Key]) -> bool:
        return any(key.name.split(".")[0] in self._set["paper.yaml"] for key in keys)

    def _row(self, key: Key) -> str:
        place = _PLACE.match(self._places.get(key.name, ""))
        where = (place[1] or place[2].lower()) if place else ""
        cells = [f"`{key.name}`", value_words(key.node, self._schema), self._value(key.name), where,
                 _linked(key.meaning)]  # fmt: skip
        return f"| {' | '.join(cells)} |\n"

    def _value(self, name: str) -> str:
        """Return what the first file that sets a key has, or that file where it is long."""
        for file, settings in self._set.items():
            found: Any = settings
            for part in name.split("."):
                if not isinstance(found, Mapping) or part not in found:
                    break
                found = found[part]
            else:
                text = yaml.safe_dump(found, default_flow_style=True, sort_keys=False, width=10_000)
                short = text.removesuffix("\n").removesuffix("\n...")
                return f"`{short}`" if len(short) <= _LONGEST else f"see {file}"
        return ""


def page() -> str:
    """Return config/README.md: what is written by hand, then the tables."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return f"{by_hand}{MARK}\n{Configuration().tables()}"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return found


def _linked(text: str) -> str:
    """Return words of the schema for a table, with links where they name a page."""
    named = re.sub(r"\b(docs/\w+\.md)", r"[\1](../\1)", text.replace("|", "\\|"))
    return named.replace("REPRODUCTION.md", "[REPRODUCTION.md](../REPRODUCTION.md)")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
