"""Patches are those of LesaNet's loader: resized to 1 mm, between slices, replicated at borders."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maknet.data.deeplesion.info import LesionRow
from maknet.data.deeplesion.lesion_shard import ShardFiles
from maknet.data.deeplesion.patches import PatchSettings, cut_patch, write_patch_shard
from maknet.data.deeplesion.png import ImageUnreadableError
from maknet.errors import InputError
from maknet.files import read_rows

WINDOW = (-1024.0, 3071.0)


def save(folder: Path, number: int, hu: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stored = (hu.astype(np.int32) + 32768).astype(np.uint16)
    Image.fromarray(stored).save(folder / f"{number:03d}.png")


def lesion(
    step_mm: float, pixel_mm: float = 0.8, box: tuple[float, ...] = (41, 31, 61, 51)
) -> LesionRow:
    return LesionRow(0, 1, "s", 10, (pixel_mm, pixel_mm, step_mm), box)  # type: ignore[arg-type]


def noise(seed: int, shape: tuple[int, int] = (90, 110)) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1500, 3500, shape).astype(np.int16)


def reference(slices: list[np.ndarray], row: LesionRow, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The released loader's steps, one after the other, on whole images."""
    scale = row.spacing_mm[0]
    hu = torch.from_numpy(np.stack(slices)).float().clamp(*WINDOW)[None]
    height, width = (round(n * scale) for n in hu.shape[2:])
    grown = torch.nn.functional.pad(hu, (0, 1, 0, 1), mode="replicate")  # floor becomes round
    resized = torch.nn.functional.interpolate(
        grown, scale_factor=scale, mode="bilinear", align_corners=False,
        recompute_scale_factor=False,
    )[0, :, :height, :width]  # fmt: skip
    box = (np.array(row.box) - 1) * scale
    x, y = (int(np.rint((box[i] + box[i + 2]) / 2)) for i in (0, 1))
    half = size // 2
    padded = torch.nn.functional.pad(resized, (size,) * 4, mode="replicate").numpy()
    patch = padded[:, y - half + size : y + half + size, x - half + size : x + half + size]
    shifted = box - np.array([x - half, y - half] * 2)
    return patch, np.maximum(shifted, 0)


@pytest.mark.parametrize("pixel_mm", [0.6, 0.8, 1.0, 1.3])
@pytest.mark.parametrize("box", [(41, 31, 61, 51), (1, 1, 9, 7), (90, 70, 110, 90)])
def test_it_equals_the_loader_step_by_step(
    tmp_path: Path, pixel_mm: float, box: tuple[float, ...]
) -> None:
    slices = {number: noise(number) for number in range(8, 13)}
    for number, hu in slices.items():
        save(tmp_path / "s", number, hu)
    row = lesion(2.0, pixel_mm, box)
    patch = cut_patch(tmp_path, row, PatchSettings(WINDOW, size=60))
    expected, shifted = reference([slices[9], slices[10], slices[11]], row, 60)
    assert patch.hu.shape == (3, 60, 60)
    assert np.abs(patch.hu - expected).max() <= 0.52  # rounded to whole HU
    np.testing.assert_allclose(patch.box, shifted, atol=1e-4)
    assert patch.missing == 0


@pytest.mark.parametrize(
    ("step_mm", "weights"),
    [
        (1.0, {8: 1.0}),
        (2.0, {9: 1.0}),
        (1.25, {9: 0.4, 8: 0.6}),
        (5.0, {10: 0.6, 9: 0.4}),
        (0.0, {10: 1.0}),
        (float("nan"), {10: 1.0}),
    ],
)
def test_neighbors_lie_two_millimeters_away(
    tmp_path: Path, step_mm: float, weights: dict[int, float]
) -> None:
    slices = {number: noise(number) for number in range(8, 13)}
    for number, hu in slices.items():
        save(tmp_path / "s", number, hu)
    row = lesion(step_mm)
    patch = cut_patch(tmp_path, row, PatchSettings(WINDOW, size=60))
    clipped = {n: np.clip(hu.astype(np.float32), *WINDOW) for n, hu in slices.items()}
    above = sum(weight * clipped[n] for n, weight in weights.items())
    below = sum(weight * clipped[20 - n] for n, weight in weights.items())
    expected, _ = reference([above, clipped[10], below], row, 60)  # type: ignore[list-item]
    assert np.abs(patch.hu - expected).max() <= 0.52
    assert patch.missing == 0


