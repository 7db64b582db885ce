"""A release: networks and labels that others load, and a statement that a stranger verifies."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from maknet.files import read_rows, sha256
from maknet.label import main
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
    return re.findall(r"```\n(.*?)```", text, re.S)


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


def test_a_table_that_was_edited_before_is_not_released(copied: Path, snakemake: Run) -> None:
    table = copied / RESULTS / "table2.csv"
    table.write_text(table.read_text().replace("0.", "0.9", 1))
    done = snakemake(copied, "release", configfiles=MINI)
    assert done.returncode != 0
    assert f"{RESULTS}/table2.csv is not what its job wrote" in done.stderr
    assert not (copied / RESULTS / "release").exists()


def test_without_a_key_it_says_that_it_is_not_signed(copied: Path, snakemake: Run) -> None:
    done = snakemake(copied, f"{RESULTS}/release", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    release = copied / RESULTS / "release"
    assert "not signed" in (release / "README.md").read_text()
    assert not (release / "statement.json.sig").exists()


def test_a_key_that_is_missing_is_named(copied: Path, snakemake: Run) -> None:
    done = snakemake(
        copied, "release", "--config", "release={'key': 'no/such/key'}", configfiles=MINI
    )
    assert done.returncode != 0
    assert "no/such/key does not exist; name a key of yours" in done.stderr
    assert not (copied / RESULTS / "release").exists()


def test_networks_and_labels_are_released_and_used(released: Path, snakemake: Run) -> None:
    release = released / "release"
    (student,) = release.glob("student*")
    for folder in (student, release / "lesanet_tcia"):
        check = [sys.executable, "-I", str(folder / "modeling.py")]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        card = (folder / "README.md").read_text()
        assert "synthetic CT" in card
        assert json.loads((folder / "config.json").read_text())["root"] in card
    (labels,) = release.glob("pseudo_labels_round*")
    table = pq.read_table(labels / "pseudo_labels.parquet")
    indices = sorted((released.parents[1] / "data/demo/unlabeled").glob("*[0-9].csv"))
    index = [row for path in indices for row in read_rows(path)]
    assert table["sop_uid_2"].to_pylist() == [row["sop_uid_2"] for row in index]
    assert all(uid.startswith("2.25.") for uid in table["sop_uid_1"].to_pylist())
    label_one_batch(released, snakemake, student)


def label_one_batch(released: Path, snakemake: Run, student: Path) -> None:
    """Label the synthetic series of a batch by rule and by command: the same tables."""
    root = released.parents[1]
    batch = min((root / "data/demo/phantom/series").iterdir())
    config = f"label={{'folders': {{'mine': '{batch}'}}}}"
    done = snakemake(root, "label", "--config", config, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    assert main([str(batch), "--weights", str(student), "--out", str(root / "out")]) == 0
    by_rule, by_command = released / "labeled/mine", root / "out"
    assert read_rows(by_rule / "rejected.csv") == read_rows(by_command / "rejected.csv")
    pairs = [read_rows(folder / "slices.csv") for folder in (by_rule, by_command)]
    for here, there in zip(*pairs, strict=True):  # the command rounds as this CPU likes best
        assert (here["sop_uid"], here["has_body"]) == (there["sop_uid"], there["has_body"])
        scores = [[float(row[c] or 0) for c in row if c[:2] == "p:"] for row in (here, there)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    assert len(read_rows(root / "out/series.csv")) > 5
