"""Where links of a page lead in the site: pages of docs/ are written for GitHub, too.

A path is that of a file below the checkout, as on GitHub; an address is that of a page below the
site.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maknet.files import ROOT

# Files that have a page of their own once a page links to them, by the language of their code.
LANGUAGES = {
    ".py": "python", ".smk": "python", ".yaml": "yaml", ".csv": "text", ".in": "text",
    ".txt": "text", ".toml": "toml", ".cff": "yaml", ".json": "json", ".rst": "rst", "": "text",
}  # fmt: skip
# Code comes first: what looks like a link within it is none.
_LINK = re.compile(r"(?P<code>`+[^`]*`+)|(?P<text>!?\[[^\]]*\])\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^ *(```|~~~)")
# What a browser fetches by itself, in contrast to what it opens when somebody clicks.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data)=[\"']?"
    r"(?P<by_tag>(?:https?:)?//[^\s\"'>]+)"
    r"|<link\b(?![^>]*\brel=[\"']?canonical)[^>]*\bhref=[\"']?(?P<linked>(?:https?:)?//[^\s\"'>]+)"
)


@dataclass(frozen=True)
class Link:
    """A link to something of the checkout.

    Attributes:
        path: File or folder, as links of the page name it, from the root of the checkout.
        anchor: Heading, with its `#`; empty for none.
    """

    path: str
    anchor: str


def link_to(source: str, target: str) -> Link | None:
    """Return what a link leads to within the checkout, None for what lies elsewhere.

    Args:
        source: Path of the page.
        target: What stands in the link's parentheses.
    """
    path, mark, anchor = target.partition("#")
    if "://" in target or target.startswith("mailto:") or not path:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    return Link(joined, mark + anchor)


def source_files(text: str, source: str) -> Iterator[str]:
    """Yield the files outside docs/ and the library that a page links to, and that can be shown."""
    for match in _matches(text):
        link = link_to(source, match["target"])
        if link and not link.path.startswith("docs/") and not library_name(link.path):
            path = ROOT / link.path
            if path.is_file() and path.suffix in LANGUAGES:
                yield link.path


def with_site_links(text: str, source: str, addresses: Mapping[str, str]) -> str:
    """Return a page whose links lead to pages of the site.

    A link to a module of the library leads to its reference. What has no page here, a folder or a
    binary file, keeps its name and loses its link. A link to what there is not stays as it is: the
    strict build names it.

    Args:
        text: Markdown of the page.
        source: Path of the page.
        addresses: The site's pages by path, this one among them.
    """
    here = posixpath.dirname(addresses[source])

    def led(match: re.Match[str]) -> str:
        link = link_to(source, match["target"]) if match["target"] else None
        if link is None:
            return match[0]
        known = addresses.get(link.path)
        if known is None and link.path.startswith("docs/"):
            known = link.path.removeprefix("docs/")
        if known is not None:
            return f"{match['text']}({posixpath.relpath(known, here or '.')}{link.anchor})"
        if name := library_name(link.path):
            return f"{match['text']}[{name}]"
        return match["text"][1:-1] if (ROOT / link.path).exists() else match[0]

    return "\n".join(line if code else _LINK.sub(led, line) for line, code in _lines_and_code(text))


def loaded_from_elsewhere(page: str) -> list[str]:
    """Return the addresses on other hosts that a browser would fetch to show a page of HTML."""
    return [match["by_tag"] or match["linked"] for match in _FETCHED.finditer(page)]


def library_name(path: str) -> str:
    """Return the dotted name of a module or package of the library; empty for other paths."""
    module = ROOT / path
    is_module = module.suffix == ".py" and module.is_file()
    if path.split("/")[0] != "maknet" or not (is_module or (module / "__init__.py").is_file()):
        return ""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _matches(text: str) -> Iterator[re.Match[str]]:
    for line, code in _lines_and_code(text):
        if not code:
            yield from (match for match in _LINK.finditer(line) if match["target"])


def _lines_and_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line with whether it is of a block of code."""
    inside = False
    for line in text.split("\n"):
        fence = _FENCE.match(line) is not None
        yield line, inside or fence
        inside ^= fence
