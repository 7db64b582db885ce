"""Sets of images from the files that the rules write."""

from pathlib import Path

import numpy as np
import pytest

from maknet.data.ct.preprocess import INDEX_COLUMNS
from maknet.data.ct.series_batch import SERIES_COLUMNS
from maknet.data.shards.shard import write_shard
from maknet.duplicates.fingerprint import LENGTH, save_fingerprints
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.leakage.image_sets import ImageSet, series_table, unlabeled_set


def write_batch(folder: Path, name: str, series: list[str]) -> None:
    write_shard(folder / f"{name}.npy", np.zeros((len(series), 3, 8, 8), np.uint8))
    values = np.zeros((len(series), 3, LENGTH), np.int8)
    save_fingerprints(folder / f"{name}.fingerprints.npz", [values], (-1024.0, 3071.0))
    box = {"crop_top": 0, "crop_bottom": 16, "crop_left": 0, "crop_right": 8}
    rows = [
        dict.fromkeys(INDEX_COLUMNS, "") | box
        | {"series_uid": uid, "first_slice": 3 * n, "step_mm": 2.5, "row_mm": 1.0, "column_mm": 0.5}
        for n, uid in enumerate(series)
    ]  # fmt: skip
    write_rows(folder / f"{name}.csv", INDEX_COLUMNS, rows)
    tables = [
        dict.fromkeys(SERIES_COLUMNS, "")
        | {"series_uid": uid, "status": "accepted", "triplets": 2, "study_uid": "1e10"}
        for uid in sorted(set(series))
    ]
    refused = dict.fromkeys(SERIES_COLUMNS, "") | {"status": "refused", "triplets": 0}
    write_rows(folder / f"{name}.series.csv", SERIES_COLUMNS, [*tables, refused])


def read(folder: Path, names: list[str]) -> ImageSet:
    files = [
        [folder / f"{name}{end}" for name in names]
        for end in (".npy", ".csv", ".fingerprints.npz", ".series.csv")
    ]
    return unlabeled_set(files[0], files[1], files[2], series_table(files[3]), {"1.10": "P"})


def test_an_empty_batch_changes_no_type(tmp_path: Path) -> None:
    write_batch(tmp_path, "b0", ["1.10", "1.10", "1.1"])
    write_batch(tmp_path, "b1", [])
    write_batch(tmp_path, "b2", ["1.2"])
    images = read(tmp_path, ["b0", "b1", "b2"])
    assert images.rows["series"].tolist() == ["1.10", "1.10", "1.1", "1.2"]
    assert images.rows["patient"].tolist() == ["P", "P", "", ""]
    assert images.rows["study_uid"].tolist() == ["1e10"] * 4
    assert images.rows["z_mm"].tolist() == [2.5, 10.0, 17.5, 2.5]
    for name, size in (("row_mm", 2.0), ("column_mm", 0.5)):
        assert images.rows[name].dtype == np.float64
        assert set(images.rows[name]) == {size}


def test_files_of_other_batches_are_refused(tmp_path: Path) -> None:
    write_batch(tmp_path, "b0", ["1.1"])
    write_batch(tmp_path, "b1", ["1.1", "1.2"])
    (tmp_path / "b0.csv").write_bytes((tmp_path / "b1.csv").read_bytes())
    with pytest.raises(InputError, match=r"b0\.csv has 2 rows for 1 images"):
        read(tmp_path, ["b0"])
