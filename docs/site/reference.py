"""The reference of the library: a page for each room, from the docstrings of its modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

from maknet.files import ROOT

_LIBRARY = ROOT / "maknet"
_INDEX = """# Library

Made from the docstrings. Which package may import which stands in
[Contributing](../../CONTRIBUTING.md#layers-and-imports). Names that begin with an underscore are
not shown.

| package | what it is |
| --- | --- |
"""


def reference_pages() -> dict[str, str]:
    """Return the pages by their address: one of contents, and one for each package."""
    packages = {_dotted(path.parent): path.parent for path in _LIBRARY.rglob("__init__.py")}
    names = sorted(packages)
    rows = [f"| [{name}]({name}.md) | {_summary(packages[name])} |\n" for name in names]
    pages = {f"reference/{name}.md": _page(name, packages[name]) for name in names}
    return {"reference/index.md": _INDEX + "".join(rows), **pages}


def _page(name: str, package: Path) -> str:
    # Without a heading: the page has one.
    own = f"::: {name}\n    options:\n      members: false\n      show_root_heading: false"
    modules = [f"::: {name}.{module}" for module in _modules(package)]
    return "\n\n".join([f"# {name}", own, *modules]) + "\n"


def _modules(package: Path) -> Iterator[str]:
    for path in sorted(package.glob("*.py")):
        if not path.stem.startswith("__"):
            yield path.stem


def _dotted(package: Path) -> str:
    return str(package.relative_to(ROOT)).replace("/", ".")


def _summary(package: Path) -> str:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    return (docstring or "").split("\n")[0]
