"""What is read, how, and what an independent reader makes of it.

A subject has one valid file, a reader of the workflow, and a judge. The judge says whether a value
that the workflow accepted is right: what an independent reader (SimpleITK, Pillow, zlib) gives for
the same bytes, or what the undamaged file gives.
"""

import csv
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Subject:
    """One kind of input.

    Attributes:
        name: The kind.
        content: The valid file.
        suffix: End of the file's name.
        read: Reads a file through the workflow's own reader.
        is_right: Whether an accepted value is right, by the damaged file and the value.
    """

    name: str
    content: bytes
    suffix: str
    read: Callable[[Path], Any]
    is_right: Callable[[Path, Any], bool]


def dicom(folder: Path, syntax: str) -> Subject:
    """One slice of three of a synthetic series, in a transfer syntax."""
    import pydicom

    from maknet.data.ct.series import read_series
    from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series
    from tests.unit.data.ct.test_pixels import encapsulate

    series = folder / "series"
    write_series(PlannedSeries(0, "clean", PROTOCOLS[2], 9), series, 24)
    files = sorted(series.iterdir())
    for path in files[3:]:
        path.unlink()
    if syntax in ("JPEG", "JPEG2000"):
        encapsulate(files[1], syntax, folder / "scratch.dcm")
    elif syntax != "native":
        dataset = pydicom.dcmread(files[1])
        if syntax == "rle":
            dataset.compress(pydicom.uid.RLELossless)
        else:
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
        dataset.save_as(files[1], enforce_file_format=True)
    plain = read_series(series)
    middle = plain.hu[1]

    def read(path: Path) -> Any:
        target = path.with_name("damaged")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(series, target)
        shutil.copyfile(path, target / files[1].name)
        return read_series(target)

    def is_right(path: Path, volume: Any) -> bool:
        if len(volume.hu) == 2:  # the damaged file is counted as no slice of the series
            return sum(volume.left_out.values()) > 0
        if any(np.array_equal(hu, middle) for hu in volume.hu):
            return True
        candidate = path.with_suffix(".dcm")
        shutil.copyfile(path, candidate)
        if _agrees(candidate, volume.hu):
            return True
        # The same pixel bytes below an undamaged header: damage to what is not used is no fault.
        sound, damaged = pydicom.dcmread(files[1]), pydicom.dcmread(path)
        if syntax == "rle":  # GDCM asks for the layout that GDCM writes
            stored = _packbits(damaged.PixelData)
            slope, offset = float(sound.RescaleSlope), float(sound.RescaleIntercept)
            return stored is not None and any(
                np.array_equal(hu.astype(int), np.rint(stored.reshape(hu.shape) * slope + offset))
                for hu in volume.hu
            )
        sound.PixelData = damaged.PixelData
        sound.save_as(candidate, enforce_file_format=True)
        return _agrees(candidate, volume.hu)

    return Subject(f"dicom {syntax}", files[1].read_bytes(), ".bin", read, is_right)


def _packbits(encapsulated: bytes) -> np.ndarray | None:
    """Decode a frame of two segments literally; None where a segment is not exactly full."""
    from pydicom.encaps import generate_frames

    frame = next(generate_frames(encapsulated, number_of_frames=1))
    count, *offsets = np.frombuffer(frame[:64], "<u4")[: 1 + 2].tolist()
    planes = []
    for start, end in zip(offsets, [*offsets[1:], len(frame)], strict=True):
        at, plane = int(start), bytearray()
        while at < end and len(plane) < 24 * 24:
            head = frame[at]
            if head < 128:
                plane += frame[at + 1 : at + 2 + head]
                at += 2 + head
            elif head > 128:
                plane += frame[at + 1 : at + 2] * (257 - head)
                at += 2
            else:
                at += 1
        if count != 2 or len(plane) != 24 * 24:
            return None
        planes.append(np.frombuffer(bytes(plane), np.uint8).astype(int))
    return (planes[0] << 8 | planes[1]).astype(np.uint16).view(np.int16).astype(int)


def _agrees(path: Path, slices: Any) -> bool:
    """Return whether SimpleITK reads one of the slices in a file."""
    import SimpleITK as sitk  # noqa: N813 - the package's own abbreviation

    try:
        theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0]
    except RuntimeError:
        return False
    return any(
        hu.shape == theirs.shape and np.abs(hu - np.rint(theirs)).max() <= 1 for hu in slices
    )


