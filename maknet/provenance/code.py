"""Digests of the code that a result depends on: a script and all that it can import.

Snakemake sees a script's date but not what the script imports. The digest below is a parameter of
each rule, so that a change to a library module reruns what reaches it and nothing else. Imported
while the workflow is parsed, so only the standard library is used.
"""

import ast
import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from maknet.files import ROOT, short_sha256
from maknet.provenance.environment import version

RECORDS = "provenance"  # the folder of a job's records, below the results
_PACKAGE = "maknet"
_SHOWN = ("snakemake", "numpy", "torch", "torchvision")


@dataclass(frozen=True)
class FileFacts:
    """What a digest needs of a Python file.

    Attributes:
        meaning: SHA-256 of the file without docstrings, comments and layout.
        imports: Names of the modules that it imports, wherever in it the import stands.
    """

    meaning: str
    imports: tuple[str, ...]


@cache
def file_facts(path: Path) -> FileFacts:
    """Return the facts of a file, which is read once in a process."""
    return read_facts(path)


def read_facts(path: Path) -> FileFacts:
    """Read a file and return its facts."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    imports = tuple(dict.fromkeys(_imports(tree)))
    return FileFacts(hashlib.sha256(_meaning(tree).encode()).hexdigest(), imports)


Facts = Callable[[Path], FileFacts]


def code_digest(script: str | Path, facts: Facts = file_facts) -> str:
    """Return a digest of a script and every module of the library it can import.

    Docstrings, comments and layout do not count: they cannot change a result.

    Args:
        script: Path below the root of the checkout.
        facts: Returns the facts of a file.
    """
    text = "".join(f"{name}\0{value}\n" for name, value in code_files(script, facts).items())
    return short_sha256(text)


def code_files(script: str | Path, facts: Facts = file_facts) -> dict[str, str]:
    """Return the digests of a script and every module of the library it can import, by file."""
    return {
        str(path.relative_to(ROOT)): facts(path).meaning
        for path in reachable_files(ROOT / script, facts)
    }


def software() -> str:
    """Return the versions of the packages that results depend on most, as one line of text.

    A head node has some of them only; the records name those that a job had.
    """
    versions = ((name, version(name)) for name in _SHOWN)
    found = [f"{name} {number}" for name, number in versions if number]
    return ", ".join([f"Python {platform.python_version()}", *found])


def recorded_code(
    results: str | Path, rule: str, wildcards: Iterable[str], script: str | Path
) -> str:
    """Return the code digest in the record of a job, or that of today's code without a record.

    Args:
        results: Results folder.
        rule: Name of the rule.
        wildcards: Values of the job's wildcards, in order.
        script: Path below the root of the checkout.
    """
    values = list(wildcards)
    names = [job_name(values), ".".join(values)]
    # Before there were scenarios, names held empty wildcards, and no scenario's.
    names += [".".join(values[1:])] if values[:1] == [""] else []
    for name in names:
        record = Path(results) / RECORDS / rule / f"{name}.json"
        if record.is_file():
            return str(json.loads(record.read_text(encoding="utf-8"))["code"])
    return code_digest(script)


def job_name(wildcards: Iterable[str]) -> str:
    """Return the name of a job within its rule, made of its wildcards; no name is hidden."""
    name = ".".join(wildcard.strip("/").replace("/", ".") for wildcard in wildcards if wildcard)
    return name if name and not name.startswith(".") else f"job{name}"


def reachable_files(script: Path, facts: Facts = file_facts) -> list[Path]:
    """Return the script and the library's files it can import, at any depth, sorted."""
    found, waiting = set[Path](), [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += [file for name in facts(path).imports for file in _files_of(name)]
    return sorted(found)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the library's modules, and of what may be one, that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == _PACKAGE)


@cache
def _files_of(module: str) -> tuple[Path, ...]:
    """Return the file of a module of the library and of the packages around it."""
    parts = module.split(".")
    files: list[Path] = []
    for end in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:end])
        files += [p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()]
    return tuple(files)


def _meaning(tree: ast.Module) -> str:
    """Return a file's code as text; its tree has no docstrings afterwards."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return _dump(tree)


def _dump(node: object) -> str:
    """Return a syntax tree as text that is the same in every version of Python.

    What is absent or empty is left out: newer versions give nodes fields that older ones lack.
    """
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node))
        parts = [f"{n}={_dump(v)}" for n, v in fields if v is not None and v != []]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    return repr(node)
