import logging
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.deeplesion.images import lesion_pixels, prepare_lesion, write_image_shard
from maknet.data.deeplesion.info import LesionRow, load_info
from maknet.data.deeplesion.lesion_shard import ShardFiles
from maknet.data.deeplesion.png import ImageUnreadableError, read_png
from maknet.data.deeplesion.slices import lesion_slices
from maknet.data.shards.shard import ShardReader
from maknet.errors import InputError
from maknet.files import read_rows

SETTINGS = ImageSettings(size=32)


def save(path: Path, hu: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((hu + 32768).astype(np.uint16)).save(path)


@pytest.fixture
def folder(phantom_lesions: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(phantom_lesions, tmp_path / "deeplesion"))


def test_pixels_are_hu(tmp_path: Path) -> None:
    hu = np.array([[-2048, -1024], [0, 3071]])
    save(tmp_path / "1.png", hu)
    assert np.array_equal(read_png(tmp_path / "1.png"), hu)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_other_pngs_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (4, 4)).save(tmp_path / "1.png")
    with pytest.raises(ImageUnreadableError, match=r"1\.png is not a 16-bit gray PNG"):
        read_png(tmp_path / "1.png")


def test_damaged_and_missing_pngs_are_told_apart(tmp_path: Path) -> None:
    save(tmp_path / "1.png", np.random.default_rng(0).integers(0, 99, (64, 64)))
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageUnreadableError, match="damaged"):
        read_png(tmp_path / "1.png")
    (tmp_path / "2.png").write_text("<html>")
    with pytest.raises(ImageUnreadableError, match="damaged"):
        read_png(tmp_path / "2.png")
    with pytest.raises(ImageUnreadableError, match="missing"):
        read_png(tmp_path / "3.png")


def test_three_consecutive_slices_in_order(folder: Path) -> None:
    lesion = load_info(folder / "DL_info.csv")[0]
    for offset in (-1, 0, 1):
        name = f"{lesion.key_slice + offset:03d}.png"
        save(folder / "Images_png" / lesion.series / name, np.full((8, 8), 100 * offset))
    hu, missing = lesion_slices(folder / "Images_png", lesion)
    assert hu[:, 0, 0].tolist() == [-100, 0, 100]
    assert missing == 0


def test_a_missing_neighbor_is_replaced_by_the_key_slice(folder: Path) -> None:
    lesion = load_info(folder / "DL_info.csv")[0]
    series = folder / "Images_png" / lesion.series
    for offset in (-1, 1):
        (series / f"{lesion.key_slice + offset:03d}.png").unlink(missing_ok=True)
    hu, missing = lesion_slices(folder / "Images_png", lesion)
    assert missing == 2
    assert np.array_equal(hu[0], hu[1])
    assert np.array_equal(hu[2], hu[1])


def test_a_lesion_on_an_empty_slice_is_kept_whole(folder: Path) -> None:
    lesion = load_info(folder / "DL_info.csv")[0]
    for path in (folder / "Images_png" / lesion.series).iterdir():
        save(path, np.full((64, 64), -1000))
    prepared = prepare_lesion(folder / "Images_png", lesion, SETTINGS)
    assert prepared.image.shape == (3, 32, 32)
    assert not prepared.cropped
    assert prepared.box == (0, 64, 0, 64)


def lesion_at(*box: float) -> LesionRow:
    return LesionRow(7, 1, "000001_01_01", 5, (1.0, 1.0, 1.0), box)  # type: ignore[arg-type]


def assert_inside(lesion: LesionRow, crop: tuple[int, int, int, int], side: int) -> None:
    """Assert that every pixel of the lesion that the slice has is in the crop."""
    top, bottom, left, right = crop
    x1, y1, x2, y2 = lesion.box
    assert left <= max(x1 - 1, 0)
    assert top <= max(y1 - 1, 0)
    assert right >= min(x2, side)
    assert bottom >= min(y2, side)