def png(folder: Path) -> Subject:
    from PIL import Image

    from maknet.data.deeplesion.png import read_png

    stored = np.random.default_rng(0).integers(31000, 34000, (48, 40)).astype(np.uint16)
    Image.fromarray(stored).save(folder / "a.png")

    def is_right(path: Path, hu: Any) -> bool:
        try:
            with Image.open(path) as image:
                image.verify()
            with Image.open(path) as image:
                theirs = np.asarray(image).astype(np.int32) - 32768
        except Exception:  # whatever Pillow says, it did not read the file
            return False
        return np.array_equal(hu, theirs.astype(np.int16))

    return Subject("png", (folder / "a.png").read_bytes(), ".png", read_png, is_right)


def xlsx(folder: Path) -> Subject:
    from openpyxl import Workbook

    from maknet.data.labels.ontology import load_terms

    book = Workbook()
    sheet = book.active
    for row in _ontology_rows():
        sheet.append(row)
    book.save(folder / "a.xlsx")

    def is_right(path: Path, terms: Any) -> bool:
        return terms == load_terms(folder / "a.xlsx") or _zip_is_whole(path)

    return Subject("xlsx", (folder / "a.xlsx").read_bytes(), ".xlsx", load_terms, is_right)


def _ontology_rows() -> list[list[object]]:
    columns = ["id", "class", "term", "term_exclusive", "sample_num", "term_parents", "note"]
    rows: list[list[object]] = [list(columns)]
    for number, name in enumerate(("chest", "abdomen", "lung", "liver", "nodule"), 1):
        category = "bodypart" if number < 5 else "type"
        rows.append([number, category, name, "chest" if name == "abdomen" else None, 0, None, None])
    return rows


def labels_json(folder: Path) -> Subject:
    from maknet.files import read_json

    content = json.dumps({"train_lesion_idxs": list(range(40)), "term_list": ["a", "b"]}).encode()

    def is_right(path: Path, value: Any) -> bool:
        return bool(json.loads(path.read_text("utf-8")) == value)

    return Subject("json", content, ".json", read_json, is_right)


def csv_rows(folder: Path) -> Subject:
    from maknet.data.deeplesion.info import load_info

    head = "File_name,Patient_index,Key_slice_index,Bounding_boxes,Spacing_mm_px_,Possibly_noisy\n"
    row = '00000{0}_01_01_00{0}.png,{0},{0},"210, 180, 240, 220","0.8, 0.8, 5",0\n'
    content = (head + "".join(row.format(n) for n in range(1, 9))).encode()

    def is_right(path: Path, rows: Any) -> bool:
        # A distance of slices that is no number is LesaNet's sign for a lesion without neighbors.
        numbers = [value for row in rows for value in (*row.box, *row.spacing_mm[:2])]
        return bool(np.isfinite(numbers).all())

    return Subject("csv", content, ".csv", load_info, is_right)


def yaml_config(folder: Path) -> Subject:
    import yaml

    from maknet.config.check import check_config
    from maknet.files import ROOT

    content = (ROOT / "config/paper.yaml").read_bytes()

    def read(path: Path) -> Any:
        from maknet.errors import InputError

        try:
            config = yaml.safe_load(path.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:  # Snakemake's own loader says this
            raise InputError(str(error)) from error
        if not isinstance(config, dict):
            raise InputError("no mapping")
        check_config(config, ROOT / "workflow/schemas/config.schema.yaml")
        return config

    return Subject("yaml", content, ".yaml", read, lambda path, config: True)


def deeplesion_zip(folder: Path) -> Subject:
    from maknet.fetch.deeplesion_zip import extract_slices

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, 4):
            name = f"Images_png/000001_01_01/00{number}.png"
            archive.writestr(name, bytes(range(256)) * number)
    needed = {f"000001_01_01/00{number}" for number in (1, 2, 3)}

    def read(path: Path) -> Any:
        target = path.with_name("slices")
        shutil.rmtree(target, ignore_errors=True)
        extract_slices(path, needed, target, path.with_name("listing.csv"), 0)
        return {p.name: p.read_bytes() for p in sorted(target.rglob("*.png"))}

    def is_right(path: Path, found: Any) -> bool:
        return all(
            content == bytes(range(256)) * int(name[2]) for name, content in found.items()
        ) or _zip_is_whole(path)

    return Subject("zip", buffer.getvalue(), ".zip", read, is_right)


