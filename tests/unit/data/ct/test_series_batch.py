from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maknet.data.arrays import load_arrays
from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.quality import ScreeningRules, check_quality, noise_hu
from maknet.data.ct.reasons import Reason, SeriesError
from maknet.data.ct.series import Volume
from maknet.data.ct.series_batch import BatchFiles, SeriesRules, prepare_batch, summarize_batches
from maknet.data.ct.thumbnail import SIDE, thumbnail
from maknet.data.shards.shard import ShardReader
from maknet.files import read_rows
from maknet.provenance.receipts import write_receipt
from maknet.reporting.figures.contact_sheet import draw_contact_sheet
from maknet.reporting.figures.style import save_figure

IMAGE = ImageSettings(size=32)
SMALL = {
    "min_slices": 51, "step_mm": [0.2, 10.5], "min_matrix": 32, "pixel_mm": [0.3, 20.0],
    "min_body_fraction": 0.5, "body_hu": [-300, 300], "max_noise_hu": 120,
    "min_normal_z": 0.8, "max_gap_ratio": 1.5, "max_internal_errors": 0,
}  # fmt: skip


def batch_files(out: Path) -> BatchFiles:
    return BatchFiles(
        out / "s.npy", out / "f.npz", out / "i.csv", out / "series.csv", out / "p.npz"
    )


