"""The command, from DICOM to tables and a page."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
import torch

from maknet.data.ct.preprocess import prepare_slices, reorient
from maknet.data.ct.series import read_series, sort_series
from maknet.files import read_rows as rows
from maknet.label import main
from maknet.labeling.inputs import find_series
from maknet.labeling.series_labels import score_series
from maknet.release.pretrained import ReleasedNetwork, load_release
from tests.unit.release.bundles import NAMES, write_bundle

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx", reason="onnx is not installed")
    return write_bundle(tmp_path_factory.mktemp("bundle"), thresholds=0.3)


@pytest.fixture(scope="module")
def released(bundle: Path) -> ReleasedNetwork:
    return load_release(bundle)


@pytest.fixture
def archive(phantom_archive: dict[str, Path], tmp_path: Path) -> Path:
    """Two clean series and every nuisance, in folders and files with a patient's name."""
    folder = tmp_path / "DOE^JOHN"
    kinds = [k for k in phantom_archive if k.startswith("clean")][:2]
    for kind in [*kinds, *(k for k in phantom_archive if not k.startswith("clean"))]:
        for number, path in enumerate(sorted(phantom_archive[kind].iterdir())):
            target = folder / kind / f"DOE^JOHN_{number:04d}.dcm"
            target.parent.mkdir(parents=True, exist_ok=True)
            dataset = pydicom.dcmread(path)
            dataset.PatientName, dataset.PatientID = "DOE^JOHN", "DOE-ID"
            dataset.save_as(target)
    return folder


@pytest.fixture
def labeled(archive: Path, bundle: Path, tmp_path: Path) -> Path:
    target = tmp_path / "out"
    options = ["--weights", str(bundle), "--out", str(target), "--threads", "1", "--embeddings"]
    assert main([str(archive), *options]) == 0
    return target


def test_every_series_is_labeled_or_refused(labeled: Path, archive: Path) -> None:
    series, _ = find_series([archive])
    seen = {row["series_uid"] for row in rows(labeled / "series.csv")}
    refused = rows(labeled / "rejected.csv")
    assert seen | {row["name"] for row in refused} == {found.uid for found in series}
    assert not seen & {row["name"] for row in refused}
    # `short` is refused in training alone.
    assert sorted(row["reason"] for row in refused) == [
        "duplicate_positions", "localizer", "missing_slices", "not_axial",
    ]  # fmt: skip


def test_both_tables_of_slices_say_the_same(labeled: Path) -> None:
    table = pq.read_table(labeled / "slices.parquet")
    assert b"synthetic CT" in table.schema.metadata[b"trained_on"]
    lines = rows(labeled / "slices.csv")
    assert table.num_rows == len(lines) > 200
    for found, line in zip(table.to_pylist(), lines, strict=True):
        assert found["sop_uid"] == line["sop_uid"]
        assert "|".join(found["labels"]) == line["labels"]
        for name in NAMES:
            if found["has_body"]:
                assert float(line[f"p:{name}"]) == pytest.approx(found[f"p:{name}"], rel=1e-5)
            else:
                assert line[f"p:{name}"] == ""
    embeddings = np.load(labeled / "embeddings.npy")
    assert len(embeddings) == table.num_rows
    assert np.isfinite(embeddings).all(1).tolist() == table["has_body"].to_pylist()


def test_every_output_says_what_the_weights_were_trained_on(labeled: Path) -> None:
    for path in labeled.iterdir():
        if path.suffix == ".csv":
            assert all("synthetic CT" in row["trained_on"] for row in rows(path)), path
        elif path.suffix in (".html", ".md"):
            assert "synthetic CT" in path.read_text(), path


def test_nothing_of_the_patient_leaves(labeled: Path) -> None:
    for path in labeled.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"DOE^", b"DOE-ID", b"^JOHN", b"PHANTOM-"):
                assert secret not in content, (path, secret)


def test_the_page_shows_each_series_in_words_too(labeled: Path) -> None:
    page = (labeled / "page.html").read_text()
    labels = len({row["series_uid"] for row in rows(labeled / "series.csv")})
    assert page.count("<img ") == labels
    assert len(re.findall(r'alt="Body parts: [^"]+"', page)) == labels
    assert "http" not in page  # it opens offline


@pytest.mark.parametrize("kind", ["clean0", "clean1", "clean2", "clean3", "rle"])
def test_scores_are_those_of_the_whole_volume_at_once(
    phantom_archive: dict[str, Path], released: ReleasedNetwork, kind: str
) -> None:
    """The reference reads the whole series into memory, and asks one image at a time."""
    folder = phantom_archive.get(kind) or phantom_archive["rle"]
    found, _ = find_series([folder])
    scores = score_series(sort_series(found[0].headers), released, device=CPU, batch_size=7)
    volume = read_series(folder)
    hu, _, _ = reorient(volume)
    for row in range(len(hu)):
        center = min(max(row, 1), len(hu) - 2)
        prepared = prepare_slices(hu[center - 1 : center + 2], released.image)
        if prepared is None:
            assert np.isnan(scores.probabilities[row]).all()
            continue
        image = torch.from_numpy(prepared[0])[None].float() / 255
        with torch.inference_mode():
            expected = released(image)[0].numpy()
        np.testing.assert_allclose(scores.probabilities[row], expected, atol=1e-5)
    z = [float(pydicom.dcmread(h.path).ImagePositionPatient[2]) for h in found[0].headers]
    np.testing.assert_allclose(scores.positions_mm, sorted(z, reverse=True), atol=1e-3)
    assert scores.coronal.shape == (len(hu), hu.shape[2])
    np.testing.assert_allclose(
        scores.sagittal, ((np.clip(hu, -500, 1000) + 500.0) / 1500).mean(2), atol=1e-5
    )


