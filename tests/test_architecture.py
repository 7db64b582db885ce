"""The shape of the code: a layer for every module, imports one way, small files, thin scripts."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = sorted((ROOT / "maknet").rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
RULES = "\n".join(p.read_text() for p in sorted((ROOT / "workflow/rules").glob("*.smk")))
# The layers, from the lowest up: a package imports from layers below its own, and from itself.
LAYERS = (
    ("errors",),
    ("files", "seeding", "progress"),
    ("config",),
    ("provenance", "models", "phantom", "dicom", "data/arrays"),
    ("jobs", "data/labels", "audit"),
    ("data/shards", "duplicates"),
    ("data/ct", "metrics"),
    ("data/deeplesion", "inference"),
    (
        "fetch",
        "leakage",
        "explain",
        "reporting/tables",
        "reporting/figures",
        "reporting/audit_page",
        "training",
    ),
    ("training/classifier", "training/lesanet", "release"),
    ("labeling",),
    ("label", "compare"),
    ("__main__",),
)
# Packages of one layer that are still apart from what lies below them.
NEVER = {
    "phantom": {"provenance", "config"},
    "models": {"config", "provenance"},
    "dicom": {"config", "provenance"},
    "metrics": {"models", "provenance", "data/shards"},
    "reporting/tables": {"models", "provenance", "inference"},
    "reporting/figures": {"models", "provenance", "inference"},
}
MAX_LINES = 300
MAX_SCRIPT_LINES = 60


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def package(module: str) -> str:
    """Return the package of a dotted module of the library, the most exact one that has a layer."""
    parts = module.split(".")[1:]
    for end in (2, 1):
        name = "/".join(parts[:end])
        if any(name in layer for layer in LAYERS):
            return name
    raise AssertionError(f"{module} has no layer: give it a place in LAYERS")


def layer(name: str) -> int:
    return next(number for number, packages in enumerate(LAYERS) if name in packages)


def module(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = [path for path in LIBRARY if path.name != "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_go_down(path: Path) -> None:
    mine = package(module(path))
    for name in imports(path):
        if not name.startswith("maknet."):
            continue
        other = package(name)
        assert other == mine or layer(other) < layer(mine), f"{mine} imports {other}"
        assert other not in NEVER.get(mine, set()), f"{mine} imports {other}"


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_packages_hold_no_code(path: Path) -> None:
    """A name is imported from the module that defines it: the code digest follows imports."""
    if path.name == "__init__.py":
        statements = ast.parse(path.read_text()).body
        allowed = (ast.Expr, ast.Assign)  # a docstring; the version
        assert all(isinstance(statement, allowed) for statement in statements)


def test_few_modules_stand_at_the_root_of_the_library() -> None:
    """Beside the commands, which are called as `python -m maknet.<name>`."""
    at_root = [path for path in MODULES if path.parent.name == "maknet"]
    assert len([p for p in at_root if not p.read_text().endswith("sys.exit(main())\n")]) <= 5


def test_no_folder_holds_more_than_a_fifth_of_the_lines() -> None:
    code = [*LIBRARY, *SCRIPTS, *sorted((ROOT / "benchmarks").glob("*.py"))]
    lines = {path: len(path.read_text().splitlines()) for path in code}
    for folder in {path.parent for path in LIBRARY} - {ROOT / "maknet"}:
        inside = sum(n for path, n in lines.items() if path.is_relative_to(folder))
        assert inside <= sum(lines.values()) / 5, folder


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_library_never_sees_snakemake(path: Path) -> None:
    assert "snakemake" not in {n.split(".")[0] for n in imports(path)}


@pytest.mark.parametrize("path", [*LIBRARY, *SCRIPTS], ids=named)
def test_files_stay_small(path: Path) -> None:
    limit = MAX_SCRIPT_LINES if path in SCRIPTS else MAX_LINES
    assert len(path.read_text().splitlines()) <= limit


def test_unit_tests_mirror_the_library() -> None:
    for folder in {path.parent for path in (ROOT / "tests/unit").rglob("test_*.py")}:
        below = folder.relative_to(ROOT / "tests/unit")
        assert (ROOT / "maknet" / below).is_dir() or below == Path("scripts"), folder


def test_a_rule_has_the_name_of_its_script() -> None:
    """Rules made by `use rule` keep the script of the rule that they inherit."""
    text = r"^rule (\w+):(?:(?!^rule ).)*?scripts/(\w+)\.py"  # a rule may have no script
    found = re.findall(text, RULES, re.MULTILINE | re.DOTALL)
    assert len(found) == RULES.count("scripts/") - RULES.count('f"scripts/')
    for rule, script in found:
        assert rule == script
    assert {script for _, script in found} == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_touch_snakemake_only_when_they_run(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    assert all(
        node.id != "snakemake"
        for statement in body[:-1]
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    )
    assert ast.unparse(body[-1]).startswith("if __name__ == '__main__':")


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        *(
            (module(path), "torch")
            for path in MODULES
            if path.is_relative_to(ROOT / "maknet/reporting")
            or path.is_relative_to(ROOT / "maknet/metrics")
            or path.is_relative_to(ROOT / "maknet/data/labels")
        ),
        *(
            (module(path), "numpy")
            for path in MODULES
            if path.is_relative_to(ROOT / "maknet/config")
        ),
        ("maknet.provenance.code", "numpy"),
        ("maknet.audit", "numpy"),
    ],
)
def test_slow_packages_stay_out(name: str, absent: str) -> None:
    code = f"import sys, {name}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
