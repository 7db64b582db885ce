"""The documentation's site, but for its build, which is `make site`: links, tables, reference."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from docs.site.configuration import PAGE, Configuration, page
from docs.site.links import loaded_from_elsewhere, source_files, with_site_links
from docs.site.reference import reference_pages
from docs.site.value_words import value_words
from maknet.files import ROOT

ADDRESSES = {
    "README.md": "index.md", "docs/paper.md": "paper.md", "docs/reference/index.md":
    "reference/index.md", "workflow/rules/train.smk": "source/workflow/rules/train.smk.md",
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "written", "in_the_site"),
    [
        ("README.md", "[a](docs/paper.md#x)", "[a](paper.md#x)"),
        ("docs/paper.md", "[a](../README.md)", "[a](index.md)"),
        ("docs/reference/index.md", "[a](../../README.md)", "[a](../index.md)"),
        ("README.md", "![a](docs/images/labeled.png)", "![a](images/labeled.png)"),
        ("docs/paper.md", "[`a`](../maknet/audit.py)", "[`a`][maknet.audit]"),
        ("docs/paper.md", "[a](../maknet/data/ct/__init__.py)", "[a][maknet.data.ct]"),
        ("README.md", "[a](maknet/fetch)", "[a][maknet.fetch]"),
        ("docs/paper.md", "[a](../workflow/rules/train.smk)",
         "[a](source/workflow/rules/train.smk.md)"),
        ("README.md", "see [a](tests) and [b](docs/paper.md)", "see a and [b](paper.md)"),
        ("README.md", "[a](maknet/none.py)", "[a](maknet/none.py)"),
        ("README.md", "[a](https://example.org/docs/paper.md)",
         "[a](https://example.org/docs/paper.md)"),
        ("README.md", "[a](#start)", "[a](#start)"),
        ("README.md", "`[a](docs/paper.md)`", "`[a](docs/paper.md)`"),
        ("README.md", "```\n[a](docs/paper.md)\n```\n[a](docs/paper.md)",
         "```\n[a](docs/paper.md)\n```\n[a](paper.md)"),
    ],
)  # fmt: skip
def test_links_that_hold_on_a_forge_hold_in_the_site(
    source: str, written: str, in_the_site: str
) -> None:
    assert with_site_links(written, source, ADDRESSES) == in_the_site


def test_code_that_a_page_links_to_has_a_page() -> None:
    text = (
        "[a](../Snakefile) [b](../maknet/audit.py) [c](data.md) [d](../config/tcia_series.csv.xz)"
    )
    assert list(source_files(text, "docs/paper.md")) == ["Snakefile"]


@pytest.mark.parametrize(
    ("html", "fetched"),
    [
        ('<script src="https://cdn.example/a.js"></script>', ["https://cdn.example/a.js"]),
        ("<img alt=x src=//cdn.example/a.png>", ["//cdn.example/a.png"]),
        ('<link rel="stylesheet" href="https://fonts.example/css">', ["https://fonts.example/css"]),
        ('<link rel="canonical" href="https://example.org/">', []),
        ('<a href="https://example.org"><img src="../images/a.png"></a>', []),
    ],
)
def test_what_a_browser_would_fetch_is_told_from_what_it_may_open(
    html: str, fetched: list[str]
) -> None:
    assert loaded_from_elsewhere(html) == fetched


def test_every_page_is_in_the_list_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    missing = [
        path.name for path in (ROOT / "docs").glob("*.md") if f"](docs/{path.name}" not in text
    ]
    assert missing == []


def test_the_tables_of_the_configuration_are_those_of_the_schema() -> None:
    assert PAGE.read_text() == page(), "run `python -m docs.site.configuration`"


def leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_key_has_a_row_with_its_meaning() -> None:
    rows = [key for keys in Configuration().by_section().values() for key in keys]
    assert [key.name for key in rows if not key.meaning] == []
    names = {key.name for key in rows}
    assert len(names) == len(rows) > 150
    for file in ("paper", "choices", "demo", "sample"):
        for leaf in leaves(yaml.safe_load((ROOT / f"config/{file}.yaml").read_text())):
            above = {leaf.rsplit(".", cut)[0] for cut in range(leaf.count(".") + 1)}
            assert above & names, leaf


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "whole number from 1 to 9"),
        ({"type": "integer", "minimum": 32, "multipleOf": 32}, "multiple of 32, from 32"),
        ({"type": "integer", "minimum": 1, "not": {"multipleOf": 2}}, "odd number from 1"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/chance"}, "minItems": 2, "maxItems": 2},
         "pair (number from 0 below 1)"),
        ({"type": ["string", "array"], "pattern": "^published$", "items": {"type": "integer"}},
         "`published` or list (whole number)"),
    ],
)  # fmt: skip
def test_a_schema_is_said_in_words(node: dict[str, Any], words: str) -> None:
    chance = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
    assert value_words(node, {"$defs": {"chance": chance}}) == words


def test_every_module_of_the_library_is_in_the_reference_once() -> None:
    text = "\n".join(reference_pages().values())
    for path in (ROOT / "maknet").rglob("*.py"):
        name = str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        if path.stem not in ("__init__", "__main__"):
            assert text.count(f"::: {name}\n") == 1, name
