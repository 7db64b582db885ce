from pathlib import Path
from typing import Any

import pytest

from maknet.files import read_rows
from scripts.prepare_series import main

IMAGE = {"size": 32, "crop": "patient"}
RULES = {
    "min_slices": 51, "step_mm": [0.2, 10.5], "min_matrix": 32, "pixel_mm": [0.3, 20.0],
    "min_body_fraction": 0.5, "body_hu": [-300, 300], "max_noise_hu": 120, "min_normal_z": 0.8,
    "max_gap_ratio": 1.5, "max_internal_errors": 0,
}  # fmt: skip


@pytest.fixture
def linked(phantom_archive: dict[str, Path], tmp_path: Path) -> Path:
    """A good series, one whose link leads nowhere, and what Snakemake puts beside them."""
    folder = tmp_path / "linked"
    folder.mkdir()
    good = next(folder for kind, folder in phantom_archive.items() if kind.startswith("clean"))
    (folder / "a").symlink_to(good)
    (folder / "b").symlink_to("nowhere")
    (folder / ".snakemake_timestamp").touch()
    return folder


@pytest.mark.parametrize("scratch", [None, "scratch"])
def test_a_link_to_nowhere_is_refused_alone(
    linked: Path, tmp_path: Path, scratch: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    resources: dict[str, Any] = {}
    if scratch:
        (tmp_path / scratch).mkdir()
        resources = {"scratch": str(tmp_path / scratch)}
    out = [tmp_path / name for name in ("s.npy", "f.npz", "i.csv", "t.csv", "p.npz")]
    main("batch0000", linked, IMAGE, RULES, resources, *out)
    rows = {row["folder"]: row["reason"] for row in read_rows(out[3])}
    assert rows == {"a": "", "b": "unreadable"}
    assert ("is read in place" in caplog.text) == bool(scratch)


def test_a_whole_batch_is_read_from_the_nodes_disk(
    linked: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (linked / "b").unlink()
    out = [tmp_path / name for name in ("s.npy", "f.npz", "i.csv", "t.csv", "p.npz")]
    main("batch0000", linked, IMAGE, RULES, {"scratch": str(tmp_path)}, *out)
    assert "is read in place" not in caplog.text
    assert [row["status"] for row in read_rows(out[3])] == ["accepted"]
