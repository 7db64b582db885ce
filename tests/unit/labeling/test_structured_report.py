"""Reports: valid, read back, and without the patient's identity unless it is asked for."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from maknet.dicom.header import read_header
from maknet.errors import InputError
from maknet.labeling import sr_codes
from maknet.labeling.structured_report import (
    IDENTITY,
    UnreportableError,
    read_structured_report,
    write_structured_report,
)
from maknet.phantom.terms import BODY_PART_PARENTS

NETWORK = {
    "algorithm": "MAKNet workflow, student5",
    "version": "0123456789abcdef",
    "trained_on": "trained on synthetic CT; for trying the command only",
}


@pytest.fixture
def _highdicom() -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")


@pytest.fixture(scope="module")
def slices(phantom_archive: dict[str, Path]) -> list[Path]:
    folder = next(path for kind, path in phantom_archive.items() if kind.startswith("clean"))
    headers = [read_header(path) for path in folder.iterdir()]
    return [h.path for h in sorted(headers, key=lambda h: -h.position[2])]


def extent(label: str, first: int, last: int, *cut_at: str, probability: Any = 0.75) -> Any:
    return SimpleNamespace(
        label=label, first=first, last=last, from_mm=-4.0 * first, to_mm=np.float64(-4.0 * last),
        extent_mm=4.0 * (last - first + 1), slices=last - first + 1, pieces=1, cut_at=cut_at,
        probability=probability,
    )  # fmt: skip


def parts(last: int) -> list[Any]:
    return [
        extent("chest", 0, last, "cranial", "caudal", probability=np.float32(0.123456)),
        extent("left lung", np.int64(3), np.int64(20)),
        extent("superior mediastinum lymph node", 7, 7, probability=1),
    ]


def identity(path: Path) -> dict[str, str]:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return {keyword: str(dataset.get(keyword) or "") for keyword in IDENTITY}


def renamed(slices: list[Path], folder: Path, **values: str) -> list[Path]:
    copies = []
    for path in slices:
        dataset = pydicom.dcmread(path)
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        copies.append(folder / path.name)
        dataset.save_as(copies[-1])
    return copies


@pytest.mark.usefixtures("_highdicom")
def test_a_report_is_read_back(slices: list[Path], tmp_path: Path) -> None:
    target, end = tmp_path / "report.dcm", len(slices) - 1
    write_structured_report(target, slices, parts(end), **NETWORK)
    chest, lung, node = read_structured_report(target)
    assert (chest.label, chest.code) == ("chest", "SCT 816094009")
    assert (lung.label, lung.code) == ("left lung", "99MAKNET left lung")
    assert node.code == "99MAKNET superior mediastinum lymph node"
    assert (chest.from_mm, chest.to_mm, chest.extent_mm) == (0, -4.0 * end, 4.0 * (end + 1))
    assert (lung.from_mm, lung.to_mm, lung.extent_mm) == (-12, -80, 72)
    assert [part.probability for part in (chest, lung, node)] == [0.1235, 0.75, 1]
    assert [part.cut_at for part in (chest, lung, node)] == [("cranial", "caudal"), (), ()]
    uids = [read_header(path).sop_uid for path in slices]
    assert chest.sop_uids == (uids[0], uids[end])
    assert lung.sop_uids == (uids[3], uids[20])
    assert node.sop_uids == (uids[7],)
    assert [path.name for path in tmp_path.iterdir()] == ["report.dcm"]


@pytest.mark.usefixtures("_highdicom")
def test_a_report_says_who_saw_it_and_where(slices: list[Path], tmp_path: Path) -> None:
    write_structured_report(tmp_path / "report.dcm", slices, parts(30), **NETWORK)
    report = pydicom.dcmread(tmp_path / "report.dcm")
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    content = (tmp_path / "report.dcm").read_bytes()
    for said in NETWORK.values():
        assert content.count(said.encode()) >= 3  # beside each part
    assert f"Labeled by a network, {NETWORK['trained_on']}".encode() in content
    for code in (codes.SCT.Lung, codes.SCT.Left):  # place and side of the left lung
        assert code.value.encode() in content
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    image = pydicom.dcmread(slices[0], stop_before_pixels=True)
    (series,) = study.ReferencedSeriesSequence
    assert report.StudyInstanceUID == study.StudyInstanceUID == image.StudyInstanceUID
    assert series.SeriesInstanceUID == image.SeriesInstanceUID != report.SeriesInstanceUID
    assert len(series.ReferencedSOPSequence) == len(slices)


@pytest.mark.usefixtures("_highdicom")
@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (dicom3tools) is not installed")
def test_the_validator_finds_no_error(slices: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "report.dcm"
    every = [extent(label, 2, 9, "caudal") for label in BODY_PART_PARENTS]
    write_structured_report(target, slices, every, **NETWORK)
    done = subprocess.run(["dciodvfy", target], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert "EnhancedSR" in done.stderr
    assert [part.label for part in read_structured_report(target)] == list(BODY_PART_PARENTS)


@pytest.mark.usefixtures("_highdicom")
def test_nothing_that_identifies_the_patient_is_copied(slices: list[Path], tmp_path: Path) -> None:
    known = renamed(
        slices[:3], tmp_path, PatientName="Müller^Jörg", PatientBirthDate="19500102",
        AccessionNumber="A-17", ReferringPhysicianName="House", PatientComments="a secret",
        PatientAge="050Y", InstitutionName="St. Elsewhere", StudyDescription="a secret",
    )  # fmt: skip
    one = [extent("liver", 0, 2)]
    target = tmp_path / "report.dcm"
    write_structured_report(target, known, one, **NETWORK)
    assert not any(identity(target).values())
    secrets = [*filter(None, identity(known[0]).values()), "secret", "050Y", "Elsewhere"]
    content = target.read_bytes()
    # A sex of one letter may stand anywhere.
    assert not [s for s in secrets if len(s) > 3 and s.encode() in content]


@pytest.mark.usefixtures("_highdicom")
def test_odd_values_of_the_identity_are_quoted_nowhere(
    slices: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    odd = []
    for path in slices[:2]:
        # A study date that is none, of the same length, so that the file stays whole.
        content = path.read_bytes()
        at = content.index(b"\x08\x00\x20\x00DA\x08\x00") + 8
        odd.append(folder / path.name)
        odd[-1].write_bytes(content[:at] + b"1.SECRET" + content[at + 8 :])
    target = tmp_path / "report.dcm"
    write_structured_report(target, odd, [extent("liver", 0, 1)], **NETWORK)
    assert b"1.SECRET" not in target.read_bytes()
    assert "SECRET" not in caplog.text


@pytest.mark.usefixtures("_highdicom")
def test_uids_follow_the_content(slices: list[Path], tmp_path: Path) -> None:
    def uids(parts: list[Any], **changed: Any) -> tuple[str, str]:
        write_structured_report(tmp_path / "r.dcm", slices, parts, **{**NETWORK, **changed})
        report = pydicom.dcmread(tmp_path / "r.dcm")
        return report.SOPInstanceUID, report.SeriesInstanceUID

    first = uids(parts(30))
    assert uids(parts(30)) == first
    others = [uids(parts(29)), uids(parts(30)[:2]), uids(parts(30), version="f" * 16)]
    assert len({first, *others}) == 4
    assert len({uid for pair in (first, *others) for uid in pair}) == 8


@pytest.mark.usefixtures("_highdicom")
def test_what_cannot_be_reported_is_refused(slices: list[Path], tmp_path: Path) -> None:
    target, one = tmp_path / "report.dcm", [extent("liver", 0, 1)]
    (tmp_path / "copy").mkdir()
    nameless = renamed(slices[:2], tmp_path / "copy", StudyInstanceUID="")
    (tmp_path / "text.dcm").write_text("text")
    with pytest.raises(UnreportableError, match="no slices"):
        write_structured_report(target, [], one, **NETWORK)
    with pytest.raises(UnreportableError, match="No body part was seen"):
        write_structured_report(target, slices, [], **NETWORK)
    with pytest.raises(UnreportableError, match="no valid StudyInstanceUID"):
        write_structured_report(target, nameless, one, **NETWORK)
    other = renamed(slices[1:2], tmp_path / "copy", SeriesInstanceUID="1.2.3")
    with pytest.raises(UnreportableError, match="are not of one series"):
        write_structured_report(target, [slices[0], *other], one, **NETWORK)
    plan = renamed(slices[:1], tmp_path / "copy", SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3")
    with pytest.raises(UnreportableError, match="not an image of a CT series"):
        write_structured_report(target, plan, one, **NETWORK)
    with pytest.raises(InputError, match=r"text\.dcm cannot be read as DICOM"):
        write_structured_report(target, [tmp_path / "text.dcm"], one, **NETWORK)
    with pytest.raises(InputError, match=r"gone\.dcm is missing"):
        write_structured_report(target, [tmp_path / "gone.dcm"], one, **NETWORK)
    assert not target.exists()
    for path in (slices[0], tmp_path / "text.dcm"):
        with pytest.raises(InputError, match="is not a report of body parts"):
            read_structured_report(path)


def test_without_highdicom_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(InputError, match="pip install highdicom=="):
        write_structured_report(tmp_path / "report.dcm", [], [], **NETWORK)


def test_no_code_is_invented() -> None:
    renamed_labels = sr_codes._RENAMED
    for label in (*sr_codes._PLAIN, *renamed_labels):
        for side in ("", "left ", "right "):
            place, of_side = sr_codes.site(side + label)
            assert place is not None
            assert place.scheme_designator == "SCT"
            assert of_side == (getattr(codes.SCT, side.strip().capitalize()) if side else None)
        meaning = sr_codes.site(label)[0].meaning  # type: ignore[union-attr]
        assert label in renamed_labels or meaning.lower() == label
    for label in ("muscle", "fat", "pelvic bone", "right mid lung", "left", ""):
        assert sr_codes.site(label) == (None, None)
