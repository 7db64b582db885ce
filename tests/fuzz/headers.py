"""Damage headers, and compare the walk with pydicom: value or refusal, word for word.

`python -m tests.fuzz.headers --count 10000` damages synthetic headers; `--folder DIR` copies of
one's own files, of each folder below it a few. Whatever differs is kept below `--keep`.
"""

import argparse
import itertools
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from maknet.dicom.header import Header, parse_header, read_header
from maknet.dicom.walk import walk
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series
from tests.fuzz.mutations import mutate

HEADERS_OF_A_FOLDER = 5
VRS = tuple(str(vr).encode() for vr in pydicom.valuerep.STANDARD_VR)
UNDEFINED = b"\xff\xff\xff\xff"
WORDS = (b"", b" ", b"\0\0", b"\\", b"1\\2", b"-1", b"1e5", b"nan", b"ISO_IR 192", b"ISO_IR 6",
         b"ISO 2022 IR 87", b"GB18030 ", b"LATIN1", b"1_0 ", b"\xe9\xb2")  # fmt: skip


def drawn(folder: Path) -> dict[str, bytes]:
    """Return small valid files of every kind that the walk reads, by name."""
    made: dict[str, bytes] = {}
    for seed in range(4):  # four manufacturers, nearly
        write_series(PlannedSeries(0, "clean", PROTOCOLS[2], seed), folder / str(seed), 16)
        plain = min((folder / str(seed)).iterdir())
        made[f"explicit {seed}"] = plain.read_bytes()
        for undefined in (False, True):
            dataset = pydicom.dcmread(plain)
            _enrich(dataset, undefined)
            made[f"nested {seed} {undefined}"] = written(dataset, ExplicitVRLittleEndian)
            made[f"implicit {seed} {undefined}"] = written(dataset, ImplicitVRLittleEndian)
    dataset = pydicom.dcmread(plain)
    dataset.compress(RLELossless, generate_instance_uid=False)
    made["rle"] = written(dataset, RLELossless)
    return made


def _enrich(dataset: Dataset, undefined: bool) -> None:
    """Add sequences in sequences, with lengths or without, private elements and a padding."""
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, inner.CodeMeaning = "T-D3000", "Chest"
    outer.AnatomicRegionSequence = Sequence([inner, Dataset()])
    outer.Modality, outer.SpecificCharacterSet = "MR", "ISO_IR 192"
    dataset.RequestAttributesSequence = Sequence([outer, inner])
    dataset.AnatomicRegionSequence = Sequence([])
    for sequence in (dataset["RequestAttributesSequence"], outer["AnatomicRegionSequence"]):
        sequence.is_undefined_length = undefined
        for item in sequence.value:
            item.is_undefined_length_sequence_item = undefined
    block = dataset.private_block(0x0009, "MAKNET", create=True)
    block.add_new(0x01, "LO", "private")
    block.add_new(0x02, "OB", bytes(700))
    dataset.AcquisitionTime, dataset.NumberOfFrames = "120000.5", 1
    if "PixelPaddingValue" not in dataset:
        dataset.add_new("PixelPaddingValue", "US", 63000)


def written(dataset: Dataset, syntax: str) -> bytes:
    """Return a data set as a file."""
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    plain = Dataset({tag: dataset[tag] for tag in dataset.keys()})  # noqa: SIM118
    plain.file_meta, buffer = dataset.file_meta, BytesIO()
    pydicom.dcmwrite(buffer, plain, implicit_vr=syntax == ImplicitVRLittleEndian,
                     little_endian=True, enforce_file_format=True)  # fmt: skip
    return buffer.getvalue()


def elements(content: bytes) -> list[tuple[int, int, int]]:
    """Return where the elements of a valid header begin, their values begin, and they end."""
    dataset = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
    long = pydicom.valuerep.EXPLICIT_VR_LENGTH_32
    found = []
    for element in (*dataset.file_meta.values(), *dataset.values()):
        explicit = element.tag.group == 2 or not dataset.original_encoding[0]
        value = getattr(element, "value_tell", None) or element.file_tell  # raw, or decoded
        found.append((value - (12 if explicit and element.VR in long else 8), value))
    return [(start, value, end) for (start, value), (end, _) in itertools.pairwise(sorted(found))]


