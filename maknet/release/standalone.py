"""The network's code as one file, which needs torch and safetensors and nothing of this project.

The file is made of the modules that define the network, word for word but for the imports between
them, and of a loader. Whoever downloads a release loads it in three lines.
"""

import ast
from pathlib import Path

from maknet import models
from maknet.errors import InputError

_MODULES = {
    "maknet": ("layers", "maknet"),
    "vgg16": ("layers", "maknet", "baselines"),
    "resnet18": ("layers", "maknet", "baselines"),
    "lesanet": ("layers", "maknet", "lesanet"),
}
_BUILDERS = {"maknet": "MAKNet", "vgg16": "vgg16", "resnet18": "resnet18", "lesanet": "LesaNet"}
_LOADER = Path(__file__).with_name("loader.py.txt")


def standalone_source(arch: str) -> str:
    """Return the source of a module that builds, loads and checks a released network.

    Args:
        arch: `maknet`, `vgg16`, `resnet18` or `lesanet`.

    Raises:
        InputError: There is no such network.
    """
    if arch not in _MODULES:
        raise InputError(f"a network {arch!r} cannot be released; choose one of {list(_MODULES)}.")
    imports: dict[str, None] = {}
    bodies = []
    for name in _MODULES[arch]:
        found, body = _split(_source(name))
        imports |= dict.fromkeys(found)
        bodies.append(body)
    loader = _LOADER.read_text(encoding="utf-8").replace("BUILDER", _BUILDERS[arch])
    heading, rest = loader.split("# --- the network ---\n")
    return heading + "\n".join(imports) + "\n\n\n" + "\n\n".join([*bodies, rest.lstrip()])


def _source(name: str) -> str:
    return (Path(models.__path__[0]) / f"{name}.py").read_text(encoding="utf-8")


def _split(source: str) -> tuple[list[str], str]:
    """Return a module's imports but for those from this library, and the rest but its docstring."""
    imports, rest = [], source.splitlines()
    for number, node in enumerate(ast.parse(source).body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not ast.unparse(node).startswith("from maknet"):
                imports.append(ast.unparse(node))
        elif number or not isinstance(node, ast.Expr):
            continue
        lines = range(node.lineno - 1, node.end_lineno or node.lineno)
        rest[lines.start : lines.stop] = [""] * len(lines)
    return imports, "\n".join(rest).strip() + "\n"
