"""A signed statement that a stranger verifies with OpenSSH and Python alone."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import sha256
from tests.workflow.conftest import MINI, ROOT, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
RESULTS = "results/demo"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen")
    path = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path), "-C", "test"], check=True
    )
    return path


@pytest.fixture
def released(copied: Path, snakemake: Run, key: Path) -> Path:
    done = snakemake(copied, "release", "--config", f"release={{'key': '{key}'}}", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    return copied / RESULTS


def steps() -> list[str]:
    """Return the commands of the instructions, one for each step."""
    text = (ROOT / "maknet/provenance/verify.md").read_text()
    return [
        re.sub(r"^   ", "", block, flags=re.M) for block in re.findall(r"```\n(.*?)```", text, re.S)
    ]


def verify(step: int, folder: Path) -> subprocess.CompletedProcess[str]:
    command = steps()[step].strip().replace("python3", sys.executable)
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_stranger_verifies_it(released: Path, key: Path) -> None:
    signed = released / "release"
    (signed / "allowed_signers").write_text(f"them {key.with_suffix('.pub').read_text()}")
    done = verify(0, signed)
    assert done.returncode == 0, done.stderr
    assert "Good" in done.stdout
    for step in (1, 2):
        done = verify(step, released)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("ok") > 20
        assert "CHANGED" not in done.stdout
    statement = json.loads((signed / "statement.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert {s["name"]: s["digest"]["sha256"] for s in statement["subject"]}["table3.csv"] == sha256(
        released / "table3.csv"
    )
    assert statement["predicate"]["dataset"] == "phantom"
    assert len(statement["predicate"]["root"]) == 64


def test_what_was_changed_afterwards_is_seen(released: Path, key: Path) -> None:
    signed = released / "release"
    (signed / "allowed_signers").write_text(f"them {key.with_suffix('.pub').read_text()}")
    (released / "table1.csv").write_text("forged")
    assert "CHANGED table1.csv" in verify(1, released).stdout
    record = released / "provenance/train_student/1.json"
    record.write_text(record.read_text().replace('"deterministic": true', '"deterministic": false'))
    done = verify(2, released)
    assert done.returncode != 0 or "CHANGED" in done.stdout
    statement = signed / "statement.json"
    statement.write_text(statement.read_text().replace("phantom", "deeplesion"))
    assert verify(0, signed).returncode != 0


def test_without_a_key_it_says_how_to_name_one(copied: Path, snakemake: Run) -> None:
    done = snakemake(copied, "release", configfiles=MINI)
    assert done.returncode != 0
    assert "release.key names no key to sign with" in done.stderr
    assert not list((copied / RESULTS).glob("release/*"))
