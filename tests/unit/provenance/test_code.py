import ast
import time
from pathlib import Path

import pytest

from maknet.files import ROOT
from maknet.provenance import code as provenance
from maknet.provenance import code_cache
from maknet.provenance.code import code_digest, reachable_files
from maknet.provenance.code_cache import CodeCache


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
    for memory in (provenance.file_facts, provenance._files_of):
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


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a minute have passed since files were written."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60_000_000_000)


def kept_digest(path: Path) -> str:
    provenance.file_facts.cache_clear()
    provenance._files_of.cache_clear()
    cache = CodeCache(path)
    found = cache.digest("scripts/s.py")
    cache.save()
    return found


@pytest.mark.usefixtures("later")
def test_what_is_kept_gives_the_same_digest_and_changes_are_noticed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = checkout / "kept.json"
    first = kept_digest(kept)
    assert first == digest()
    with monkeypatch.context() as patched:
        patched.setattr(code_cache, "read_facts", lambda path: pytest.fail(f"{path} is read again"))
        assert kept_digest(kept) == first
    (checkout / "maknet/b.py").write_text("value = 3\n")
    assert kept_digest(kept) == digest() != first
    (checkout / "maknet/b").mkdir()  # a module where there was a value
    (checkout / "maknet/b/value.py").write_text("")
    (checkout / "maknet/b/__init__.py").write_text("")
    assert kept_digest(kept) == digest()


@pytest.mark.usefixtures("later")
def test_what_is_kept_is_what_the_file_says_now_not_what_was_read_before(checkout: Path) -> None:
    digest()
    (checkout / "maknet/b.py").write_text("value = 3\n")
    cache = CodeCache(checkout / "kept.json")
    cache.digest("scripts/s.py")
    cache.save()
    assert kept_digest(checkout / "kept.json") == digest()


def test_a_file_that_has_just_changed_is_not_kept(checkout: Path) -> None:
    kept_digest(checkout / "kept.json")
    assert not (checkout / "kept.json").exists()


@pytest.mark.usefixtures("later")
def test_a_damaged_cache_is_as_none(checkout: Path) -> None:
    kept = checkout / "kept.json"
    kept_digest(kept)
    damaged = kept.read_text()[:-30]
    for text in ("", "{}", '{"rules": 1, "files": {}}', "[]", damaged):
        kept.write_text(text)
        assert kept_digest(kept) == digest()