def damage_element(
    content: bytes, places: list[tuple[int, int, int]], rng: np.random.Generator
) -> tuple[str, bytes]:
    """Damage one element as a whole: its type, its length, its value, its place."""
    start, value, end = places[int(rng.integers(len(places)))]
    before, head, held, after = (
        content[:start], content[start:value], content[value:end], content[end:],
    )  # fmt: skip
    how = str(rng.choice(["vr", "length", "undefined", "value", "empty", "repeat", "drop", "tag",
                          "move", "cut"]))  # fmt: skip
    if how == "vr":
        head = head[:4] + VRS[int(rng.integers(len(VRS)))] + head[6:]
    elif how == "length":
        head = head[:-2] + (len(held) + int(rng.integers(-3, 4))).to_bytes(2, "little", signed=True)
    elif how == "undefined":
        head = head[:-4] + UNDEFINED
    elif how in ("value", "empty"):
        held = WORDS[int(rng.integers(len(WORDS)))] if how == "value" else b""
        width = 2 if len(head) == 8 and head[4:6].isalpha() else 4
        head = head[:-width] + len(held).to_bytes(width, "little")
    elif how == "repeat":
        after = head + held + after
    elif how == "drop":
        head = held = b""
    elif how == "tag":
        at = int(rng.integers(4))
        head = head[:at] + bytes([int(rng.integers(256))]) + head[at + 1 :]
    elif how == "move":
        other = places[int(rng.integers(len(places)))][0]
        rest = before + after
        return how, rest[:other] + head + held + rest[other:]
    else:
        return how, content[: int(rng.integers(start, end + 1))]
    return how, before + head + held + after


def outcome(read: Callable[[Path], Header], path: Path) -> tuple[object, list[str]]:
    """Return the header, or the type and the words of the refusal; and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said: object = repr(read(path))  # as text: nan is not itself
        except Exception as error:  # of both ways, whatever they are
            cause = type(error.__cause__).__name__
            said = (type(error).__name__, str(error), cause)
    return said, [str(warning.message) for warning in caught]


def compare(path: Path) -> tuple[str, str]:
    """Read a file both ways; return `walked`, `pydicom`, `refused` or `differs`, and what."""
    ours, theirs = outcome(read_header, path), outcome(parse_header, path)
    if ours != theirs:
        return "differs", f"{ours}\n  pydicom: {theirs}"
    if not isinstance(ours[0], str):
        return "refused", str(ours[0])
    return ("pydicom" if walk(path) is None else "walked"), ""


def damaged(content: bytes, places: list[tuple[int, int, int]], seed: int, number: int) -> bytes:
    """Return one of all damages: to an element, to the bytes of the header, or of the file."""
    rng = np.random.default_rng([seed, number])
    if rng.random() < 0.5:
        return damage_element(content, places, rng)[1]
    head = places[-1][2] + 32 if rng.random() < 0.8 else len(content)
    return mutate(content[:head], rng)[1] + content[head:]


def subjects(folder: Path | None, scratch: Path) -> dict[str, bytes]:
    """Return the files to damage, by name."""
    if folder is None:
        return drawn(scratch)
    files = itertools.groupby(sorted(p for p in folder.rglob("*") if p.is_file()), Path.parent.fget)
    chosen = [path for _, group in files for path in (*group,)[::17][:HEADERS_OF_A_FOLDER]]
    return {str(path.relative_to(folder)): path.read_bytes()[: 1 << 16] for path in chosen}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="damage copies of these files")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        files = subjects(options.folder, Path(scratch))
        places = {name: elements(content) for name, content in files.items()}
        path = Path(scratch) / "damaged.dcm"
        for number, name in zip(range(options.count), itertools.cycle(files), strict=False):
            path.write_bytes(damaged(files[name], places[name], options.seed, number))
            verdict, said = compare(path)
            found[verdict] += 1
            if verdict == "differs":
                sys.stdout.write(f"{name} seed {options.seed} number {number}: {said}\n")
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    kept = options.keep / f"header-{options.seed}-{number}.dcm"
                    kept.write_bytes(path.read_bytes())
    sys.stdout.write(f"{len(files)} files, {dict(found)}\n")
    return 1 if found["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
