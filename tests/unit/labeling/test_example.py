"""The example reads a release and labels a synthetic series."""

import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import ROOT
from tests.unit.release.bundles import NAMES, write_bundle


def test_the_example_labels_a_phantom(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    bundle = write_bundle(tmp_path, thresholds=0.3)
    example = [sys.executable, str(ROOT / "examples/label_a_phantom.py"), str(bundle)]
    done = subprocess.run(
        example, capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, *parts = done.stdout.splitlines()
    assert "synthetic CT" in first
    assert {line[:20].strip() for line in parts} <= set(NAMES)
    assert all(line.endswith("mm") for line in parts)
