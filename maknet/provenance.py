"""What a result depends on besides its inputs: the code that can reach it.

Snakemake sees a script's date but not what the script imports. The digest below is a parameter of
each rule, so that a change to a library module reruns what reaches it and nothing else. Imported
while the workflow is parsed, so only the standard library is used.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = "maknet"


def code_digest(script: str | Path) -> str:
    """Return a digest of a script and every module of the library it can import.

    Docstrings, comments and layout do not count: they cannot change a result.

    Args:
        script: Path below the root of the checkout.
    """
    files = reachable_files(_ROOT / script)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(_ROOT)}\0{_meaning(path)}\0".encode())
    return digest.hexdigest()[:16]


def reachable_files(script: Path) -> list[Path]:
    """Return the script and the library's files it can import, at any depth, sorted."""
    found, waiting = set[Path](), [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += _imported_files(path)
    return sorted(found)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _imported_files(path: Path) -> tuple[Path, ...]:
    """Return the library's files that a file imports, wherever in it the import stands."""
    files: list[Path] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            files += _files_of(name)
    return tuple(files)


def _files_of(module: str) -> list[Path]:
    """Return the file of a module of the library and of the packages around it."""
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return []
    files = []
    for end in range(1, len(parts) + 1):
        base = _ROOT.joinpath(*parts[:end])
        files += [p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()]
    return files


@cache
def _meaning(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
