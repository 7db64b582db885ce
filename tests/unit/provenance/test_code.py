import ast
from pathlib import Path

import pytest

from maknet.files import ROOT
from maknet.provenance import code as provenance
from maknet.provenance.code import code_digest, reachable_files


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "maknet/__init__.py": "",
        "maknet/a.py": '"""Doc."""\nfrom maknet.b import value\n',
        "maknet/b.py": "value = 1\n",
        "maknet/c.py": "value = 2\n",
        "scripts/s.py": "def main():\n    from maknet.a import value\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def digest() -> str:
    for memory in (provenance._tree, provenance._imported_files, provenance._meaning):
        memory.cache_clear()
    return code_digest("scripts/s.py")


def test_imports_are_followed_wherever_they_stand(checkout: Path) -> None:
    digest()
    names = {p.name for p in reachable_files(checkout / "scripts/s.py")}
    assert names == {"s.py", "a.py", "b.py", "__init__.py"}


def test_only_reachable_code_counts(checkout: Path) -> None:
    before = digest()
    (checkout / "maknet/c.py").write_text("value = 3\n")
    assert digest() == before
    (checkout / "maknet/b.py").write_text("value = 3\n")
    assert digest() != before


def test_comments_and_docstrings_do_not_count(checkout: Path) -> None:
    before = digest()
    (checkout / "maknet/a.py").write_text('"""Other."""\n# why\nfrom maknet.b import value\n')
    assert digest() == before


def test_training_does_not_depend_on_reading_dicom() -> None:
    script = ROOT / "scripts" / "train_network.py"
    names = {p.name for p in reachable_files(script)}
    assert "loop.py" in names
    assert not any("data/ct" in str(path) for path in reachable_files(script))


def test_the_digest_is_that_of_every_version_of_python() -> None:
    """Fields that newer versions add are empty, and left out."""
    tree = ast.parse("def f(a, b=1):\n    return [a, *b]\n")
    before = provenance._dump(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.type_params = []  # type: ignore[attr-defined] # since 3.12
            node._fields = (*node._fields, "type_params")
    assert provenance._dump(tree) == before
    assert provenance._dump(ast.parse("f(0)")) != provenance._dump(ast.parse("f(1)"))
    assert provenance._dump(ast.parse("f(0)")) != provenance._dump(ast.parse("f(False)"))