def test_a_missing_neighbor_is_replaced_by_the_next_one_towards_the_key(tmp_path: Path) -> None:
    for number in (9, 10):
        save(tmp_path / "s", number, noise(number))
    patch = cut_patch(tmp_path, lesion(1.0, 1.0), PatchSettings(WINDOW, size=60))
    alone = cut_patch(tmp_path, lesion(2.0, 1.0), PatchSettings(WINDOW, size=60))
    assert patch.missing == 2  # 8 and 12 are not there: 9 and the key slice are taken
    assert np.array_equal(patch.hu[0], alone.hu[0])
    assert np.array_equal(patch.hu[2], patch.hu[1])


def test_neighbors_of_another_size_are_refused(tmp_path: Path) -> None:
    for number in (8, 9, 10, 12):
        save(tmp_path / "s", number, noise(number))
    save(tmp_path / "s", 11, noise(1, (50, 50)))
    with pytest.raises(ImageUnreadableError, match=r"1 and 2 steps from 10 differ in size"):
        cut_patch(tmp_path, lesion(1.25), PatchSettings(WINDOW, size=60))
    with pytest.raises(ImageUnreadableError, match="differs in size"):
        cut_patch(tmp_path, lesion(2.0), PatchSettings(WINDOW, size=60))


@pytest.mark.parametrize("box", [(-60, 40, 20, 60), (40, 90, 60, 210), (300, 300, 320, 320)])
def test_a_lesion_outside_its_slice_is_refused(
    tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    save(tmp_path / "s", 10, noise(1, (100, 100)))
    with pytest.raises(ImageUnreadableError, match=r"row 0 has its lesion at .* outside the 100 x"):
        cut_patch(tmp_path, lesion(2.0, 1.0, box), PatchSettings(WINDOW, size=60))


def test_lesions_without_an_image_are_listed(tmp_path: Path) -> None:
    save(tmp_path / "Images_png" / "s", 10, noise(1))
    row = '{}_010.png,1,10,"41, 31, 61, 51","1, 1, 2",0\n'
    header = (
        "File_name,Patient_index,Key_slice_index,Bounding_boxes,Spacing_mm_px_,Possibly_noisy\n"
    )
    (tmp_path / "info.csv").write_text(header + row.format("s") + row.format("gone"))
    paths = [tmp_path / name for name in ("p.npy", "p.csv", "p.unreadable.csv")]
    common = (tmp_path / "info.csv", tmp_path / "Images_png")
    settings = PatchSettings(WINDOW, size=60)
    write_patch_shard(*common, np.array([0, 1]), settings, 1, ShardFiles(*paths))
    assert [row["lesion_index"] for row in read_rows(paths[1])] == ["0"]
    (failed,) = read_rows(paths[2])
    assert failed["lesion_index"] == "1"
    assert "is missing" in failed["why"]
    with pytest.raises(InputError, match=r"1 of 2 lesion images cannot be read, more than"):
        write_patch_shard(*common, np.array([0, 1]), settings, 0, ShardFiles(*paths))
    with pytest.raises(InputError, match=r"None of 1 lesion images"):
        write_patch_shard(*common, np.array([1]), settings, 5, ShardFiles(*paths))


def test_the_longest_side_is_limited(tmp_path: Path) -> None:
    save(tmp_path / "s", 10, noise(1, (100, 100)))
    row = lesion(2.0, 2.0, (40, 40, 60, 60))
    patch = cut_patch(tmp_path, row, PatchSettings(WINDOW, size=60, max_side=50))
    x1, _, x2, _ = patch.box
    assert x2 - x1 == pytest.approx(10)  # 20 pixels at half the size
