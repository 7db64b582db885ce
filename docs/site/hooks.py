"""Hooks of mkdocs: pages from elsewhere in the checkout, their links, nothing from the network.

A page that is written for GitHub (README.md, say) is a page of the site as it is; only its links
are other ones here. Run by `make site`.
"""

import logging

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.site.configuration import PAGE, page
from docs.site.links import LANGUAGES, loaded_from_elsewhere, source_files, with_site_links
from docs.site.reference import reference_pages
from maknet.files import ROOT

_LOG = logging.getLogger("mkdocs.hooks.site")
# Pages that lie outside of docs/, by their path in the checkout: their address in the site.
_ELSEWHERE = {
    "README.md": "index.md", "REPRODUCTION.md": "reproduction.md",
    "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
    "config/README.md": "configuration.md",
}  # fmt: skip
_REFERENCE = "Reference"
_HIDDEN = "---\nsearch: {exclude: true}\n---\n\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the rooms of the library below `Reference`."""
    rooms = [{_room(address): address} for address in reference_pages()]
    for entry in config.nav or []:
        if _REFERENCE in entry:
            entry[_REFERENCE] = rooms
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the library's reference, and the code that pages link to."""
    texts = {address: _text(path) for path, address in _ELSEWHERE.items()} | reference_pages()
    for address, text in texts.items():
        files.append(File.generated(config, address, content=text))
    addresses = _addresses(files)
    shown = {
        name for path, address in addresses.items()
        for name in source_files(_content(files, address), path)
    }  # fmt: skip
    for name in sorted(shown - addresses.keys()):
        files.append(File.generated(config, f"source/{name}.md", content=_code_page(name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a page to pages of the site."""
    addresses = _addresses(files)
    paths = {address: path for path, address in addresses.items()}
    return with_site_links(markdown, paths[page.file.src_uri], addresses)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Warn of a page that loads something from another host, which ends a strict build."""
    for found in loaded_from_elsewhere(output):
        _LOG.warning("%s loads %s: the site must open without a network", page.file.src_uri, found)
    return output


def _text(path: str) -> str:
    """Return a page; the tables of the configuration are made anew."""
    return page() if ROOT / path == PAGE else (ROOT / path).read_text(encoding="utf-8")


def _addresses(files: Files) -> dict[str, str]:
    """Return the address of every page by its path in the checkout."""
    elsewhere = {address: path for path, address in _ELSEWHERE.items()}
    return {_path(file.src_uri, elsewhere): file.src_uri for file in files.documentation_pages()}


def _path(address: str, elsewhere: dict[str, str]) -> str:
    if address.startswith("source/"):
        return address.removeprefix("source/").removesuffix(".md")
    return elsewhere.get(address, f"docs/{address}")


def _content(files: Files, address: str) -> str:
    file = files.get_file_from_path(address)
    return file.content_string if file else ""


def _code_page(name: str) -> str:
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    return f"{_HIDDEN}# {name}\n\n~~~~ {LANGUAGES[path.suffix]}\n{text.rstrip()}\n~~~~\n"


def _room(address: str) -> str:
    name = address.removeprefix("reference/").removesuffix(".md")
    return "Library" if name == "index" else name