@pytest.fixture(scope="module")
def thigh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slice of 128 x 128 with a thigh at its left."""
    images = tmp_path_factory.mktemp("thigh")
    hu = np.full((128, 128), -1000)
    hu[40:90, 10:60] = 40
    save(images / "000001_01_01" / "005.png", hu)
    return images


def test_a_crop_is_extended_to_hold_the_lesion(thigh: Path) -> None:
    inside = prepare_lesion(thigh, lesion_at(20, 50, 30, 60), SETTINGS)
    assert (inside.box, inside.extended) == ((39, 91, 9, 61), False)
    beside = prepare_lesion(thigh, lesion_at(100, 50, 110, 99.2), SETTINGS)
    assert (beside.box, beside.extended) == ((39, 102, 9, 112), True)
    assert beside.cropped


def test_the_pixels_of_a_lesion_are_counted_from_one() -> None:
    assert lesion_pixels(lesion_at(11, 21, 12, 22.5), 128, 128) == (18, 25, 8, 14)
    assert lesion_pixels(lesion_at(-4, 1, 6, 9), 128, 128) == (0, 11, 0, 8)


@given(
    st.floats(0, 128), st.floats(0, 128), st.floats(0, 90), st.floats(0, 90),
    st.sampled_from(["patient", "lesanet", "none"]),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_lesion_is_always_inside(
    thigh: Path, x: float, y: float, width: float, height: float, crop: str
) -> None:
    lesion = lesion_at(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    rule = replace(SETTINGS, crop=crop)
    assert_inside(lesion, prepare_lesion(thigh, lesion, rule).box, 128)


@pytest.mark.parametrize(
    "box", [(300, 20, 310, 30), (20, -40, 30, -20), (30, 20, 20, 30), (20, 20, math.nan, 30)]
)
def test_a_lesion_outside_its_slice_is_bad_input(
    thigh: Path, box: tuple[float, float, float, float]
) -> None:
    with pytest.raises(ImageUnreadableError, match=r"row 7 .*000001_01_01/005\.png"):
        prepare_lesion(thigh, lesion_at(*box), SETTINGS)


def test_no_drawn_lesion_is_cut_and_extended_crops_are_counted(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    info = load_info(folder / "DL_info.csv")
    files = ShardFiles(tmp_path / "s.npy", tmp_path / "s.csv", tmp_path / "u.csv")
    with caplog.at_level(logging.INFO, "maknet"):
        write_image_shard(
            folder / "DL_info.csv", folder / "Images_png", np.arange(len(info)), SETTINGS, 0, files,
            tmp_path / "f.npz",
        )  # fmt: skip
    rows = read_rows(files.index)
    assert len(rows) == len(info)
    for row in rows:
        sides = ("crop_top", "crop_bottom", "crop_left", "crop_right")
        top, bottom, left, right = (int(row[side]) for side in sides)
        assert_inside(info[int(row["lesion_index"])], (top, bottom, left, right), 64)
    extended = sum(int(row["extended"]) for row in rows)
    assert 0 < extended < len(rows)
    assert f"{extended} of {len(rows)} crops were extended to hold the lesion" in caplog.text


def write(folder: Path, out: Path, max_unreadable: int) -> None:
    write_image_shard(
        folder / "DL_info.csv", folder / "Images_png", np.array([4, 1, 2]), SETTINGS,
        max_unreadable, ShardFiles(out / "s.npy", out / "s.csv", out / "u.csv"),
        out / "f.npz",
    )  # fmt: skip


def test_rows_of_shard_and_index_agree(folder: Path, tmp_path: Path) -> None:
    write(folder, tmp_path, 0)
    rows = read_rows(tmp_path / "s.csv")
    assert [row["lesion_index"] for row in rows] == ["4", "1", "2"]
    info = load_info(folder / "DL_info.csv")
    with ShardReader(tmp_path / "s.npy") as shard:
        for place, lesion in enumerate((4, 1, 2)):
            expected = prepare_lesion(folder / "Images_png", info[lesion], SETTINGS).image
            assert np.array_equal(shard.images([place])[0], expected)


def test_unreadable_images_are_listed_up_to_the_limit(folder: Path, tmp_path: Path) -> None:
    lesion = load_info(folder / "DL_info.csv")[1]
    key = folder / "Images_png" / lesion.series / f"{lesion.key_slice:03d}.png"
    Image.new("L", (4, 4)).save(key)
    with pytest.raises(InputError, match=r"labeled\.max_unreadable = 0.*not a 16-bit gray PNG"):
        write(folder, tmp_path, 0)
    assert not (tmp_path / "s.npy").exists()
    write(folder, tmp_path, 2)
    listed = {row["lesion_index"] for row in read_rows(tmp_path / "u.csv")}
    kept = {row["lesion_index"] for row in read_rows(tmp_path / "s.csv")}
    assert "1" in listed
    assert listed | kept == {"4", "1", "2"}


def test_a_table_that_is_not_dl_info_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="is not DL_info"):
        load_info(tmp_path / "t.csv")


def test_a_row_that_cannot_be_read_is_named(folder: Path) -> None:
    path = folder / "DL_info.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(lines[1].split(",")[0], "nothing.png")
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="row 0 cannot be read"):
        load_info(path)


@pytest.mark.real
def test_real_lesions(real_data: Path) -> None:
    info = load_info(real_data / "deeplesion" / "DL_info.csv")
    assert len(info) == 17
    for lesion in info:
        item = prepare_lesion(real_data / "deeplesion" / "Images_png", lesion, ImageSettings())
        assert item.image.shape == (3, 256, 256)
        assert item.cropped
        assert not item.extended
        assert_inside(lesion, item.box, 512)
        assert item.box[1] - item.box[0] < 390  # without the table
        assert item.neighbors_missing == 2  # the sample holds key slices only
        assert 20 < item.image.mean() < 120