@pytest.fixture(scope="module")
def batch(phantom_archive: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("batch")
    prepare_batch(
        "batch0000", list(phantom_archive.values()), IMAGE,
        SeriesRules.from_config(SMALL, IMAGE), batch_files(out),
    )  # fmt: skip
    summarize_batches([out / "series.csv"], out / "rejected.csv", out / "funnel.csv")
    return out


def test_every_series_is_accounted_for(batch: Path, phantom_archive: dict[str, Path]) -> None:
    rows = {row["folder"]: row for row in read_rows(batch / "series.csv")}
    assert set(rows) == {folder.name for folder in phantom_archive.values()}
    reasons = {kind: rows[folder.name]["reason"] for kind, folder in phantom_archive.items()}
    assert {kind: r for kind, r in reasons.items() if r} == {
        "scout_only": "localizer", "coronal": "not_axial", "short": "too_few_slices",
        "missing_slice": "missing_slices", "duplicate_slice": "duplicate_positions",
    }  # fmt: skip


def test_the_counts_of_a_series_add_up(batch: Path) -> None:
    for row in read_rows(batch / "series.csv"):
        if row["status"] == "accepted":
            count = {k: int(row[k]) for k in ("files", "slices", "left_out", "triplets",
                                              "left_over", "empty_triplets")}  # fmt: skip
            assert count["files"] == count["slices"] + count["left_out"]
            used = 3 * (count["triplets"] + count["empty_triplets"])
            assert count["slices"] == used + count["left_over"]


def test_shard_and_index_have_the_same_rows(batch: Path) -> None:
    index = read_rows(batch / "i.csv")
    with ShardReader(batch / "s.npy") as shard:
        assert len(shard) == len(index) > 0
    triplets = sum(int(row["triplets"]) for row in read_rows(batch / "series.csv"))
    assert triplets == len(index)
    accepted = {r["series_uid"] for r in read_rows(batch / "series.csv") if not r["reason"]}
    assert {row["series_uid"] for row in index} == accepted


def test_the_funnel_adds_up(batch: Path, phantom_archive: dict[str, Path]) -> None:
    funnel = {row["step"]: row for row in read_rows(batch / "funnel.csv")}
    refused = [row for step, row in funnel.items() if step.startswith("refused")]
    for column in ("series", "files"):
        parts = sum(int(row[column]) for row in refused) + int(funnel["accepted"][column])
        assert int(funnel["found"][column]) == parts
    assert int(funnel["found"]["series"]) == len(phantom_archive)
    assert len(read_rows(batch / "rejected.csv")) == 5


def test_a_batch_in_which_all_is_refused_is_whole(
    phantom_archive: dict[str, Path], tmp_path: Path
) -> None:
    rules = SeriesRules.from_config(SMALL, IMAGE)
    prepare_batch("b", [phantom_archive["short"]], IMAGE, rules, batch_files(tmp_path))
    with ShardReader(tmp_path / "s.npy") as shard:
        assert shard.shape == (0, 3, 32, 32)
    assert read_rows(tmp_path / "i.csv") == []


def test_a_receipt_lists_every_file(phantom_archive: dict[str, Path], tmp_path: Path) -> None:
    folder = phantom_archive["short"]
    write_receipt(tmp_path / "r.csv", [folder])
    rows = read_rows(tmp_path / "r.csv")
    assert len(rows) == 30
    assert all(len(row["md5"]) == 32 for row in rows)
    assert sum(int(r["bytes"]) for r in rows) == sum(p.stat().st_size for p in folder.iterdir())


def cube(slices: int = 60, side: int = 256, inside: int = 40, outside: int = -1000) -> np.ndarray:
    hu = np.full((slices, side, side), outside, np.int16)
    hu[:, side // 4 : -side // 4, side // 4 : -side // 4] = inside
    return hu


def test_noise_is_estimated_and_too_much_is_refused() -> None:
    generator = np.random.default_rng(0)
    for deviation in (10, 60, 200):
        noisy = cube() + generator.normal(0, deviation, (60, 256, 256))
        hu = np.clip(noisy, -1024, 3000).astype(np.int16)
        assert noise_hu(hu[30, 70:186, 70:186]) == pytest.approx(deviation, rel=0.1)
        volume = Volume(hu, (2.0, 1.0, 1.0), np.arange(60) * 2.0, (1, 0, 0, 0, 1, 0), "1")
        if deviation < 120:
            check_quality(volume, ScreeningRules())
            continue
        with pytest.raises(SeriesError, match="noisy: the body has a noise of"):
            check_quality(volume, ScreeningRules())


@pytest.mark.parametrize(
    ("hu", "spacing", "expected"),
    [
        (cube(), (2.0, 1.0, 1.0), None),
        (cube(slices=50), (2.0, 1.0, 1.0), Reason.TOO_FEW_SLICES),
        (cube(slices=51), (2.0, 1.0, 1.0), None),
        (cube(), (12.0, 1.0, 1.0), Reason.BAD_SPACING),
        (cube(), (2.0, 3.0, 3.0), Reason.BAD_SPACING),
        (cube(side=128), (2.0, 1.0, 1.0), Reason.SMALL_MATRIX),
        (cube(inside=-1000), (2.0, 1.0, 1.0), Reason.NO_BODY),
        (cube(inside=1500), (2.0, 1.0, 1.0), Reason.IMPLAUSIBLE_HU),
    ],
)
def test_screening(
    hu: np.ndarray, spacing: tuple[float, float, float], expected: Reason | None
) -> None:
    volume = Volume(hu, spacing, np.arange(len(hu)) * spacing[0], (1, 0, 0, 0, 1, 0), "1")
    if expected is None:
        check_quality(volume, ScreeningRules())
        return
    with pytest.raises(SeriesError) as caught:
        check_quality(volume, ScreeningRules())
    assert caught.value.reason == expected


def test_every_series_has_a_picture(batch: Path, phantom_archive: dict[str, Path]) -> None:
    pictures = load_arrays(batch / "p.npz")["thumbnails"]
    assert pictures.shape == (len(phantom_archive), SIDE, SIDE)
    assert all(picture.max() > 100 for picture in pictures)


def test_a_folder_without_pictures_is_black(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("<html>")
    assert not thumbnail(tmp_path).any()


def test_the_contact_sheet_shows_both_kinds_and_repeats(batch: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        sheet = draw_contact_sheet([batch / "series.csv"], [batch / "p.npz"], "phantom", 3, 1)
        save_figure(sheet, [tmp_path / name])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        assert min(image.size) > 300
        assert len(image.convert("L").getcolors() or []) > 50