@pytest.mark.parametrize("step", [2, 3, 7, 1000])
def test_a_larger_step_repeats_the_nearest_answer(
    phantom_archive: dict[str, Path], released: ReleasedNetwork, step: int
) -> None:
    found, _ = find_series([phantom_archive["rle"]])
    series = sort_series(found[0].headers)
    every = score_series(series, released, device=CPU).probabilities
    some = score_series(series, released, device=CPU, step=step).probabilities
    count = len(series)
    centers = sorted({*range(1, count - 1, step), count - 2})
    for row in range(count):
        nearest = min(centers, key=lambda c: abs(c - row))
        np.testing.assert_allclose(some[row], every[nearest], atol=1e-6)


def test_one_bad_series_takes_no_other_along(
    archive: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def failing(*arguments: object, **options: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("nobody foresaw /home/DOE^JOHN")
        return score_series(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("maknet.labeling.folder.score_series", failing)
    target = tmp_path / "out"
    assert main([str(archive), "--weights", str(bundle), "--out", str(target)]) == 0
    refused = [r for r in rows(target / "rejected.csv") if r["reason"] == "internal_error"]
    assert len(refused) == 1
    assert "DOE" not in refused[0]["detail"]
    assert len({r["series_uid"] for r in rows(target / "series.csv")}) == len(calls) - 1


def test_a_damaged_slice_refuses_its_series_alone(
    archive: Path, bundle: Path, tmp_path: Path
) -> None:
    clean = sorted(folder for folder in archive.iterdir() if folder.name.startswith("clean"))
    path = sorted(clean[0].iterdir())[20]
    path.write_bytes(path.read_bytes()[:-500])
    for folder in archive.iterdir():
        if folder not in clean:
            shutil.rmtree(folder)
    target = tmp_path / "out"
    assert main([str(archive), "--weights", str(bundle), "--out", str(target)]) == 0
    (refused,) = rows(target / "rejected.csv")
    assert refused["reason"] == "truncated"
    assert len({r["series_uid"] for r in rows(target / "series.csv")}) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda b: (b / "labels.json").write_text("{}"), "labels.json is not what was released"),
        (lambda b: (b / "config.json").unlink(), "config.json is missing"),
        (lambda b: shutil.rmtree(b), "is missing; name the folder of a released network"),
    ],
)
def test_weights_that_are_no_release_are_refused(
    archive: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    change: object, sentence: str,
) -> None:  # fmt: skip
    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    change(copy)  # type: ignore[operator]
    assert main([str(archive), "--weights", str(copy), "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_weights_it_says_where_some_come_from(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(archive)]) == 2
    assert "snakemake results/demo/release" in capsys.readouterr().err


def test_the_one_release_that_is_there_is_taken(
    archive: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bundle, tmp_path / "results/demo/release/student2")
    assert main([str(archive), "--step", "3"]) == 0
    config = json.loads((tmp_path / "results/demo/release/student2/config.json").read_text())
    assert config["root"] in (tmp_path / "labeled/README.md").read_text()


@pytest.mark.parametrize("out", [".", "..", "../here"])
def test_the_working_folder_is_never_replaced(
    archive: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], out: str,
) -> None:  # fmt: skip
    (tmp_path / "empty/here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty/here")
    assert main([str(archive), "--weights", str(bundle), "--out", out]) == 2
    assert "is the folder that you are in" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named(
    archive: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "weights/model.safetensors")

    monkeypatch.setattr("maknet.release.pretrained.ReleasedNetwork.from_pretrained", refuses)
    assert main([str(archive), "--weights", str(bundle)]) == 2
    said = capsys.readouterr().err
    assert "weights/model.safetensors cannot be read or written (Permission denied)" in said


def test_a_lesanet_is_refused(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesanet = write_bundle(tmp_path / "bundles", "lesanet")
    assert main([str(archive), "--weights", str(lesanet), "--out", str(tmp_path / "out")]) == 2
    assert "labels lesions and not slices" in capsys.readouterr().err


def test_all_refused_is_no_success(
    phantom_archive: dict[str, Path], bundle: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    coronal = str(phantom_archive["coronal"])
    assert main([coronal, "--weights", str(bundle), "--out", str(target)]) == 1
    assert rows(target / "rejected.csv")[0]["reason"] == "not_axial"
    assert rows(target / "slices.csv") == []


def test_a_file_that_goes_away_refuses_its_series_alone(
    archive: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive: its header was read, its pixels are gone."""
    clean = sorted(archive.glob("clean*"))
    gone = sorted(clean[0].iterdir())[30]

    def losing(*arguments: object, **options: object) -> object:
        gone.unlink(missing_ok=True)
        return score_series(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("maknet.labeling.folder.score_series", losing)
    target = tmp_path / "out"
    paths = [str(folder) for folder in clean]
    assert main([*paths, "--weights", str(bundle), "--out", str(target)]) == 0
    (refused,) = rows(target / "rejected.csv")
    assert (refused["reason"], refused["detail"]) == (
        "unreadable", "No such file or directory, of one of its files",
    )  # fmt: skip


def test_labels_of_before_are_replaced_as_a_whole(
    labeled: Path, archive: Path, bundle: Path
) -> None:
    assert (labeled / "embeddings.npy").exists()
    options = ["--weights", str(bundle), "--out", str(labeled)]
    assert main([str(next(archive.glob("clean*"))), *options]) == 0
    assert not (labeled / "embeddings.npy").exists()
    assert len({row["series_uid"] for row in rows(labeled / "slices.csv")}) == 1


def test_what_a_link_leads_to_is_replaced(
    labeled: Path, archive: Path, bundle: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(labeled)
    options = ["--weights", str(bundle), "--out", str(link)]
    assert main([str(next(archive.glob("clean*"))), *options]) == 0
    assert link.is_symlink()
    assert len({row["series_uid"] for row in rows(labeled / "slices.csv")}) == 1


def test_a_report_that_fails_takes_no_labels_with_it(
    archive: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("of a library")

    monkeypatch.setattr("maknet.labeling.folder.require_highdicom", lambda: None)
    monkeypatch.setattr("maknet.labeling.folder.write_structured_report", fails)
    target = tmp_path / "out"
    paths = [str(folder) for folder in archive.glob("clean*")]
    assert main([*paths, "--weights", str(bundle), "--out", str(target), "--sr"]) == 0
    reports = {row["report"] for row in rows(target / "series.csv")}
    assert "no: unexpected error: ValueError" in reports
    assert not any(said == "yes" for said in reports)


def test_interrupted_it_leaves_what_was_there(
    labeled: Path, archive: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = {path.name: path.read_bytes() for path in labeled.iterdir()}

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("maknet.labeling.folder.write_page", interrupted)
    assert main([str(archive), "--weights", str(bundle), "--out", str(labeled)]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in labeled.iterdir()} == before
    assert [path.name for path in labeled.parent.iterdir() if path.name.endswith(".part")] == []


def test_labels_of_before_come_back_when_the_new_ones_cannot_take_their_place(
    labeled: Path, archive: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in labeled.iterdir()}

    replace = Path.replace

    def refused(path: Path, to: Path) -> Path:
        if to == labeled:
            raise PermissionError(13, "Permission denied", str(labeled))
        return replace(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        options = ["--weights", str(bundle), "--out", str(labeled)]
        assert main([str(next(archive.glob("clean*"))), *options]) == 2
    assert {path.name: path.read_bytes() for path in labeled.iterdir()} == before


def test_files_of_the_users_own_are_never_replaced(
    archive: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive / "README.md").write_text("precious notes")
    assert main([str(archive), "--weights", str(bundle), "--out", str(archive)]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert (archive / "README.md").read_text() == "precious notes"
    (tmp_path / "file").write_text("x")
    for out in ("file", "file/below"):
        assert main([str(archive), "--weights", str(bundle), "--out", str(tmp_path / out)]) == 2
        assert "error: " in capsys.readouterr().err


def test_a_damaged_neighbor_is_told_beside_the_series(
    archive: Path, bundle: Path, tmp_path: Path
) -> None:
    clean = next(archive.glob("clean*"))
    (clean / "damaged.dcm").write_bytes(b"")
    target = tmp_path / "out"
    assert main([str(clean), "--weights", str(bundle), "--out", str(target)]) == 0
    assert {row["unreadable"] for row in rows(target / "series.csv")} == {"1"}
    assert [row["name"][:5] for row in rows(target / "rejected.csv")] == ["file "]


def test_reports_are_written_and_told(archive: Path, bundle: Path, tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    target = tmp_path / "out"
    paths = [str(folder) for folder in archive.glob("clean*")]
    assert main([*paths, "--weights", str(bundle), "--out", str(target), "--sr"]) == 0
    told = {row["series_uid"]: row["report"] for row in rows(target / "series.csv")}
    written = {path.stem for path in (target / "reports").glob("*.dcm")}
    assert written == {uid for uid, said in told.items() if said == "yes"}
    assert written


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--threshold", "nan"], "nan is not a number between 0 and 1"),
        (["--threshold", "abc"], "abc is not a number between 0 and 1"),
        (["--step", "0"], "0 is not a whole number of at least 1"),
        (["--batch-size", "1.5"], "1.5 is not a whole number of at least 1"),
    ],
)
def test_options_are_refused_in_words(
    option: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["folder", *option])
    assert sentence in capsys.readouterr().err
