"""The shape of the code: arrows go one way, files stay small, slow imports stay where needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import ROOT

LIBRARY = sorted((ROOT / "maknet").rglob("*.py"))
FOUNDATION = {
    "audit", "cell", "commands", "config", "digests", "errors", "files", "jobs", "lineage",
    "manifest", "places", "progress", "provenance", "records", "run_config", "seeding", "sources",
    "writers",
}  # fmt: skip
# Which parts of the library a part may import; the foundation is open to all.
ARROWS = {
    "data": {"data"},
    "models": {"models"},
    "metrics": {"metrics", "data"},
    "inference": {"inference", "models", "data", "metrics"},
    "training": {"training", "inference", "models", "data", "metrics"},
    "explain": {"explain", "inference", "models", "data", "metrics"},
    "reporting": {"reporting", "metrics", "data"},
}
MAX_LINES = 300


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def part(path: Path) -> str:
    return path.relative_to(ROOT / "maknet").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_go_one_way(path: Path) -> None:
    mine = part(path)
    allowed = FOUNDATION | ARROWS.get(mine, set())
    used = {n.split(".")[1] for n in imports(path) if n.startswith("maknet.")}
    assert used <= allowed, f"{path.name} imports {used - allowed}"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_library_never_sees_snakemake(path: Path) -> None:
    assert "snakemake" not in {n.split(".")[0] for n in imports(path)}
    names = {
        node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)
    }
    assert "snakemake" not in names


@pytest.mark.parametrize("path", [*LIBRARY, *sorted((ROOT / "scripts").glob("*.py"))],
                         ids=lambda p: str(p.relative_to(ROOT)))  # fmt: skip
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_nothing_imports_through_the_lazy_package() -> None:
    # `from maknet.data import X` would hide from the code digest which module X is in.
    for path in [*LIBRARY, *(ROOT / "scripts").glob("*.py")]:
        assert "maknet.data" not in imports(path), path


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("maknet.reporting.tables.paper_tables", "torch"),
        ("maknet.metrics.evaluation", "torch"),
        ("maknet.reporting.figures.contact_sheet", "torch"),
        ("maknet.reporting.figures.explanations", "torch"),
        ("maknet.reporting.figures.deletion", "torch"),
        ("maknet.reporting.figures.architecture", "torch"),
        ("maknet.reporting.figures.noisy_student", "torch"),
        ("maknet.reporting.figures.training_curves", "torch"),
        ("maknet.reporting.figures.pseudo_labels", "torch"),
        ("maknet.data.labels.pseudo_summary", "torch"),
        ("maknet.data.labels.label_table", "torch"),
        ("maknet.config.check", "numpy"),
        ("maknet.config.inputs", "numpy"),
        ("maknet.provenance.code", "numpy"),
    ],
)
def test_slow_packages_stay_out(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