def arrays(folder: Path) -> Subject:
    from maknet.data.arrays import load_arrays, save_arrays

    save_arrays(folder / "a.npz", scores=np.linspace(0, 1, 60).reshape(20, 3),
                lesion_index=np.arange(20))  # fmt: skip
    whole = load_arrays(folder / "a.npz")

    def is_right(path: Path, found: Any) -> bool:
        same = set(found) == set(whole) and all(
            np.array_equal(found[name], whole[name]) for name in whole
        )
        return same or _zip_is_whole(path)

    return Subject("npz", (folder / "a.npz").read_bytes(), ".npz", load_arrays, is_right)


def training_state(folder: Path) -> Subject:
    import torch

    from maknet.training.checkpoint import Checkpoint

    identity = {"settings": "aa"}
    torch.manual_seed(1)
    Checkpoint(folder / "a.pt", identity, 1e9).save({"network": {"w": torch.randn(40)}, "step": 3})
    content = (folder / "a.pt").read_bytes()

    def read(path: Path) -> Any:
        return Checkpoint(path, identity, 1e9).load()

    return Subject("state", content, ".pt", read, lambda path, _: path.read_bytes() == content)


def receipt(folder: Path) -> Subject:
    """A batch's receipt: what it says of no file may be other than the file."""
    from maknet.provenance.receipts import compare_with_receipt, write_receipt

    series = folder / "series" / "batch0000"
    folders = [series / f"1.2.{number}" for number in range(1, 4)]
    for place in folders:
        place.mkdir(parents=True)
        for name in ("1.dcm", "2.dcm"):
            (place / name).write_bytes(f"{place.name} {name}".encode() * 9)
    target = folder / "receipts" / "batch0000.csv"
    target.parent.mkdir()
    write_receipt(target, folders)

    def read(path: Path) -> list[dict[str, str]]:
        from maknet.errors import InputError
        from maknet.files import read_rows

        shutil.copyfile(path, target)
        said = compare_with_receipt(series)
        if said:
            raise InputError(said)
        return read_rows(target)

    def is_right(path: Path, rows: Any) -> bool:
        theirs = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        sums = {(f.parent.name, f.name): hashlib.md5(f.read_bytes()).hexdigest()  # noqa: S324
                for f in series.rglob("*.dcm")}  # fmt: skip
        return len(theirs) == len(rows) and all(
            sums.get((row["series_uid"], row["file"])) == row["md5"] for row in theirs
        )

    return Subject("receipt", target.read_bytes(), ".csv", read, is_right)


def manifest(folder: Path) -> Subject:
    """A list of TCIA series."""
    from maknet.config.manifest import read_manifest

    head = "SeriesInstanceUID,batch,instanceCount,license_short_name,collection_id,PatientID\n"
    row = "1.3.6.1.{0},batch000{1},{2},CC BY 3.0,lidc_idri,P-{0}\n"
    content = head + "".join(row.format(n, n % 2, 60 + n) for n in range(1, 9))

    def is_right(path: Path, listed: Any) -> bool:
        theirs = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        return len(theirs) == len(listed) and all(
            item.uid == row["SeriesInstanceUID"].strip()
            and item.images == (int(row["instanceCount"]) if row.get("instanceCount") else None)
            for item, row in zip(listed, theirs, strict=True)
        )

    return Subject("manifest", content.encode(), ".csv", lambda path: read_manifest(path, 4, True),
                   is_right)  # fmt: skip


def _zip_is_whole(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # no zip at all
        return False


SUBJECTS: dict[str, Callable[[Path], Subject]] = {
    **{f"dicom-{syntax}": (lambda folder, s=syntax: dicom(folder, s))  # type: ignore[misc]
       for syntax in ("native", "rle", "JPEG", "JPEG2000", "deflated")},
    "png": png, "xlsx": xlsx, "json": labels_json, "csv": csv_rows, "yaml": yaml_config,
    "zip": deeplesion_zip, "npz": arrays, "state": training_state,
    "receipt": receipt, "manifest": manifest,
}  # fmt: skip
